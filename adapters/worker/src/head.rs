//! Heads of requests and answers as one text: `METHOD\nURL\nname\nvalue\n…` and `STATUS\nname\nvalue\n…`.

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};

/// A client's request, with the path of its URL only. `None` where it is no usable HTTP.
pub(crate) fn request(text: &str) -> Option<Parts> {
    let mut lines = text.split('\n');
    let method = Method::from_bytes(lines.next()?.as_bytes()).ok()?;
    let url = lines.next()?;
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    let uri = Uri::try_from(format!("/{path}")).ok()?;
    let mut request = Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers(lines);
    Some(request.into_parts().0)
}

/// A provider's answer.
pub(crate) fn answer(text: &str) -> Option<(StatusCode, HeaderMap)> {
    let mut lines = text.split('\n');
    let status = lines.next()?.parse::<u16>().ok()?;
    Some((StatusCode::from_u16(status).ok()?, headers(lines)))
}

fn headers<'a>(mut lines: impl Iterator<Item = &'a str>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    headers
}

/// `first` and the headers.
pub(crate) fn text(first: &str, headers: &HeaderMap) -> String {
    let mut text = String::with_capacity(first.len() + headers.len() * 48);
    text.push_str(first);
    for (name, value) in headers {
        text.push('\n');
        text.push_str(name.as_str());
        text.push('\n');
        // As JavaScript has it: each byte is one character.
        text.extend(value.as_bytes().iter().map(|byte| char::from(*byte)));
    }
    text
}
