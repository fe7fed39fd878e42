use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use memchr::memmem;

use super::{MASK, Secret};

/// Shorter texts would be found by chance.
const SHORTEST: usize = 8;

/// Takes secrets out of what others wrote: providers repeat keys in their errors.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
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
        Self { secrets: secrets.into_iter().map(Secret::new).collect() }
    }

    pub fn text(&self, text: String) -> String {
        self.secrets
            .iter()
            .map(Secret::reveal)
            .fold(text, |text, secret| if text.contains(secret) { text.replace(secret, MASK) } else { text })
    }

    /// Of an answer's head.
    pub fn headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            let is_in = |secret: &Secret| memmem::find(value.as_bytes(), secret.reveal().as_bytes()).is_some();
            if self.secrets.iter().any(is_in) {
                let clean = self.bytes(Bytes::copy_from_slice(value.as_bytes()));
                *value = HeaderValue::from_maybe_shared(clean).unwrap_or(HeaderValue::from_static(MASK));
            }
        }
    }

    /// The same bytes where no secret is in them.
    pub fn bytes(&self, bytes: Bytes) -> Bytes {
        self.secrets.iter().map(Secret::reveal).fold(bytes, |bytes, secret| without(bytes, secret.as_bytes()))
    }
}

fn without(bytes: Bytes, secret: &[u8]) -> Bytes {
    let mut found = memmem::find_iter(&bytes, secret).peekable();
    if found.peek().is_none() {
        drop(found);
        return bytes;
    }
    let mut clean = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for at in found {
        clean.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        clean.extend_from_slice(MASK.as_bytes());
        from = at + secret.len();
    }
    clean.extend_from_slice(bytes.get(from..).unwrap_or_default());
    clean.into()
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
