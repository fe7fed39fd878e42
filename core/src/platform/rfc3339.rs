use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Timestamp;

/// As text, a timestamp is RFC 3339 in UTC (`2026-11-22T22:15:00.123456Z`); any offset is read.
impl Timestamp {
    /// Times outside the years -9999 to 9999 are clamped to them.
    pub fn to_rfc3339(self) -> String {
        let out_of_range = if self.as_micros() < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_microsecond(self.as_micros()).unwrap_or(out_of_range).to_string()
    }

    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|time| Self::from_micros(time.as_microsecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text)
            .ok_or_else(|| de::Error::custom("must be a time with its zone, as in RFC 3339: 2026-12-31T00:00:00Z"))
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        let rows = [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_385_700_123_456, "2026-11-22T22:15:00.123456Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ];
        for (micros, text) in rows {
            let time = Timestamp::from_micros(micros);
            assert_eq!(time.to_rfc3339(), text);
            assert_eq!(Timestamp::parse_rfc3339(text), Some(time));
        }
        assert_eq!(Timestamp::parse_rfc3339("1970-01-01T02:00:00+02:00"), Some(Timestamp::from_micros(0)));
        for wrong in ["", "tomorrow", "2026-11-22", "2026-11-22T20:55:00"] {
            assert_eq!(Timestamp::parse_rfc3339(wrong), None, "{wrong}");
        }
        assert_eq!(&Timestamp::from_micros(i64::MAX).to_rfc3339()[..5], "9999-");
    }
}
