//! Clients of one dialect before providers of another: a call of a tool, its result, the answer.

use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form, KEY, StreamEnd};
use llmio_conformance::{Home, Setup, sse};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

/// The client's dialect and the provider's.
const PAIRS: [(Dialect, Dialect); 12] = [
    (Dialect::Anthropic, Dialect::Chat),
    (Dialect::Anthropic, Dialect::Gemini),
    (Dialect::Anthropic, Dialect::Responses),
    (Dialect::Chat, Dialect::Anthropic),
    (Dialect::Chat, Dialect::Gemini),
    (Dialect::Chat, Dialect::Responses),
    (Dialect::Gemini, Dialect::Anthropic),
    (Dialect::Gemini, Dialect::Chat),
    (Dialect::Gemini, Dialect::Responses),
    (Dialect::Responses, Dialect::Anthropic),
    (Dialect::Responses, Dialect::Chat),
    (Dialect::Responses, Dialect::Gemini),
];

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for provider in Dialect::ALL {
        let name = provider.as_str();
        config = config.upstream(name, provider, &upstream);
        for model in ["tool:get_weather", "fault:429", "fault:cut-after-token"] {
            config = config.model(&format!("{name}-{model}"), [association(name, model)]);
        }
    }
    (Home::start(Setup::new(config)).await, upstream)
}

/// A request with a tool, and further turns.
fn body(client: Dialect, model: &str, form: Form, more: &[Value]) -> Value {
    let mut body = dialect::body(client, model, form);
    let schema = json!({"type": "object", "properties": {"place": {"type": "string"}}});
    body["tools"] = match client {
        Dialect::Anthropic => json!([{"name": "get_weather", "input_schema": schema}]),
        Dialect::Responses => {
            json!([{"type": "function", "name": "get_weather", "strict": false, "parameters": schema}])
        }
        Dialect::Gemini => json!([{"functionDeclarations": [{"name": "get_weather", "parameters": schema}]}]),
        _ => json!([{"type": "function", "function": {"name": "get_weather", "parameters": schema}}]),
    };
    if client == Dialect::Chat && form.streams() {
        body["stream_options"] = json!({"include_usage": true});
    }
    if client == Dialect::Responses {
        let mut input = vec![json!({"role": "user", "content": "Hi"})];
        input.extend_from_slice(more);
        body["input"] = json!(input);
    } else {
        let turns = if client == Dialect::Gemini { "contents" } else { "messages" };
        body[turns].as_array_mut().unwrap().extend_from_slice(more);
    }
    body
}

async fn ask(home: &Home, client: Dialect, model: &str, form: Form, body: &Value) -> Answer {
    let call = Call::post(&home.url(&dialect::path(client, model, form)));
    dialect::authorized(call, client, KEY).json(body).send().await
}

/// The client's message of an answer, as its SDK would put it together: the assistant's turn. Of Responses, its last item.
fn message(client: Dialect, form: Form, answer: &Answer) -> Value {
    if client == Dialect::Responses {
        let response = if form.streams() {
            let text = answer.text();
            sse::events(&text).0.last().unwrap().json()["response"].clone()
        } else {
            answer.json()
        };
        return response["output"].as_array().unwrap().last().unwrap().clone();
    }
    if form == Form::Whole {
        let whole = answer.json();
        return match client {
            Dialect::Anthropic => json!({"role": "assistant", "content": whole["content"]}),
            Dialect::Gemini => whole["candidates"][0]["content"].clone(),
            _ => whole["choices"][0]["message"].clone(),
        };
    }
    let text = answer.text();
    let events: Vec<Value> =
        sse::events(&text).0.iter().filter(|it| it.data.starts_with('{')).map(sse::Event::json).collect();
    if client == Dialect::Gemini {
        let parts = |event: &Value| event["candidates"][0]["content"]["parts"].as_array().cloned().unwrap_or_default();
        return json!({"role": "model", "parts": events.iter().flat_map(parts).collect::<Vec<_>>()});
    }
    let (mut words, mut call, mut arguments) = (String::new(), Value::Null, String::new());
    for event in &events {
        let delta = if client == Dialect::Anthropic { &event["delta"] } else { &event["choices"][0]["delta"] };
        words += delta["text"].as_str().or(delta["content"].as_str()).unwrap_or_default();
        arguments += delta["partial_json"].as_str().unwrap_or_default();
        arguments += delta["tool_calls"][0]["function"]["arguments"].as_str().unwrap_or_default();
        if event["content_block"]["type"] == "tool_use" {
            call = event["content_block"].clone();
        }
        if delta["tool_calls"][0]["id"].is_string() {
            call = delta["tool_calls"][0].clone();
        }
    }
    if call.is_null() {
        return json!({"role": "assistant", "content": words});
    }
    if client == Dialect::Anthropic {
        call["input"] = serde_json::from_str(&arguments).unwrap();
        return json!({"role": "assistant", "content": [call]});
    }
    call["function"]["arguments"] = json!(arguments);
    json!({"role": "assistant", "content": null, "tool_calls": [call]})
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_comes_back() {
    let (home, upstream) = bed().await;
    for (client, provider) in PAIRS {
        for form in Form::BOTH {
            let model = format!("{}-tool:get_weather", provider.as_str());
            let first = ask(&home, client, &model, form, &body(client, &model, form, &[])).await;
            assert_eq!(first.status, 200, "{}", first.text());
            let header = first.header("x-llmio-translation").unwrap_or_default().to_owned();
            assert!(header.starts_with(&format!("to={}", provider.as_str())), "{client:?} {form:?}: {header}");
            if form.streams() {
                assert_eq!(dialect::stream_end(client, form, &first), StreamEnd::Complete, "{}", first.text());
            }
            let said = message(client, form, &first);
            let result = match client {
                Dialect::Anthropic => {
                    assert_eq!(said["content"][0]["name"], "get_weather", "{said}");
                    json!({"role": "user", "content": [
                        {"type": "tool_result", "tool_use_id": said["content"][0]["id"], "content": "sunny"}]})
                }
                Dialect::Responses => {
                    assert_eq!(said["name"], "get_weather", "{said}");
                    json!({"type": "function_call_output", "call_id": said["call_id"], "output": "sunny"})
                }
                Dialect::Gemini => {
                    assert_eq!(said["parts"][0]["functionCall"]["name"], "get_weather", "{said}");
                    json!({"role": "user", "parts": [
                        {"functionResponse": {"name": "get_weather", "response": {"output": "sunny"}}}]})
                }
                _ => {
                    assert_eq!(said["tool_calls"][0]["function"]["name"], "get_weather", "{said}");
                    json!({"role": "tool", "tool_call_id": said["tool_calls"][0]["id"], "content": "sunny"})
                }
            };
            let second = ask(&home, client, &model, form, &body(client, &model, form, &[said, result])).await;
            assert_eq!(second.status, 200, "{}", second.text());
            let said = message(client, form, &second).to_string();
            assert!(said.contains("quick brown fox") || said.len() > 40, "{client:?} {form:?}: {said}");
        }
    }
    // The provider is strict: it has refused nothing.
    assert!(upstream.exchanges().iter().all(|exchange| exchange.status == Some(200)));
}

#[tokio::test]
async fn errors_come_in_the_clients_form() {
    let (home, _upstream) = bed().await;
    for (client, provider) in PAIRS {
        let model = format!("{}-fault:429", provider.as_str());
        let limited = ask(&home, client, &model, Form::Whole, &dialect::body(client, &model, Form::Whole)).await;
        assert_eq!(limited.status, 429, "{}", limited.text());
        dialect::error_message(client, &limited);
        let model = format!("{}-fault:cut-after-token", provider.as_str());
        let cut = ask(&home, client, &model, Form::Stream, &dialect::body(client, &model, Form::Stream)).await;
        assert!(matches!(dialect::stream_end(client, Form::Stream, &cut), StreamEnd::Error(_)), "{}", cut.text());
    }
}

#[tokio::test]
async fn a_model_list_names_what_translation_reaches() {
    let (home, _upstream) = bed().await;
    let list = dialect::authorized(Call::get(&home.url("/anthropic/v1/models")), Dialect::Anthropic, KEY).send().await;
    let names: Vec<_> = list.json()["data"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    for provider in Dialect::ALL {
        assert!(names.contains(&json!(format!("{}-tool:get_weather", provider.as_str()))), "{names:?}");
    }
    let list = dialect::authorized(Call::get(&home.url("/gemini/v1beta/models")), Dialect::Gemini, KEY).send().await;
    let names: Vec<_> = list.json()["models"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    for provider in Dialect::ALL {
        assert!(names.contains(&json!(format!("models/{}-tool:get_weather", provider.as_str()))), "{names:?}");
    }
}
