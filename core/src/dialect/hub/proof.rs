use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use memchr::memmem;

use super::tree::parse;
use crate::dialect::Dialect;

/// What an envelope of ours begins with.
const MARK: &str = "llmio1.";
/// A longer state is not carried.
pub(in crate::dialect) const LIMIT: usize = 4 << 20;

/// Who made a state: a hash, under the installation's key, of dialect, provider and model. It names nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin(pub [u8; 12]);

/// State that only its maker can read: a signature, encrypted reasoning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof<'a> {
    /// As its maker has just given it: JSON in the maker's own words.
    Made(Cow<'a, str>),
    /// It came back from a client in an envelope of ours.
    Returned { origin: Origin, json: String },
    /// It came from a client, and is none of ours: whose it is cannot be known.
    Foreign,
}

impl Origin {
    /// The maker's JSON in an envelope that a client keeps in a field of its own dialect; `None` for what is too long.
    pub fn wrap(self, json: &str) -> Option<String> {
        if json.len() > LIMIT {
            return None;
        }
        let origin = URL_SAFE_NO_PAD.encode(self.0);
        Some(format!("{MARK}{origin}.{}", URL_SAFE_NO_PAD.encode(json)))
    }
}

/// A request without the envelopes that it brings, for a provider of its own dialect; `None` when it brings none.
pub fn without_envelopes(dialect: Dialect, body: &[u8]) -> Option<Vec<u8>> {
    memmem::find(body, MARK.as_bytes())?;
    let mut tree = parse(body).ok()?;
    (dialect.codec()?.strip)(&mut tree).then(|| tree.to_string().into_bytes())
}

/// Who made the state that a request brings last, if it brings any in an envelope.
pub fn last_maker(body: &[u8]) -> Option<Origin> {
    let start = memmem::rfind(body, MARK.as_bytes())? + MARK.len();
    let origin = body.get(start..start + 16)?;
    Some(Origin(URL_SAFE_NO_PAD.decode(origin).ok()?.try_into().ok()?))
}

impl<'a> Proof<'a> {
    /// What a client gave back.
    pub fn of_client(value: &str) -> Self {
        let opened = || {
            let (origin, payload) = value.strip_prefix(MARK)?.split_once('.')?;
            let origin = URL_SAFE_NO_PAD.decode(origin).ok()?.try_into().ok()?;
            let json = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
            Some(Self::Returned { origin: Origin(origin), json })
        };
        opened().unwrap_or(Self::Foreign)
    }

    /// Whether a client's value is an envelope of ours.
    pub fn is_envelope(value: &str) -> bool {
        value.starts_with(MARK)
    }

    /// What a maker has just given.
    pub fn made(&self) -> Option<&str> {
        match self {
            Self::Made(json) => Some(json),
            Self::Returned { .. } | Self::Foreign => None,
        }
    }

    /// The maker's own JSON, if `target` is its maker.
    pub fn for_maker(&self, target: Origin) -> Option<&str> {
        match self {
            Self::Returned { origin, json } if *origin == target => Some(json),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_open_for_their_maker_alone() {
        let (maker, other) = (Origin([1; 12]), Origin([2; 12]));
        let envelope = maker.wrap(r#"{"signature":"a\"b"}"#).unwrap();
        let proof = Proof::of_client(&envelope);
        assert_eq!(proof.for_maker(maker), Some(r#"{"signature":"a\"b"}"#));
        assert_eq!((proof.for_maker(other), proof.made()), (None, None));
        for foreign in ["", "EqQBCgIYAhIM", "llmio1.", "llmio1.AQEB.e30", "llmio1.AQEBAQEBAQEBAQEB.%%"] {
            assert_eq!(Proof::of_client(foreign), Proof::Foreign, "{foreign}");
        }
        let body = format!("{} {envelope} {}", other.wrap("{}").unwrap(), "llmio2.");
        assert_eq!(last_maker(body.as_bytes()), Some(maker));
        assert_eq!((last_maker(b""), last_maker(b"llmio1.AQEB")), (None, None));
        assert_eq!(maker.wrap(&"x".repeat(LIMIT + 1)), None);
    }
}
