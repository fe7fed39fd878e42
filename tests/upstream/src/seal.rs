//! What a provider signs its thoughts with, and wants back unchanged.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// A seal of a thought, or of what it led to: opaque to others, and of use for nothing else.
pub(crate) fn seal(of: &str) -> String {
    BASE64_STANDARD.encode(format!("{:016x}{of}", sum(of)))
}

/// What a seal is of; `None` when it is none of ours, or was altered.
pub(crate) fn opened(seal: &str) -> Option<String> {
    let text = String::from_utf8(BASE64_STANDARD.decode(seal).ok()?).ok()?;
    let (mark, of) = text.split_at_checked(16)?;
    (mark == format!("{:016x}", sum(of))).then(|| of.to_owned())
}

/// FNV-1a.
fn sum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::{opened, seal};

    #[test]
    fn only_ours_open() {
        let ours = seal("I think.");
        assert_eq!(opened(&ours).as_deref(), Some("I think."));
        for other in ["", "c2ln", "no Base64"] {
            assert_eq!(opened(other), None, "{other}");
        }
        for at in 0..ours.len() {
            let mut other = ours.clone().into_bytes();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(opened(&other), None, "{other}");
        }
    }
}
