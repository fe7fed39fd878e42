use std::fmt;

use uuid::{Builder, Uuid};

use crate::platform::{Entropy, Timestamp};

/// Names one request: a UUID v7 (RFC 9562), written as 32 hexadecimal digits.
///
/// It starts with the millisecond in which the request arrived, and so do the ids of its log entries. The log finds a
/// trace, or a span of time, by its primary key alone because of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceId(Uuid);

impl TraceId {
    pub fn new(arrived_at: Timestamp, entropy: &dyn Entropy) -> Self {
        let mut random = [0; 10];
        entropy.fill(&mut random);
        Self::with(arrived_at, &random)
    }

    pub(crate) fn with(arrived_at: Timestamp, random: &[u8; 10]) -> Self {
        let millis = u64::try_from(arrived_at.as_millis()).unwrap_or(0);
        Self(Builder::from_unix_timestamp_millis(millis, random).into_uuid())
    }

    /// Reads any UUID, with or without hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    /// The id of the log entry of an attempt (from 1): a UUID v7 again, with the attempt in place of the 12 random bits
    /// after the time, so that the entries of a trace sort by attempt.
    pub fn entry_id(self, attempt: u32) -> String {
        const ATTEMPT_SHIFT: u32 = 64;
        const ATTEMPT_BITS: u128 = 0xfff;
        let attempt = u128::from(attempt).min(ATTEMPT_BITS);
        let bits = (self.0.as_u128() & !(ATTEMPT_BITS << ATTEMPT_SHIFT)) | (attempt << ATTEMPT_SHIFT);
        Uuid::from_u128(bits).hyphenated().to_string()
    }

    /// The millisecond in which the request arrived.
    pub fn arrived_at(self) -> Timestamp {
        let millis = self.0.as_u128() >> 80;
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(0))
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// Sorts before the ids of all entries that arrived in this millisecond or later, and after all earlier ones.
pub(crate) fn first_id_at(time: Timestamp) -> String {
    const MAX_MILLIS: i64 = (1 << 48) - 1;
    let millis = time.as_millis().clamp(0, MAX_MILLIS);
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xffff)
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
    fn a_trace_and_its_entries_carry_the_time_and_the_attempt() {
        let at = Timestamp::from_millis(0x0193_1234_abcd);
        let trace = TraceId::new(at, &Fixed(0xff));
        assert_eq!(trace.to_string(), "01931234abcd7fffbfffffffffffffff");
        assert_eq!(trace.arrived_at(), at);
        assert_eq!(TraceId::parse(&trace.to_string()), Some(trace));
        assert_eq!(TraceId::parse("unknown"), None);
        let rows = [(1, "001"), (2, "002"), (0xffe, "ffe"), (u32::MAX, "fff")];
        for (attempt, digits) in rows {
            assert_eq!(trace.entry_id(attempt), format!("01931234-abcd-7{digits}-bfff-ffffffffffff"));
        }
    }

    #[test]
    fn the_first_id_of_a_time_separates_earlier_from_later() {
        let rows = [1_764_000_000_000, 0xffff, 0x1_0000, 1];
        for millis in rows {
            let bound = first_id_at(Timestamp::from_millis(millis));
            for byte in [0, 0xff] {
                let before = TraceId::new(Timestamp::from_millis(millis - 1), &Fixed(byte)).entry_id(4095);
                let at = TraceId::new(Timestamp::from_millis(millis), &Fixed(byte)).entry_id(0);
                assert!(before < bound && bound < at, "{before} < {bound} < {at}");
            }
        }
    }
}
