//! Packed sums, read number by number: a report may have some million of them.

use super::sums::{Detail, Histogram, Sums, Unpriced};

/// So many counts of a histogram are added at once, if each is one byte.
const SHORT: usize = 32;

/// So many counts come up to attempts, the first of them requests.
const RANKED: usize = 10;

/// Numbers as postcard writes them.
pub(super) struct Packed<'a>(pub(super) &'a [u8]);

/// Adds what [`super::pack::pack`] has written, as far as it is wanted. `None` for what it has not.
pub(super) fn add<'a>(sums: &mut Sums, bytes: &[u8], currency: impl Fn(u32) -> &'a str, detail: Detail) -> Option<()> {
    let mut packed = Packed(bytes);
    if detail == Detail::Requests {
        let [requests, .., attempts] = packed.numbers::<RANKED>()?;
        sums.counts.requests = sums.counts.requests.saturating_add(requests);
        sums.counts.attempts = sums.counts.attempts.saturating_add(attempts);
        return Some(());
    }
    sums.counts.add_whole_numbers(&packed.numbers()?);
    for _ in 0..packed.number()? {
        let index = u32::try_from(packed.number()?).ok()?;
        sums.add_cost(currency(index), packed.real()?);
    }
    sums.unpriced += &Unpriced { requests: packed.number()?, tokens: packed.number()? };
    sums.last_minute = sums.last_minute.max(packed.number()?);
    if detail == Detail::All {
        packed.add_histogram(&mut sums.first_token)?;
        packed.add_histogram(&mut sums.total)?;
    }
    Some(())
}

impl<'a> Packed<'a> {
    /// Seven bits to a byte, the lowest first; the last byte has no eighth.
    #[inline]
    pub(super) fn number(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        if *first < 0x80 {
            self.0 = rest;
            return Some((*first).into());
        }
        self.long_number()
    }

    fn numbers<const COUNT: usize>(&mut self) -> Option<[u64; COUNT]> {
        let mut numbers = [0; COUNT];
        for number in &mut numbers {
            *number = self.number()?;
        }
        Some(numbers)
    }

    fn long_number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            let bits = u64::from(byte & 0x7f);
            number |= bits << shift;
            if *byte < 0x80 {
                return Some(number).filter(|number| *number >> shift == bits);
            }
        }
        None
    }

    /// With its sign in the lowest bit.
    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        str::from_utf8(text).ok()
    }

    fn real(&mut self) -> Option<f64> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(f64::from_le_bytes(*bytes))
    }

    fn add_histogram(&mut self, histogram: &mut Histogram) -> Option<()> {
        let (first, length) = (self.signed()?, usize::try_from(self.number()?).ok()?);
        for slots in histogram.slots(first, length)?.chunks_mut(SHORT) {
            // Most counts are small, and most of what is read are counts.
            let ahead = self.0.split_at_checked(slots.len()).filter(|(bytes, _)| bytes.is_ascii());
            if let Some((bytes, rest)) = ahead {
                self.0 = rest;
                for (slot, byte) in slots.iter_mut().zip(bytes) {
                    *slot = slot.saturating_add((*byte).into());
                }
            } else {
                for slot in slots {
                    *slot = slot.saturating_add(self.number()?);
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_postcard_writes_them() {
        let numbers = [0, 1, 127, 128, 300, 16_383, 16_384, u64::from(u32::MAX), u64::MAX - 1, u64::MAX];
        let signed = [0, 1, -1, 63, -64, 64, 504, i64::MAX, i64::MIN];
        let bytes = postcard::to_extend(&(numbers, signed, 0.1_f64), Vec::new()).unwrap();
        let mut packed = Packed(&bytes);
        assert_eq!(numbers.map(|_| packed.number()), numbers.map(Some));
        assert_eq!(signed.map(|_| packed.signed()), signed.map(Some));
        assert_eq!((packed.real(), packed.number()), (Some(0.1), None));
        for broken in [&[0x80][..], &[0xff; 9], &[0xff; 11], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]]
        {
            assert_eq!(Packed(broken).number(), None, "{broken:?}");
        }
    }
}
