use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::dialect::{ErrorKind, GatewayError};
use crate::record::{Origin, TraceId};

const ASSOCIATION: HeaderName = HeaderName::from_static("x-llmio-association");
const RECORD: HeaderName = HeaderName::from_static("x-llmio-record");
const ORIGIN: HeaderName = HeaderName::from_static("x-llmio-origin");
const REPLAY_OF: HeaderName = HeaderName::from_static("x-llmio-replay-of");
const STRICT: HeaderName = HeaderName::from_static("x-llmio-strict");
const PROVIDER: HeaderName = HeaderName::from_static("x-llmio-provider");
const ATTEMPTS: HeaderName = HeaderName::from_static("x-llmio-attempts");

/// Longer ids are none of ours.
const MAX_ID: usize = 128;
/// What a header's value may hold as it is, beside the sign that begins an escape.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// Who asks for inference, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// By a key of its own, or as one who is no operator.
    Client,
    /// By the admin token.
    Operator,
    /// The operator of a gateway without a token, who may as well be a client of this machine.
    Local,
}

/// What an operator says of a request beside what a client can say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Directions {
    /// The only association to ask, whether it rests or not. Health learns nothing of it, but that it works.
    pub(crate) pin: Option<String>,
    pub(crate) records_bodies: bool,
    pub(crate) origin: Origin,
    pub(crate) replay_of: Option<String>,
    /// The answer says which provider it is from.
    pub(crate) tells_provider: bool,
}

impl Directions {
    /// Headers of clients direct nothing.
    pub(crate) fn read(headers: &HeaderMap, asker: Asker) -> Result<Self, GatewayError> {
        if asker == Asker::Client {
            return Ok(Self::default());
        }
        let given = [ASSOCIATION, RECORD, ORIGIN, REPLAY_OF].iter().any(|name| headers.contains_key(name));
        let usual = if asker == Asker::Operator { Origin::Console } else { Origin::Client };
        Ok(Self {
            pin: id(headers, &ASSOCIATION)?,
            records_bodies: match text(headers, &RECORD)? {
                None => false,
                Some("bodies") => true,
                Some(_) => return Err(refused(&RECORD, "must be `bodies`")),
            },
            origin: match text(headers, &ORIGIN)? {
                None => usual,
                Some(text) => Origin::parse(text)
                    .filter(|origin| *origin != Origin::Client)
                    .ok_or_else(|| refused(&ORIGIN, "must be `console`, `test` or `replay`"))?,
            },
            replay_of: match id(headers, &REPLAY_OF)? {
                Some(id) if TraceId::parse(&id).is_none() => {
                    return Err(refused(&REPLAY_OF, "must be the id of a log entry"));
                }
                id => id,
            },
            tells_provider: asker == Asker::Operator || given,
        })
    }
}

/// Whether a request wants strict mode, which any client may.
pub(crate) fn wants_strict(headers: &HeaderMap) -> Result<bool, GatewayError> {
    match text(headers, &STRICT)? {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(refused(&STRICT, "must be `true` or `false`")),
    }
}

/// Says in an answer who gave it. Names are percent-encoded where they are not ASCII.
pub(super) fn tell(headers: &mut HeaderMap, provider: Option<&str>, association: Option<&str>, attempts: u32) {
    let encoded = |text: &str| HeaderValue::from_str(&utf8_percent_encode(text, ESCAPED).to_string());
    for (name, text) in [(PROVIDER, provider), (ASSOCIATION, association)] {
        if let Some(Ok(value)) = text.map(encoded) {
            headers.insert(name, value);
        }
    }
    headers.insert(ATTEMPTS, attempts.into());
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, GatewayError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().map_err(|_| refused(name, "must be ASCII"))?.trim();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn id(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, GatewayError> {
    match text(headers, name)? {
        Some(id) if id.len() > MAX_ID => Err(refused(name, "is too long for an id")),
        id => Ok(id.map(str::to_owned)),
    }
}

fn refused(name: &HeaderName, message: &str) -> GatewayError {
    GatewayError::new(ErrorKind::InvalidRequest, format!("the header {name} {message}")).code("invalid_header")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "01980000-0000-7001-8000-000000000000";

    fn read(lines: &[(&'static str, &str)], asker: Asker) -> Result<Directions, String> {
        let headers = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        Directions::read(&headers, asker).map_err(|error| error.message)
    }

    #[test]
    fn only_operators_direct() {
        let all = [
            ("x-llmio-association", "a1"),
            ("x-llmio-record", "bodies"),
            ("x-llmio-origin", "replay"),
            ("x-llmio-replay-of", ID),
        ];
        let directed = Directions {
            pin: Some("a1".to_owned()),
            records_bodies: true,
            origin: Origin::Replay,
            replay_of: Some(ID.to_owned()),
            tells_provider: true,
        };
        let console = Directions { origin: Origin::Console, tells_provider: true, ..Directions::default() };
        assert_eq!(read(&all, Asker::Client), Ok(Directions::default()));
        assert_eq!(read(&all, Asker::Operator), Ok(directed.clone()));
        assert_eq!(read(&all, Asker::Local), Ok(directed));
        assert_eq!(read(&[], Asker::Operator), Ok(console));
        assert_eq!(read(&[], Asker::Local), Ok(Directions::default()), "a client of this machine, as any other");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let long = "a".repeat(129);
        for (name, value) in [
            ("x-llmio-record", "all"),
            ("x-llmio-origin", "client"),
            ("x-llmio-origin", "moon"),
            ("x-llmio-replay-of", "the last one"),
            ("x-llmio-association", long.as_str()),
        ] {
            let error = read(&[(name, value)], Asker::Operator).unwrap_err();
            assert!(error.contains(name), "{error}");
            assert_eq!(read(&[(name, value)], Asker::Client), Ok(Directions::default()));
        }
    }

    #[test]
    fn strict_mode() {
        for (value, expected) in [("true", Some(true)), ("false", Some(false)), ("", Some(false)), ("1", None)] {
            let headers = HeaderMap::from_iter([(STRICT, HeaderValue::from_static(value))]);
            assert_eq!(wants_strict(&headers).ok(), expected, "{value}");
        }
        assert!(!wants_strict(&HeaderMap::new()).unwrap());
    }
}
