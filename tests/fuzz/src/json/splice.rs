use bytes::Bytes;
use llmio_core::wire::json::{Edits, splice};
use rand::RngExt as _;
use serde_json::{Map, Value};

use super::reference::is_accepted;
use crate::cuts::chance;

const PATHS: [&str; 7] = ["a", "a.b", "a.b.c", "model", "stream_options.include_usage", "we\"ird.é", ""];
const VALUES: [&str; 6] = ["1", "\"m\"", "{\"b\":{\"x\":[]}}", "null", "[{}]", "true"];

/// What is spliced is what the same edits make of the document's tree.
pub(super) fn check(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    let is_object = is_accepted(data) && data.trim_ascii_start().first() == Some(&b'{');
    let unchanged = splice(&body, &Edits::default());
    assert_eq!(unchanged.is_ok(), is_object);
    assert!(unchanged.is_ok_and(|payload| payload.to_bytes() == body) || !is_object, "no edit changes nothing");

    let mut expected = serde_json::from_slice::<Value>(data);
    let mut edits = Edits::default();
    let mut rng = chance(data);
    for _ in 0..rng.random_range(1..=4) {
        let path = PATHS[rng.random_range(0..PATHS.len())];
        let value = VALUES[rng.random_range(0..VALUES.len())];
        edits.set(path, value);
        if let Ok(tree) = &mut expected {
            set(tree, path, serde_json::from_str(value).unwrap_or_default());
        }
    }
    let spliced = splice(&body, &edits);
    assert_eq!(spliced.is_ok(), is_object, "{edits:?}");
    if let (Ok(spliced), Ok(expected)) = (spliced, expected) {
        let text = spliced.to_bytes();
        let value = serde_json::from_slice::<Value>(&text);
        assert_eq!(value.ok(), Some(expected), "{} after {edits:?}", text.escape_ascii());
    }
}

fn set(tree: &mut Value, path: &str, value: Value) {
    if !tree.is_object() {
        *tree = Value::Object(Map::new());
    }
    let Value::Object(members) = tree else { return };
    match path.split_once('.') {
        None => drop(members.insert(path.to_owned(), value)),
        Some((key, rest)) => set(members.entry(key).or_insert_with(Value::default), rest, value),
    }
}
