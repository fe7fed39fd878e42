//! What a scalar of a file means: YAML 1.2's core schema, and `yes`, `no`, `on` and `off` of YAML 1.1.

use super::node::Scalar;

/// The value of a scalar of which no type is asked for.
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    /// Infinite where the number is too big.
    Float(f64),
    Text(&'a str),
}

impl Scalar {
    pub(super) fn value(&self) -> Value<'_> {
        let text = self.text.as_str();
        if !self.plain {
            Value::Text(text)
        } else if self.is_null() {
            Value::Null
        } else if let Some(value) = self.bool() {
            Value::Bool(value)
        } else if let Some(value) = self.integer() {
            Value::Unsigned(value)
        } else if let Some(value) = self.integer() {
            Value::Signed(value)
        } else if let Some(value) = self.float() {
            Value::Float(value)
        } else {
            Value::Text(text)
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.plain && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    pub(super) fn bool(&self) -> Option<bool> {
        let is = |word: &&str| self.text.trim().eq_ignore_ascii_case(word);
        let yes = ["true", "yes", "on", "y"].iter().any(is);
        (yes || ["false", "no", "off", "n"].iter().any(is)).then_some(yes)
    }

    /// As `12`, `-1_000`, `0x1f`, `0o17` or `0b11`. Not `012`, which other readers take for an octal number.
    pub(super) fn integer<T: TryFrom<i128>>(&self) -> Option<T> {
        let text = self.text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (radix, digits) = match digits.split_at_checked(2) {
            Some(("0x" | "0X", digits)) => (16, digits),
            Some(("0o" | "0O", digits)) => (8, digits),
            Some(("0b" | "0B", digits)) => (2, digits),
            _ if digits.len() > 1 && digits.starts_with('0') => return None,
            _ => (10, digits),
        };
        if digits.split('_').any(str::is_empty) || digits.starts_with(['+', '-']) {
            return None;
        }
        let value = i128::from_str_radix(&digits.replace('_', ""), radix).ok()?;
        T::try_from(if negative { -value } else { value }).ok()
    }

    pub(super) fn float(&self) -> Option<f64> {
        let text = self.text.trim();
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        match digits {
            ".inf" | ".Inf" | ".INF" => Some(sign * f64::INFINITY),
            ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
            // Rust also reads words: `inf`, `nan`.
            _ if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => text.parse().ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a plain scalar is without and with a type that is asked for. A quoted one is a text, and becomes the same
    /// when a type is asked for.
    #[test]
    fn plain_scalars() {
        let text = |text: &'static str| format!("text {text}");
        let rows = [
            ("", "null".to_owned()),
            ("~", "null".into()),
            ("null", "null".into()),
            ("nil", text("nil")),
            ("true", "true".into()),
            ("Yes", "true".into()),
            ("on", "true".into()),
            ("n", "false".into()),
            ("OFF", "false".into()),
            ("0", "0".into()),
            ("-0", "0".into()),
            ("+5", "5".into()),
            ("-5", "-5".into()),
            ("1_000", "1000".into()),
            ("1__0", text("1__0")),
            ("_1", text("_1")),
            ("0x1F", "31".into()),
            ("0o17", "15".into()),
            ("0b11", "3".into()),
            ("0x", text("0x")),
            ("0x-1", text("0x-1")),
            ("--1", text("--1")),
            ("010", "10 float".into()),
            ("18446744073709551615", "18446744073709551615".into()),
            ("18446744073709551616", "18446744073709552000 float".into()),
            ("-9223372036854775808", "-9223372036854775808".into()),
            ("1.0", "1 float".into()),
            (".5", "0.5 float".into()),
            ("-1e3", "-1000 float".into()),
            ("1e999", "inf float".into()),
            ("-.inf", "-inf float".into()),
            (".NaN", "NaN float".into()),
            ("inf", text("inf")),
            ("nan", text("nan")),
            ("1_0.5", text("1_0.5")),
            ("1.2.3", text("1.2.3")),
            ("2024-01-02", text("2024-01-02")),
            ("12:30:45", text("12:30:45")),
            ("<<", text("<<")),
        ];
        for (written, expected) in rows {
            let scalar = |plain| Scalar { text: written.to_owned(), plain };
            let found = match scalar(true).value() {
                Value::Null => "null".into(),
                Value::Bool(value) => value.to_string(),
                Value::Unsigned(value) => value.to_string(),
                Value::Signed(value) => value.to_string(),
                Value::Float(value) => format!("{value} float"),
                Value::Text(text) => format!("text {text}"),
            };
            assert_eq!(found, expected, "{written}");
            assert!(matches!(scalar(false).value(), Value::Text(text) if text == written));
            assert!(!scalar(false).is_null());
        }
        let quoted = |text: &str| Scalar { text: text.to_owned(), plain: false };
        assert_eq!(
            (quoted(" 5 ").integer(), quoted("256").integer::<u8>(), quoted("-1").integer::<u8>()),
            (Some(5), None, None)
        );
        assert_eq!((quoted("1.5").float(), quoted("5").float(), quoted("").float()), (Some(1.5), Some(5.0), None));
        assert_eq!((quoted("no").bool(), quoted("2").bool()), (Some(false), None));
    }
}
