use std::borrow::Cow;

use crate::dialect::{ErrorKind, GatewayError};
use crate::wire::json::InvalidJson;

/// So many entries are kept; a request can name no more than it has members, but a header is short.
const LIMIT: usize = 24;
const CODE_LIMIT: usize = 40;

/// What one translation lost, approximated or added. What is exact or mapped one to one has no entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: Vec<(Fate, Cow<'static, str>)>,
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// The target has no place for it.
    Dropped,
    /// The target has something like it.
    Approximated,
    /// The gateway added it of its own.
    Added,
}

/// What a target cannot take, and must not be without: the client's mistake, if there is nobody else to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The client's field.
    pub field: String,
    /// What to do, in words.
    pub message: String,
}

impl Ledger {
    pub fn dropped(&mut self, code: &'static str) {
        self.note(Fate::Dropped, Cow::Borrowed(code));
    }

    pub fn approximated(&mut self, code: &'static str) {
        self.note(Fate::Approximated, Cow::Borrowed(code));
    }

    pub fn added(&mut self, code: &'static str) {
        self.note(Fate::Added, Cow::Borrowed(code));
    }

    /// Members that no codec knows. A name that could not stand in a header is told as `unknown`.
    pub fn unknown(&mut self, name: &str) {
        let is_plain = |name: &str| {
            !name.is_empty()
                && name.len() <= CODE_LIMIT
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        };
        let code = if is_plain(name) { Cow::Owned(name.to_owned()) } else { Cow::Borrowed("unknown") };
        self.note(Fate::Dropped, code);
    }

    /// What became of what, in the order of its happening.
    pub fn entries(&self) -> impl Iterator<Item = (Fate, &str)> {
        self.entries.iter().map(|(fate, code)| (*fate, &**code))
    }

    /// What does not arrive as it was sent. What the gateway adds takes nothing away.
    pub fn losses(&self) -> impl Iterator<Item = &str> {
        self.entries().filter(|(fate, _)| *fate != Fate::Added).map(|(_, code)| code)
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What `other` has beside this, too.
    pub fn extend(&mut self, other: Self) {
        for (fate, code) in other.entries {
            self.note(fate, code);
        }
    }

    fn note(&mut self, fate: Fate, code: Cow<'static, str>) {
        if self.entries.len() < LIMIT && !self.entries.iter().any(|entry| *entry == (fate, Cow::Borrowed(&*code))) {
            self.entries.push((fate, code));
        }
    }
}

/// `dropped=a,b; approximated=c`: stable codes, fit for a header and the log. Empty when nothing was lost.
impl std::fmt::Display for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fates = [(Fate::Dropped, "dropped"), (Fate::Approximated, "approximated"), (Fate::Added, "added")];
        let mut separator = "";
        for (fate, name) in fates {
            let mut codes: Vec<&str> = self.entries.iter().filter(|it| it.0 == fate).map(|it| &*it.1).collect();
            codes.sort_unstable();
            if !codes.is_empty() {
                write!(f, "{separator}{name}={}", codes.join(","))?;
                separator = "; ";
            }
        }
        Ok(())
    }
}

impl Refusal {
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl From<InvalidJson> for Refusal {
    fn from(error: InvalidJson) -> Self {
        Self::new("body", format!("is not valid JSON: {error}"))
    }
}

impl From<Refusal> for GatewayError {
    fn from(refusal: Refusal) -> Self {
        let message = format!("`{}`: {}", refusal.field, refusal.message);
        Self::new(ErrorKind::InvalidRequest, message).code("untranslatable").param(refusal.field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_in_short() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.to_string(), "");
        ledger.approximated("reasoning");
        ledger.dropped("top_k");
        ledger.dropped("seed");
        ledger.dropped("top_k");
        ledger.unknown("vendor_field");
        ledger.unknown("a;b\n");
        ledger.added("cache_control");
        let text = "dropped=seed,top_k,unknown,vendor_field; approximated=reasoning; added=cache_control";
        assert_eq!(ledger.to_string(), text);
        assert_eq!(ledger.losses().collect::<Vec<_>>(), ["reasoning", "top_k", "seed", "vendor_field", "unknown"]);
        (0..100).for_each(|number| ledger.unknown(&format!("field{number}")));
        assert!(ledger.to_string().len() < LIMIT * (CODE_LIMIT + 1) + 64);
    }
}
