use serde_json::{Map, Value};

use crate::dialect::hub::Target;

/// What a request to count may say: whatever else concerns an answer alone, and is refused.
const MEMBERS: [&str; 10] = [
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "reasoning",
    "text",
    "truncation",
    "previous_response_id",
];

pub(super) fn request(body: &[u8], _: &Target<'_>) -> Vec<u8> {
    let Ok(mut members) = serde_json::from_slice::<Map<String, Value>>(body) else { return body.to_vec() };
    members.retain(|name, _| MEMBERS.contains(&name.as_str()));
    Value::Object(members).to_string().into_bytes()
}
