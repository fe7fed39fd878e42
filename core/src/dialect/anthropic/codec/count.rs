use serde_json::{Map, Value};

use crate::dialect::hub::Target;

/// What a request to count may say: whatever else concerns an answer alone, and is refused.
const MEMBERS: [&str; 7] = ["model", "messages", "system", "tools", "tool_choice", "thinking", "output_config"];

pub(super) fn request(body: &[u8], _: &Target<'_>) -> Vec<u8> {
    let Ok(members) = serde_json::from_slice::<Map<String, Value>>(body) else { return body.to_vec() };
    let asked: Map<_, _> = members.into_iter().filter(|(name, _)| MEMBERS.contains(&name.as_str())).collect();
    Value::Object(asked).to_string().into_bytes()
}
