use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use memchr::memmem;

use super::{MASK, Secret};

/// Shorter texts would be found by chance.
const SHORTEST: usize = 8;

/// Takes secrets out of what others wrote: providers repeat keys in their errors.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    secrets: Vec<Sought>,
}

/// A secret, ready to be looked for: every answer's headers are.
#[derive(Clone)]
struct Sought {
    secret: Secret,
    finder: memmem::Finder<'static>,
}

impl Redactor {
    /// Of texts with a word before the secret (`Bearer …`), the secret alone is found, too.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut secrets: Vec<&str> = Vec::new();
        for text in texts {
            secrets.push(text);
            secrets.extend(text.split_once(' ').map(|(_, bare)| bare));
        }
        secrets.retain(|secret| secret.len() >= SHORTEST);
        // The longest first, or its beginning would be masked and the rest left.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { secrets: secrets.into_iter().map(Sought::new).collect() }
    }

    pub fn text(&self, text: String) -> String {
        self.secrets.iter().fold(text, |text, sought| {
            if sought.is_in(text.as_bytes()) { text.replace(sought.secret.reveal(), MASK) } else { text }
        })
    }

    /// Of an answer's head.
    pub fn headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            if self.secrets.iter().any(|sought| sought.is_in(value.as_bytes())) {
                let clean = self.bytes(Bytes::copy_from_slice(value.as_bytes()));
                *value = HeaderValue::from_maybe_shared(clean).unwrap_or(HeaderValue::from_static(MASK));
            }
        }
    }

    /// The same bytes where no secret is in them.
    pub fn bytes(&self, bytes: Bytes) -> Bytes {
        self.secrets
            .iter()
            .fold(bytes, |bytes, sought| if sought.is_in(&bytes) { sought.cut_out(&bytes) } else { bytes })
    }
}

impl Sought {
    fn new(secret: &str) -> Self {
        Self { secret: Secret::new(secret), finder: memmem::Finder::new(secret).into_owned() }
    }

    fn is_in(&self, text: &[u8]) -> bool {
        text.len() >= self.finder.needle().len() && self.finder.find(text).is_some()
    }

    fn cut_out(&self, bytes: &[u8]) -> Bytes {
        let mut clean = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for at in self.finder.find_iter(bytes) {
            clean.extend_from_slice(bytes.get(from..at).unwrap_or_default());
            clean.extend_from_slice(MASK.as_bytes());
            from = at + self.finder.needle().len();
        }
        clean.extend_from_slice(bytes.get(from..).unwrap_or_default());
        clean.into()
    }
}

impl fmt::Debug for Sought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.secret.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let redactor = Redactor::new(["sk-0123456789", "Bearer tok-abcdefgh", "short", "sk-0123456789-and-more"]);
        for (text, expected) in [
            ("nothing of note", "nothing of note".to_owned()),
            ("bad key sk-0123456789", format!("bad key {MASK}")),
            ("sk-0123456789sk-0123456789!", format!("{MASK}{MASK}!")),
            ("sk-0123456789-and-more", MASK.to_owned()),
            ("authorization: Bearer tok-abcdefgh", format!("authorization: {MASK}")),
            ("token tok-abcdefgh", format!("token {MASK}")),
            ("short words stay", "short words stay".to_owned()),
        ] {
            assert_eq!(redactor.text(text.to_owned()), expected);
            assert_eq!(redactor.bytes(Bytes::from(text.to_owned())), expected.as_bytes());
        }
        let clean = Bytes::from_static(b"the same bytes");
        assert_eq!(redactor.bytes(clean.clone()).as_ptr(), clean.as_ptr());
    }
}
