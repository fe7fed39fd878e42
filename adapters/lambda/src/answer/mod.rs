//! Answers in the forms that Lambda takes.

mod streamed;
mod whole;

pub(crate) use streamed::{ERROR_BODY, ERROR_TYPE, STREAMED, StreamedAnswer};
pub(crate) use whole::whole_answer;

use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};

/// Headers as Lambda takes them: one text each, cookies apart. The length is Lambda's own business.
fn headers(headers: &HeaderMap) -> (Map<String, Value>, Vec<String>) {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut map = Map::new();
    for name in headers.keys() {
        if *name == header::SET_COOKIE || *name == header::CONTENT_LENGTH || *name == header::TRANSFER_ENCODING {
            continue;
        }
        let values: Vec<String> = headers.get_all(name).iter().map(text).collect();
        map.insert(name.as_str().to_owned(), values.join(", ").into());
    }
    (map, headers.get_all(header::SET_COOKIE).iter().map(text).collect())
}
