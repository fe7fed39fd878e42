/// A 64-bit hash of texts that is the same in every version, home and instance, for what instances decide alike without
/// asking each other. Not for secrets, nor against anybody who looks for collisions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fingerprint(u64);

/// Of a longer text, four parts are hashed side by side: each step waits for the one before it.
const LANES: usize = 4;
const LONG: usize = 256;

/// The golden ratio's fraction; odd, so that nothing is lost by multiplying.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Default for Fingerprint {
    fn default() -> Self {
        // With 0, which multiplying leaves alone, leading zeros would not count.
        Self(FACTOR)
    }
}

impl Fingerprint {
    /// Adds a text. Two texts are not the same as both in one.
    pub(crate) fn write(&mut self, text: &[u8]) {
        let rest = if text.len() < LONG { text } else { self.write_blocks(text) };
        let (words, rest) = rest.as_chunks();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        self.add(word_of(rest));
        self.add(text.len() as u64);
    }

    /// Adds whole blocks of words; gives what is left of the text.
    fn write_blocks<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let (words, _) = text.as_chunks();
        let (blocks, _) = words.as_chunks::<LANES>();
        let mut lanes = [Self::default(); LANES];
        for block in blocks {
            for (lane, word) in lanes.iter_mut().zip(block) {
                lane.add(u64::from_le_bytes(*word));
            }
        }
        for Self(lane) in lanes {
            self.add(lane);
        }
        text.get(size_of_val(blocks)..).unwrap_or_default()
    }

    pub(crate) fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(FACTOR).rotate_left(29);
    }

    /// Each bit depends on all that was added: the last step of MurmurHash3.
    pub(crate) fn finish(self) -> u64 {
        let mut hash = self.0;
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ (hash >> 33)
    }
}

/// Up to eight bytes.
fn word_of(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(texts: &[&str]) -> u64 {
        let mut hash = Fingerprint::default();
        texts.iter().for_each(|text| hash.write(text.as_bytes()));
        hash.finish()
    }

    #[test]
    fn it_never_changes() {
        for (texts, expected) in [
            (&[][..], 0x9ca0_66f1_a4ab_2eea),
            (&[""], 0x4113_eefe_0e3d_88f9),
            (&["a"], 0x2cc3_ce2b_0ac9_76f8),
            (&["conversation", "association-17"], 0x1030_51f8_6ad8_027b),
            (&[&*"conversation-".repeat(40)], 0xeb6d_077e_ae0f_6579),
        ] {
            assert_eq!(hash(texts), expected, "{texts:?}");
        }
    }

    #[test]
    fn different_texts_differ() {
        let long = "a text of more than one block ".repeat(20);
        let another = long.replacen("one", "two", 1);
        let rows: [&[&str]; 13] = [
            &[],
            &[""],
            &["", ""],
            &["ab"],
            &["a", "b"],
            &["ab\0"],
            &["12345678"],
            &["1234567", "8"],
            &["12345678", ""],
            &[&long],
            &[&another],
            &[&long[..LONG - 1]],
            &[&long[..LONG + 1]],
        ];
        let hashes: std::collections::HashSet<_> = rows.iter().map(|texts| hash(texts)).collect();
        assert_eq!(hashes.len(), rows.len());
    }
}
