use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use memchr::memmem;
use sha2::Sha256;

use super::ledger::Ledger;
use crate::dialect::Dialect;

/// What an envelope of ours begins with.
pub(in crate::dialect) const MARK: &str = "llmio1.";
/// And what it begins with in Base64, for a dialect whose clients take nothing else.
pub(in crate::dialect) const MARK_IN_BASE64: &str = "bGxtaW8xL";
/// A longer state is not carried.
pub(in crate::dialect) const LIMIT: usize = 4 << 20;

/// The letters of an origin's id in an envelope.
const ID_LETTERS: usize = 16;

/// Who makes a state. It names nobody.
#[derive(Clone, Copy, Default)]
pub struct Origin {
    /// A hash, under the installation's key, of dialect, provider and model. It stands in an envelope in clear.
    id: [u8; 12],
    /// Of what the installation itself has wrapped; nobody else has it.
    key: [u8; 32],
}

/// State that only its maker can read: a signature, encrypted reasoning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof<'a> {
    /// As its maker has just given it: JSON in the maker's own words.
    Made(Cow<'a, str>),
    /// It came back from a client in what looks like an envelope of ours. Only its maker's [`Origin`] can tell whether it is.
    Returned { id: [u8; 12], tag: [u8; 16], json: String },
    /// It came from a client, and is none of ours: whose it is cannot be known.
    Foreign,
}

impl Origin {
    pub const fn new(id: [u8; 12], key: [u8; 32]) -> Self {
        Self { id, key }
    }

    /// Whether it is the one that [`maker_of`] has found.
    pub fn is(&self, id: [u8; 12]) -> bool {
        self.id == id
    }

    /// The maker's JSON in an envelope that a client keeps in a field of its own dialect; `None` for what is too long.
    pub fn wrap(self, json: &str) -> Option<String> {
        if json.len() > LIMIT {
            return None;
        }
        let tag = self.mac(json)?.finalize().into_bytes();
        let [id, tag, json] = [&self.id[..], tag.get(..16)?, json.as_bytes()].map(|it| URL_SAFE_NO_PAD.encode(it));
        Some(format!("{MARK}{id}.{tag}.{json}"))
    }

    fn mac(&self, json: &str) -> Option<Hmac<Sha256>> {
        let mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        Some(mac.chain_update(self.id).chain_update(json))
    }
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Origin").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A request without the envelopes that it brings, for a provider of its own dialect, and what it lost; `None` when it
/// brings none.
pub fn without_envelopes(dialect: Dialect, body: &[u8]) -> Option<(Vec<u8>, Ledger)> {
    let codec = dialect.codec();
    memmem::find(body, codec.mark.as_bytes())?;
    let mut tree = serde_json::from_slice(body).ok()?;
    let mut lost = Ledger::default();
    (codec.strip)(&mut tree, &mut lost);
    (!lost.is_empty()).then(|| (tree.to_string().into_bytes(), lost))
}

/// The last envelope that a client's request may bring, and what is behind it.
pub fn last_envelope(dialect: Dialect, body: &[u8]) -> Option<&[u8]> {
    let mark = dialect.codec().mark.as_bytes();
    // Most bodies have none, which is found out much faster forwards.
    let from_first = body.get(memmem::find(body, mark)?..)?;
    from_first.get(memmem::rfind(from_first, mark)?..)
}

/// Who made what is in an envelope: as the client says, which decides no more than who is asked first.
pub fn maker_of(envelope: &[u8]) -> Option<[u8; 12]> {
    const END: usize = MARK.len() + ID_LETTERS;
    let plain;
    let envelope = if envelope.starts_with(MARK_IN_BASE64.as_bytes()) {
        plain = STANDARD.decode(envelope.get(..END.div_ceil(3) * 4)?).ok()?;
        &plain
    } else {
        envelope
    };
    let id = envelope.get(MARK.len()..END)?;
    URL_SAFE_NO_PAD.decode(id).ok()?.try_into().ok()
}

impl<'a> Proof<'a> {
    /// What a client gave back.
    pub fn of_client(value: &str) -> Self {
        let opened = || {
            let mut pieces = value.strip_prefix(MARK)?.splitn(3, '.').map(|piece| URL_SAFE_NO_PAD.decode(piece).ok());
            let (id, tag, json) = (pieces.next()??, pieces.next()??, pieces.next()??);
            let json = String::from_utf8(json).ok()?;
            Some(Self::Returned { id: id.try_into().ok()?, tag: tag.try_into().ok()?, json })
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

    /// The maker's own JSON, if `target` is its maker and the installation has wrapped just this for it.
    pub fn for_maker(&self, target: Origin) -> Option<&str> {
        match self {
            Self::Returned { id, tag, json } if target.is(*id) => {
                target.mac(json)?.verify_truncated_left(tag).is_ok().then_some(json)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_open_for_their_maker_alone() {
        let (maker, other) = (Origin::new([1; 12], [3; 32]), Origin::new([2; 12], [4; 32]));
        let envelope = maker.wrap(r#"{"signature":"a\"b"}"#).unwrap();
        let proof = Proof::of_client(&envelope);
        assert_eq!(proof.for_maker(maker), Some(r#"{"signature":"a\"b"}"#));
        assert_eq!((proof.for_maker(other), proof.made()), (None, None));
        for foreign in ["", "EqQBCgIYAhIM", "llmio1.", "llmio1.AQEBAQEBAQEBAQEB.e30", "llmio1.AQEB.AAAA.e30"] {
            assert_eq!(Proof::of_client(foreign), Proof::Foreign, "{foreign}");
        }
        let body = format!("{} {envelope} {}", other.wrap("{}").unwrap(), "llmio2.");
        let last = last_envelope(Dialect::OpenAiChat, body.as_bytes()).unwrap();
        assert!(last.starts_with(envelope.as_bytes()));
        let in_base64 = STANDARD.encode(&envelope);
        assert!(in_base64.starts_with(MARK_IN_BASE64));
        for last in [last, in_base64.as_bytes()] {
            assert!(maker_of(last).is_some_and(|id| maker.is(id) && !other.is(id)));
        }
        let none = (last_envelope(Dialect::Anthropic, b"llmio2."), maker_of(b"llmio1.AQEB"), maker_of(b"bGxtaW8xLkFR"));
        assert_eq!(none, (None, None, None));
        assert_eq!(maker.wrap(&"x".repeat(LIMIT + 1)), None);
    }

    #[test]
    fn forged_envelopes_open_for_nobody() {
        let maker = Origin::new([1; 12], [3; 32]);
        let other = Origin::new([2; 12], [4; 32]);
        let envelope = maker.wrap(r#"{"a":1}"#).unwrap();
        let pieces: Vec<&str> = envelope.split('.').collect();
        let [mark, id, tag, json] = pieces[..] else { panic!("{envelope}") };
        let forged = URL_SAFE_NO_PAD.encode(r#"{"a":2}"#);
        let of_other = other.wrap(r#"{"a":1}"#).unwrap();
        let [_, other_id, other_tag, _] = of_other.split('.').collect::<Vec<_>>()[..] else { panic!("{of_other}") };
        // With a key of one's own, though the id is known.
        let own_key = Origin::new([1; 12], [5; 32]).wrap(r#"{"a":1}"#).unwrap();
        for (what, forged) in [
            ("payload", format!("{mark}.{id}.{tag}.{forged}")),
            ("origin", format!("{mark}.{id}.{other_tag}.{json}")),
            ("another's origin", format!("{mark}.{other_id}.{tag}.{json}")),
            ("key", own_key),
            ("zero tag", format!("{mark}.{id}.{}.{json}", URL_SAFE_NO_PAD.encode([0; 16]))),
            ("short tag", format!("{mark}.{id}.{}.{json}", tag.get(..2).unwrap())),
            ("no tag", format!("{mark}.{id}..{json}")),
        ] {
            let proof = Proof::of_client(&forged);
            assert_eq!((proof.for_maker(maker), proof.for_maker(other)), (None, None), "{what}: {forged}");
        }
        assert!(Proof::of_client(&envelope).for_maker(maker).is_some());
        assert!(!format!("{maker:?}").contains('3'), "{maker:?}");
    }
}
