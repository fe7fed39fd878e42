use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

use super::Secret;
use crate::platform::Entropy;

const VERSION: u8 = 1;
const NONCE: usize = 24;

/// Seals secrets for storage with the installation's secret key (`LLMIO_SECRET_KEY`).
///
/// A sealed value is a version byte, a random nonce and an XChaCha20-Poly1305 ciphertext. The place it is stored at is
/// authenticated with it, so a value that is moved to another row or column does not open.
#[derive(Clone)]
pub struct Sealer {
    key: [u8; 32],
}

/// Where a sealed value is stored.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Table and column, as `providers.api_key`.
    pub column: &'a str,
    pub id: &'a str,
}

impl Sealer {
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Takes 32 bytes as hexadecimal or Base64 as they are, and any other text by its SHA-256.
    pub fn from_text(text: &str) -> Result<Self, SealError> {
        let text = text.trim();
        if text.chars().count() < 16 {
            return Err(SealError::Weak);
        }
        let key = hexadecimal(text).or_else(|| base64(text)).unwrap_or_else(|| Sha256::digest(text.as_bytes()).into());
        Ok(Self { key })
    }

    pub fn seal(&self, entropy: &dyn Entropy, place: Place<'_>, plain: &str) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE];
        entropy.fill(&mut nonce);
        let aad = aad(place);
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plain.as_bytes(), aad: aad.as_bytes() })
            .map_err(|_| SealError::TooLarge)?;
        let mut out = Vec::with_capacity(1 + NONCE + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Secret, SealError> {
        let refused = || SealError::Refused { column: place.column.to_owned(), id: place.id.to_owned() };
        let Some((&VERSION, rest)) = sealed.split_first() else {
            return Err(SealError::UnknownVersion { column: place.column.to_owned(), id: place.id.to_owned() });
        };
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or_else(refused)?;
        let aad = aad(place);
        let plain = self
            .cipher()
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: aad.as_bytes() })
            .map_err(|_| refused())?;
        String::from_utf8(plain).map(Secret::new).map_err(|_| refused())
    }

    /// A short mark of `what` that only this installation can make: it tells one from another, and names neither.
    pub fn mark<const N: usize>(&self, what: &[&str]) -> [u8; N] {
        let mut hash = Sha256::new();
        hash.update(b"llmio:mark:");
        hash.update(self.key);
        for part in what {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default())
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.key.into())
    }
}

fn aad(place: Place<'_>) -> String {
    format!("llmio:{}:{}", place.column, place.id)
}

fn hexadecimal(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(key)
}

fn base64(text: &str) -> Option<[u8; 32]> {
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|engine| engine.decode(text).ok()?.try_into().ok())
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealError {
    /// The secret key is too short to protect anything.
    Weak,
    /// Past what the cipher takes (256 GiB).
    TooLarge,
    /// Sealed in a way this version does not know.
    UnknownVersion { column: String, id: String },
    /// Another key sealed it, or it was changed or moved.
    Refused { column: String, id: String },
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weak => f.write_str(
                "LLMIO_SECRET_KEY is too short: give at least 16 characters, best 32 random bytes as Base64 (`openssl rand -base64 32`)",
            ),
            Self::TooLarge => f.write_str("the secret is too long to be sealed"),
            Self::UnknownVersion { column, id } => {
                write!(f, "the secret in {column} of {id} was sealed by a newer version of LLMIO: run that version")
            }
            Self::Refused { column, id } => write!(
                f,
                "the secret in {column} of {id} does not open: check that LLMIO_SECRET_KEY (or the key file beside the database) is the one this database was written with"
            ),
        }
    }
}

impl std::error::Error for SealError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    const HERE: Place<'static> = Place { column: "providers.api_key", id: "a" };

    #[test]
    fn seals_and_opens_only_in_its_place() {
        let entropy = Counting(7.into());
        let sealer = Sealer::new([1; 32]);
        let sealed = sealer.seal(&entropy, HERE, "sk-canary").unwrap();
        assert_eq!(sealer.open(HERE, &sealed).unwrap().reveal(), "sk-canary");
        assert_ne!(sealer.seal(&entropy, HERE, "sk-canary").unwrap(), sealed, "the nonce is new each time");
        assert!(!sealed.windows(6).any(|part| part == b"canary"));

        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        let mut newer = sealed.clone();
        newer[0] = 2;
        let rows: [(&str, &Sealer, Place<'_>, &[u8]); 7] = [
            ("another row", &sealer, Place { id: "b", ..HERE }, &sealed),
            ("another column", &sealer, Place { column: "providers.proxy", ..HERE }, &sealed),
            ("another key", &Sealer::new([2; 32]), HERE, &sealed),
            ("changed", &sealer, HERE, &changed),
            ("newer", &sealer, HERE, &newer),
            ("cut", &sealer, HERE, &sealed[..10]),
            ("empty", &sealer, HERE, &[]),
        ];
        for (name, sealer, place, bytes) in rows {
            let error = sealer.open(place, bytes).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{name}");
        }
        assert!(sealer.open(Place { id: "b", ..HERE }, &sealed).unwrap_err().to_string().contains("LLMIO_SECRET_KEY"));
    }

    #[test]
    fn keys_from_text() {
        let bytes: [u8; 32] = std::array::from_fn(|index| u8::try_from(index * 8).unwrap());
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let rows = [
            (hex.clone(), Some(bytes)),
            (hex.to_uppercase(), Some(bytes)),
            (format!(" {}\n", STANDARD.encode(bytes)), Some(bytes)),
            (URL_SAFE_NO_PAD.encode(bytes), Some(bytes)),
            ("a passphrase of some length".into(), Some(Sha256::digest("a passphrase of some length").into())),
            ("short".into(), None),
            (String::new(), None),
        ];
        for (text, key) in rows {
            assert_eq!(Sealer::from_text(&text).ok().map(|sealer| sealer.key), key, "{text}");
        }
    }
}
