//! Values on their way to D1 and back, as JSON.

use std::fmt::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use llmio_core::platform::Value;
use serde_json::json;

use super::sql::{Token, tokens};

/// Past these JavaScript's numbers are not exact.
const EXACT: std::ops::RangeInclusive<i64> = -(1 << 53)..=1 << 53;

/// A statement with its parameters.
pub(super) type Bound<'a> = (String, &'a [Value]);

/// The statements as `d1` of glue.js takes them.
pub(super) fn request(statements: &[Bound<'_>]) -> String {
    let statements: Vec<_> =
        statements.iter().map(|(sql, params)| json!([sql, params.iter().map(param).collect::<Vec<_>>()])).collect();
    serde_json::Value::from(statements).to_string()
}

fn param(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(integer) if EXACT.contains(integer) => json!(integer),
        Value::Integer(integer) => json!(integer.to_string()),
        Value::Real(real) => json!(real),
        Value::Text(text) if text.contains('\0') => json!(text.replace('\0', "\u{fffd}")),
        Value::Text(text) => json!(text),
        Value::Blob(blob) => json!({ "blob": STANDARD.encode(blob) }),
    }
}

/// Casts the numbers among the parameters to what they are. The error says that there are too many or too few.
pub(super) fn cast(sql: &str, params: &[Value]) -> Result<String, String> {
    let mut out = String::with_capacity(sql.len() + params.len() * 18);
    let mut copied = 0;
    let mut most = 0;
    for (token, place) in tokens(sql) {
        let Token::Parameter(number) = token else { continue };
        most = most.max(number);
        let kind = match number.checked_sub(1).and_then(|index| params.get(index)) {
            Some(Value::Integer(_)) => "INTEGER",
            Some(Value::Real(_)) => "REAL",
            _ => continue,
        };
        // Writing to a String cannot fail.
        let _ = write!(out, "{}CAST({} AS {kind})", &sql[copied..place.start], &sql[place.clone()]);
        copied = place.end;
    }
    if most != params.len() {
        return Err(format!("the statement has {most} parameters and was given {}", params.len()));
    }
    out.push_str(&sql[copied..]);
    Ok(out)
}

/// The SELECT with each integer as the text `i…` and each text as `t…`; other values say themselves what they are.
pub(super) fn marking(select: &str, columns: usize) -> String {
    let names = (0..columns).map(|index| format!("c{index}")).collect::<Vec<_>>();
    let marked = names
        .iter()
        .map(|it| {
            format!("CASE typeof({it}) WHEN 'integer' THEN 'i'||{it} WHEN 'text' THEN 't'||{it} ELSE {it} END AS {it}")
        })
        .collect::<Vec<_>>();
    format!("WITH marked({}) AS ({select}) SELECT {} FROM marked", names.join(","), marked.join(","))
}

/// A value of a marked SELECT.
pub(super) fn marked(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::String(text) => match (text.strip_prefix('i').map(str::parse), text.strip_prefix('t')) {
            (Some(Ok(integer)), _) => Value::Integer(integer),
            (_, Some(rest)) => Value::Text(rest.to_owned()),
            _ => Value::Text(text),
        },
        serde_json::Value::Number(number) => Value::Real(number.as_f64().unwrap_or_default()),
        other => plain(other),
    }
}

/// A value of any other statement.
pub(super) fn plain(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null | serde_json::Value::Object(_) => Value::Null,
        serde_json::Value::Bool(is) => Value::Integer(is.into()),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Value::Integer(integer),
            None => Value::Real(number.as_f64().unwrap_or_default()),
        },
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(bytes) => {
            let byte = |byte: &serde_json::Value| byte.as_u64().and_then(|byte| u8::try_from(byte).ok());
            Value::Blob(bytes.iter().map(|it| byte(it).unwrap_or_default()).collect())
        }
    }
}
