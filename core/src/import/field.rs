//! Values as the original's tables have them: any column may hold anything, or be missing.

use serde_json::Value as Json;

use crate::platform::{Row, Timestamp, Value};

/// One row, read without ever failing.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) Row<'a>);

impl<'a> Fields<'a> {
    fn value(self, column: &str) -> &'a Value {
        self.0.value(column).unwrap_or(&Value::Null)
    }

    /// Empty for NULL. What is no UTF-8 is replaced.
    pub(super) fn text(self, column: &str) -> String {
        match self.value(column) {
            Value::Null => String::new(),
            Value::Integer(integer) => integer.to_string(),
            Value::Real(real) => real.to_string(),
            Value::Text(text) => text.clone(),
            Value::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        }
    }

    /// `None` for NULL and for an empty one.
    pub(super) fn optional_text(self, column: &str) -> Option<String> {
        Some(self.text(column)).filter(|text| !text.is_empty())
    }

    pub(super) fn integer(self, column: &str) -> Option<i64> {
        match self.value(column) {
            Value::Integer(integer) => Some(*integer),
            #[expect(clippy::cast_possible_truncation, reason = "saturates")]
            Value::Real(real) if real.is_finite() => Some(*real as i64),
            Value::Text(_) | Value::Blob(_) => self.text(column).trim().parse().ok(),
            _ => None,
        }
    }

    /// What is no count is none.
    pub(super) fn count(self, column: &str) -> u64 {
        self.integer(column).and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
    }

    pub(super) fn real(self, column: &str) -> Option<f64> {
        match self.value(column) {
            #[expect(clippy::cast_precision_loss, reason = "a price")]
            Value::Integer(integer) => Some(*integer as f64),
            Value::Real(real) => Some(*real),
            Value::Text(_) | Value::Blob(_) => self.text(column).trim().parse().ok(),
            Value::Null => None,
        }
    }

    pub(super) fn boolean(self, column: &str) -> Option<bool> {
        match self.value(column) {
            Value::Text(_) | Value::Blob(_) if self.text(column).eq_ignore_ascii_case("true") => Some(true),
            Value::Text(_) | Value::Blob(_) if self.text(column).eq_ignore_ascii_case("false") => Some(false),
            _ => self.integer(column).map(|integer| integer != 0),
        }
    }

    pub(super) fn time(self, column: &str) -> Option<Timestamp> {
        match self.value(column) {
            Value::Text(_) | Value::Blob(_) => time(&self.text(column)),
            _ => None,
        }
    }
}

/// As the original's driver writes times: `2026-11-26 23:59:12.219816771+00:00`; also with `T`, `Z`, a space before the offset,
/// an offset without its colon, and words behind it. Without an offset it is UTC.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.trim_start_matches(['T', ' ']);
    let end = rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.')).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at_checked(end)?;
    let clock = if clock.is_empty() { "00:00:00" } else { clock };
    let zone = zone.trim_start();
    let zone = zone.split(' ').next().unwrap_or_default();
    let offset = match zone.strip_prefix(['+', '-']) {
        Some(digits) if digits.len() == 4 && !digits.contains(':') => {
            let (hours, minutes) = digits.split_at_checked(2)?;
            format!("{}{hours}:{minutes}", zone.get(..1)?)
        }
        Some(_) => zone.to_owned(),
        None => "Z".to_owned(),
    };
    Timestamp::parse_rfc3339(&format!("{date}T{clock}{offset}"))
}

/// A JSON text: nothing for an empty one and for `null`, an error for what is none.
pub(super) fn json(text: &str) -> Result<Option<Json>, ()> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    match serde_json::from_str(text) {
        Ok(Json::Null) => Ok(None),
        Ok(json) => Ok(Some(json)),
        Err(_) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("2026-11-26 23:59:12.219816771+00:00", Some("2026-11-26T23:59:12.219816Z")),
            ("2026-11-26 23:59:12+08:00", Some("2026-11-26T15:59:12Z")),
            ("2026-11-26T23:59:12Z", Some("2026-11-26T23:59:12Z")),
            ("2026-11-26 23:59:12.5 -0330 NST m=+0.001", Some("2026-11-27T03:29:12.5Z")),
            ("2026-11-26 23:59:12", Some("2026-11-26T23:59:12Z")),
            ("2026-11-26", Some("2026-11-26T00:00:00Z")),
            ("0001-01-01 00:00:00+00:00", Some("0001-01-01T00:00:00Z")),
            ("soon", None),
            ("2026-13-26 23:59:12", None),
            ("", None),
        ] {
            assert_eq!(time(text).map(Timestamp::to_rfc3339).as_deref(), expected, "{text}");
        }
    }
}
