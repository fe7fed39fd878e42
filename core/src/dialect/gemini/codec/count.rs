use serde_json::{Map, Value, json};

use crate::dialect::hub::Target;

/// Where Google Cloud serves it, a count takes these as they are. Elsewhere it takes a whole request, which names its model.
const MEMBERS: [&str; 4] = ["contents", "systemInstruction", "tools", "generationConfig"];
const CLOUD: &str = "aiplatform.googleapis.com";

pub(super) fn request(body: &[u8], target: &Target<'_>) -> Vec<u8> {
    let Ok(mut members) = serde_json::from_slice::<Map<String, Value>>(body) else { return body.to_vec() };
    if target.host.ends_with(CLOUD) {
        members.retain(|name, _| MEMBERS.contains(&name.as_str()));
        return Value::Object(members).to_string().into_bytes();
    }
    let name = target.model.strip_prefix("models/").unwrap_or(target.model);
    members.insert("model".to_owned(), format!("models/{name}").into());
    json!({"generateContentRequest": members}).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_each_place() {
        let body = br#"{"contents":[],"safetySettings":[]}"#;
        let whole = r#"{"generateContentRequest":{"contents":[],"model":"models/g","safetySettings":[]}}"#;
        for (host, model, expected) in [
            ("generativelanguage.googleapis.com", "g", whole),
            ("generativelanguage.googleapis.com", "models/g", whole),
            ("europe-west1-aiplatform.googleapis.com", "g", r#"{"contents":[]}"#),
        ] {
            let target = Target { host, model, ..Target::default() };
            let found: Value = serde_json::from_slice(&request(body, &target)).unwrap();
            assert_eq!(found, serde_json::from_str::<Value>(expected).unwrap(), "{host} {model}");
        }
    }
}
