//! An association that cannot do what a request needs is not asked.

use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association, association_with};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// What makes a request need a capability: dialect, the fields to set, the capability.
fn rows() -> Vec<(Dialect, Value, Option<&'static str>)> {
    let url = format!("data:image/png;base64,{PIXEL}");
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let function = json!({"name": "f", "parameters": schema});
    let user = |content: Value| json!([{"role": "user", "content": content}]);
    vec![
        (Dialect::Chat, json!({"tools": [{"type": "function", "function": function}]}), Some("tool_call")),
        (Dialect::Chat, json!({"tools": []}), None),
        (
            Dialect::Chat,
            json!({"messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ]},
                {"role": "tool", "tool_call_id": "c", "content": "done"},
            ]}),
            Some("tool_call"),
        ),
        (Dialect::Chat, json!({"response_format": {"type": "text"}}), None),
        (Dialect::Chat, json!({"response_format": {"type": "json_object"}}), Some("structured_output")),
        (
            Dialect::Chat,
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}}),
            Some("structured_output"),
        ),
        (Dialect::Chat, json!({"messages": user(json!([{"type": "text", "text": "image_url"}]))}), None),
        (
            Dialect::Chat,
            json!({"messages": user(json!([{"type": "image_url", "image_url": {"url": url}}]))}),
            Some("image"),
        ),
        (
            Dialect::Responses,
            json!({"tools": [{"type": "function", "name": "f", "parameters": schema}]}),
            Some("tool_call"),
        ),
        (Dialect::Responses, json!({"tools": [{"type": "web_search"}]}), Some("tool_call")),
        (
            Dialect::Responses,
            json!({"input": [
                {"role": "user", "content": "hi"},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": "done"},
            ]}),
            Some("tool_call"),
        ),
        (Dialect::Responses, json!({"text": {"format": {"type": "text"}}}), None),
        (
            Dialect::Responses,
            json!({"text": {"format": {"type": "json_schema", "name": "s", "schema": schema}}}),
            Some("structured_output"),
        ),
        (Dialect::Responses, json!({"input": user(json!([{"type": "input_image", "image_url": url}]))}), Some("image")),
        (Dialect::Anthropic, json!({"tools": [{"name": "f", "input_schema": schema}]}), Some("tool_call")),
        (
            Dialect::Anthropic,
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
            Some("tool_call"),
        ),
        (
            Dialect::Anthropic,
            json!({"messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}]},
            ]}),
            Some("tool_call"),
        ),
        (
            Dialect::Anthropic,
            json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}}),
            Some("structured_output"),
        ),
        (
            Dialect::Anthropic,
            json!({"messages": user(json!([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}]))}),
            Some("image"),
        ),
        (Dialect::Gemini, json!({"tools": [{"functionDeclarations": [{"name": "f"}]}]}), Some("tool_call")),
        (Dialect::Gemini, json!({"tools": [{"function_declarations": [{"name": "f"}]}]}), Some("tool_call")),
        (Dialect::Gemini, json!({"tools": [{"googleSearch": {}}]}), Some("tool_call")),
        (
            Dialect::Gemini,
            json!({"contents": [
                {"role": "user", "parts": [{"text": "hi"}]},
                {"role": "model", "parts": [
                    {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "skip_thought_signature_validator"},
                ]},
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"done": true}}}]},
            ]}),
            Some("tool_call"),
        ),
        (
            Dialect::Gemini,
            json!({"generationConfig": {"responseMimeType": "application/json", "responseSchema": schema}}),
            Some("structured_output"),
        ),
        (Dialect::Gemini, json!({"generationConfig": {"responseMimeType": "text/plain"}}), None),
        (
            Dialect::Gemini,
            json!({"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": PIXEL}}]}]}),
            Some("image"),
        ),
        (
            Dialect::Gemini,
            json!({"contents": [{"parts": [{"inline_data": {"mime_type": "image/png", "data": PIXEL}}]}]}),
            Some("image"),
        ),
    ]
}

#[tokio::test]
async fn only_the_capable_are_asked() {
    let lacking = Upstream::with_key("sk-lacking").await.expect("a provider");
    let capable = Upstream::with_key("sk-capable").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        let (poor, rich) = (format!("poor-{}", dialect.as_str()), format!("rich-{}", dialect.as_str()));
        config = config.upstream(&poor, dialect, &lacking).upstream(&rich, dialect, &capable);
        for capability in ["tool_call", "structured_output", "image"] {
            let without = association_with(&poor, "ok", &json!({capability: false, "weight": 100}));
            let name = format!("{}-{capability}", dialect.as_str());
            config = config
                .model(&format!("pair-{name}"), [without.clone(), association(&rich, "ok")])
                .model(&format!("alone-{name}"), [without]);
        }
    }
    let home = Home::start(Setup::new(config)).await;
    for (dialect, fields, needs) in rows() {
        for capability in ["tool_call", "structured_output", "image"] {
            let needed = needs == Some(capability);
            for which in ["pair", "alone"] {
                lacking.clear_journal();
                let model = format!("{which}-{}-{capability}", dialect.as_str());
                let mut body = dialect::body(dialect, &model, Form::Whole);
                for (key, value) in fields.as_object().into_iter().flatten() {
                    body[key] = value.clone();
                }
                let url = home.url(&dialect::path(dialect, &model, Form::Whole));
                let answer = dialect::authorized(Call::post(&url), dialect, KEY).json(&body).send().await;
                let asked = lacking.exchanges().len();
                let case = format!("{dialect:?} {which} {capability}: {fields}");
                assert_eq!(asked, usize::from(!needed), "{case}");
                if needed && which == "alone" {
                    assert!((400..=503).contains(&answer.status), "{case}: {}", answer.text());
                    let message = dialect::error_message(dialect, &answer);
                    let word = capability.split('_').next().unwrap_or_default();
                    assert!(message.contains(word), "{case}: {message}");
                } else {
                    assert_eq!(answer.status, 200, "{case}: {}", answer.text());
                }
            }
        }
    }
}
