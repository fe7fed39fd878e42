use http::Uri;

use super::auth::query_name;
use crate::dialect::{Dialect, StreamForm};

/// The provider's query, made from the client's, and how a stream will be framed.
///
/// The client's key leaves it. Gemini's `alt` and its like decide the form of the answer, so the gateway writes `alt`
/// itself: with another form no answer could be read. The rest stays as it is.
pub(super) fn for_provider(uri: &Uri, dialect: Dialect, stream: bool) -> (Option<String>, StreamForm) {
    let is_gemini = dialect == Dialect::Gemini;
    let pairs = || uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let wants_events =
        pairs().any(|pair| pair.split_once('=').is_some_and(|(name, value)| name == "alt" && value == "sse"));
    let mut kept: Vec<&str> = pairs()
        .filter(|pair| match &*query_name(pair) {
            "key" => false,
            "alt" | "$alt" | "callback" => !is_gemini,
            _ => true,
        })
        .collect();
    let form = if is_gemini && !wants_events { StreamForm::JsonArray } else { StreamForm::Sse };
    if is_gemini && stream && wants_events {
        kept.push("alt=sse");
    }
    ((!kept.is_empty()).then(|| kept.join("&")), form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        use Dialect::{Anthropic, Gemini};
        use StreamForm::{JsonArray, Sse};
        for (uri, dialect, stream, query, form) in [
            ("/", Anthropic, true, None, Sse),
            ("/?", Anthropic, true, None, Sse),
            ("/?beta=true", Anthropic, true, Some("beta=true"), Sse),
            ("/?key=secret", Anthropic, true, None, Sse),
            ("/?%6bey=secret&x=%20", Anthropic, true, Some("x=%20"), Sse),
            ("/?keys=1&monkey=2", Anthropic, true, Some("keys=1&monkey=2"), Sse),
            ("/?alt=sse&key=secret&x=1", Gemini, true, Some("x=1&alt=sse"), Sse),
            ("/?alt=sse", Gemini, false, None, Sse),
            ("/?alt=proto", Gemini, true, None, JsonArray),
            ("/?$alt=json&callback=f", Gemini, true, None, JsonArray),
            ("/", Gemini, true, None, JsonArray),
        ] {
            let expected = (query.map(str::to_owned), form);
            assert_eq!(for_provider(&uri.parse().unwrap(), dialect, stream), expected, "{uri} {dialect}");
        }
    }
}
