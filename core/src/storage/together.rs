//! Rows that travel together: as JSON in one parameter, for where each statement has its price.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::platform::Value;

/// Of text in one parameter; D1 takes 2,000,000.
pub(super) const MAX_BYTES: usize = 1_500_000;

/// A row as JSON. A blob becomes hexadecimal digits, for `unhex`.
pub(super) fn row(values: impl IntoIterator<Item = Value>) -> String {
    Json::Array(values.into_iter().map(cell).collect()).to_string()
}

/// With what the contract of databases says of U+0000.
fn cell(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Integer(integer) => integer.into(),
        Value::Real(real) => real.into(),
        Value::Text(text) if text.contains('\0') => text.replace('\0', "\u{fffd}").into(),
        Value::Text(text) => text.into(),
        Value::Blob(bytes) => hexadecimal(&bytes).into(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The rows in as few parameters for `json_each` as hold them, in their order.
pub(super) fn parameters(rows: impl IntoIterator<Item = String>) -> Vec<Value> {
    let mut parameters = Vec::new();
    let mut open = String::new();
    for row in rows {
        if !open.is_empty() && open.len() + row.len() > MAX_BYTES {
            parameters.push(close(&mut open));
        }
        open.push(if open.is_empty() { '[' } else { ',' });
        open.push_str(&row);
    }
    if !open.is_empty() {
        parameters.push(close(&mut open));
    }
    parameters
}

fn close(open: &mut String) -> Value {
    open.push(']');
    std::mem::take(open).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_share_parameters_up_to_their_size() {
        let rows = [row([1.into(), Value::Blob(vec![0, 255])]), row([Value::Null, 2.0.into(), "a\0".into()])];
        assert_eq!(parameters(rows), [Value::from(r#"[[1,"00ff"],[null,2.0,"a�"]]"#)]);
        assert_eq!(parameters([]), []);
        let large = "x".repeat(MAX_BYTES / 2);
        let sizes: Vec<usize> = parameters(["1".to_owned(), large.clone(), large, "2".repeat(MAX_BYTES + 1)])
            .iter()
            .map(|parameter| if let Value::Text(text) = parameter { text.len() } else { 0 })
            .collect();
        assert_eq!(sizes, [MAX_BYTES / 2 + 4, MAX_BYTES / 2 + 2, MAX_BYTES + 3]);
    }
}
