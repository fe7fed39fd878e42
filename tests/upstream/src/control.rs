use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::json;

use crate::journal::Journal;
use crate::script::{Script, Scripts};
use crate::{Play, json as strict_json};

/// The control API, for tests in other languages:
/// `POST /_control/script` adds a [`Script`], `GET /_control/requests` answers the journal, `DELETE` of either empties it.
pub(crate) fn answer(method: &Method, path: &str, body: &Bytes, scripts: &Scripts, journal: &Journal) -> Option<Play> {
    let what = path.strip_prefix("/_control/")?;
    let reply = |status: StatusCode, body: serde_json::Value| {
        Some(Play::whole(status.as_u16(), "application/json", Bytes::from(body.to_string())))
    };
    match (method, what) {
        (&Method::GET, "requests") => reply(StatusCode::OK, json!({"requests": journal.exchanges()})),
        (&Method::DELETE, "requests") => {
            journal.clear();
            reply(StatusCode::OK, json!({}))
        }
        (&Method::POST, "script") => {
            let parsed = strict_json::parse(body).and_then(serde_json::from_value::<Script>);
            match parsed {
                Ok(script) => {
                    scripts.add(script);
                    reply(StatusCode::OK, json!({}))
                }
                Err(error) => reply(StatusCode::BAD_REQUEST, json!({"error": error.to_string()})),
            }
        }
        (&Method::DELETE, "script") => {
            scripts.clear();
            reply(StatusCode::OK, json!({}))
        }
        _ => reply(StatusCode::NOT_FOUND, json!({"error": format!("no {method} {path}")})),
    }
}
