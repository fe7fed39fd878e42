use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Secret;
use super::mask::shown_end;
use crate::platform::Entropy;

/// A new client key: `sk-llmio-` and 192 random bits.
pub fn generate_client_key(entropy: &dyn Entropy) -> Secret {
    let mut random = [0; 24];
    entropy.fill(&mut random);
    Secret::new(format!("sk-llmio-{}", URL_SAFE_NO_PAD.encode(random)))
}

/// What is stored of a client key, and what a presented key is looked up by.
pub fn hash_client_key(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The first characters of a key, to recognise it by: at most a third of it, at most 12.
pub fn client_key_prefix(key: &str) -> String {
    let count = key.chars().count();
    key.chars().take((count / 3).min(12)).collect()
}

/// The last four characters of a key, to tell it from others by; none of a short one, of which they would tell too much.
pub fn client_key_suffix(key: &str) -> Option<String> {
    shown_end(key).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed(u8);

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn keys() {
        let key = generate_client_key(&Fixed(0xff));
        assert_eq!(key.reveal(), "sk-llmio-________________________________");
        assert_eq!(client_key_prefix(key.reveal()), "sk-llmio-___");
        assert_ne!(hash_client_key(key.reveal()), hash_client_key(generate_client_key(&Fixed(0)).reveal()));
        for (key, prefix, suffix) in [
            ("", "", None),
            ("ab", "", None),
            ("team-a-key", "tea", None),
            ("nineteen-characters", "ninete", None),
            ("ключ-команды-из-двадцати", "ключ-ком", Some("цати")),
            (key.reveal(), "sk-llmio-___", Some("____")),
        ] {
            assert_eq!(client_key_prefix(key), prefix);
            assert_eq!(client_key_suffix(key).as_deref(), suffix);
        }
    }
}
