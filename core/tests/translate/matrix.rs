//! The table of `docs/dialects.md`: what becomes of each element, found by sending it.

use llmio_core::dialect::Dialect;
use llmio_core::testing::current_file;
use serde_json::{Value, json};

use crate::bench::{self, others};
use crate::probes::responses;

/// An element, the client's dialect, the members that a request has with it, and what must be found on the other side
/// unless it is dropped or refused: one of several texts, since each dialect has its own words.
pub(crate) type Probe = (&'static str, Dialect, Value, &'static str);

#[expect(clippy::needless_pass_by_value, reason = "a table reads better without borrows")]
fn user(content: Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

fn messages() -> Vec<Probe> {
    let it = Dialect::Anthropic;
    let tools = json!([{"name": "needle", "description": "d", "input_schema": {"type": "object", "properties": {}}}]);
    let called = |result: Value| {
        json!({"messages": [
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "needle", "input": {"a": 1}}]},
            {"role": "user", "content": [result]}]})
    };
    let result = |content: Value| json!({"type": "tool_result", "tool_use_id": "t", "content": content});
    let image = |source: Value| json!({"type": "image", "source": source});
    let data = json!({"type": "base64", "media_type": "image/png", "data": "bmVlZGxl"});
    let said = |content: Value| {
        json!({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": content},
            {"role": "user", "content": "x"}]})
    };
    vec![
        ("system prompt", it, json!({"system": "needle"}), "needle"),
        ("text", it, user(json!([{"type": "text", "text": "needle"}])), "needle"),
        ("image as data", it, user(json!([image(data.clone())])), "bmVlZGxl"),
        (
            "image by URL",
            it,
            user(json!([image(json!({"type": "url", "url": "https://needle.example/a.png"}))])),
            "needle.example",
        ),
        (
            "PDF as data",
            it,
            user(
                json!([{"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "bmVlZGxl"}}]),
            ),
            "bmVlZGxl",
        ),
        (
            "PDF by URL",
            it,
            user(json!([{"type": "document", "source": {"type": "url", "url": "https://needle.example/a.pdf"}}])),
            "needle.example",
        ),
        (
            "document as text",
            it,
            user(
                json!([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "needle"}}]),
            ),
            "needle",
        ),
        ("uploaded file", it, user(json!([image(json!({"type": "file", "file_id": "file_1"}))])), ""),
        (
            "instructions in mid-conversation",
            it,
            json!({"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "needle"}]}),
            "needle",
        ),
        ("tools", it, json!({"tools": tools}), "needle"),
        (
            "web search",
            it,
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
            "web_search|googleSearch",
        ),
        (
            "web search: where, how often",
            it,
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 3,
                "allowed_domains": ["a.example"]}]}),
            "a.example",
        ),
        (
            "web search: about where the user is",
            it,
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search",
                "user_location": {"type": "approximate", "city": "needle"}}]}),
            "needle",
        ),
        (
            "searches of the web",
            it,
            said(json!([{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}, {"type": "text", "text": "x"}])),
            "",
        ),
        (
            "citations in earlier answers",
            it,
            said(json!([{"type": "text", "text": "x", "citations": [
            {"type": "web_search_result_location", "url": "https://needle.example/", "title": "t", "encrypted_index": "i",
                "cited_text": ""}]}])),
            "needle.example",
        ),
        (
            "other server tools",
            it,
            json!({"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]}),
            "",
        ),
        ("calls", it, called(result(json!("r"))), "needle"),
        ("results", it, called(result(json!("the result"))), "the result"),
        (
            "results that are errors",
            it,
            called(json!({"type": "tool_result", "tool_use_id": "t", "content": "the result", "is_error": true})),
            "the result",
        ),
        ("images in results", it, called(result(json!([image(data)]))), "bmVlZGxl"),
        (
            "tool choice: a tool",
            it,
            json!({"tools": tools, "tool_choice": {"type": "tool", "name": "needle"}}),
            "tool_choice|allowedFunctionNames",
        ),
        ("tool choice: any", it, json!({"tools": tools, "tool_choice": {"type": "any"}}), "\"required\"|ANY"),
        (
            "one call at a time",
            it,
            json!({"tools": tools, "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}}),
            "parallel_tool_calls",
        ),
        (
            "structured output",
            it,
            json!({"output_config": {"format": {"type": "json_schema", "schema": {"title": "needle"}}}}),
            "needle",
        ),
        ("`max_tokens`", it, json!({"max_tokens": 77}), "77"),
        ("`temperature`", it, json!({"temperature": 0.25}), "0.25"),
        ("`top_p`", it, json!({"top_p": 0.25}), "0.25"),
        ("`top_k`", it, json!({"top_k": 7}), "topK"),
        ("stop sequences", it, json!({"stop_sequences": ["needle"]}), "needle"),
        (
            "thinking: budget",
            it,
            json!({"thinking": {"type": "enabled", "budget_tokens": 8192}}),
            "reasoning_effort|\"effort\"|thinkingLevel|8192",
        ),
        (
            "thinking: adaptive",
            it,
            json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
            "high|HIGH",
        ),
        ("effort without thinking", it, json!({"output_config": {"effort": "low"}}), "low|LOW"),
        (
            "cache breakpoints",
            it,
            json!({"system": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}),
            "",
        ),
        ("user", it, json!({"metadata": {"user_id": "needle"}}), "needle"),
        ("service tier", it, json!({"service_tier": "standard_only"}), "service_tier|serviceTier"),
        ("a member that nobody knows", it, json!({"vendor_member": 1}), ""),
    ]
}

fn chat() -> Vec<Probe> {
    let it = Dialect::OpenAiChat;
    let tools = json!([{"type": "function", "function": {"name": "needle", "parameters": {"type": "object", "properties": {}}}}]);
    let called = json!({"messages": [
        {"role": "user", "content": "x"},
        {"role": "assistant", "tool_calls": [{"id": "t", "type": "function", "function": {"name": "needle", "arguments": "{\"a\":1}"}}]},
        {"role": "tool", "tool_call_id": "t", "content": "the result"}]});
    vec![
        (
            "system prompt",
            it,
            json!({"messages": [{"role": "system", "content": "needle"}, {"role": "user", "content": "x"}]}),
            "needle",
        ),
        (
            "developer prompt",
            it,
            json!({"messages": [{"role": "developer", "content": "needle"}, {"role": "user", "content": "x"}]}),
            "needle",
        ),
        ("text", it, user(json!("needle")), "needle"),
        (
            "image as data",
            it,
            user(json!([{"type": "image_url", "image_url": {"url": "data:image/png;base64,bmVlZGxl"}}])),
            "bmVlZGxl",
        ),
        (
            "image by URL",
            it,
            user(json!([{"type": "image_url", "image_url": {"url": "https://needle.example/a.png"}}])),
            "needle.example",
        ),
        (
            "PDF as data",
            it,
            user(
                json!([{"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,bmVlZGxl"}}]),
            ),
            "bmVlZGxl",
        ),
        ("uploaded file", it, user(json!([{"type": "file", "file": {"file_id": "file_1"}}])), ""),
        ("audio", it, user(json!([{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}])), "AAAA"),
        (
            "instructions in mid-conversation",
            it,
            json!({"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "needle"}]}),
            "needle",
        ),
        ("names of speakers", it, json!({"messages": [{"role": "user", "name": "ann", "content": "x"}]}), ""),
        ("tools", it, json!({"tools": tools}), "needle"),
        ("custom tools", it, json!({"tools": [{"type": "custom", "custom": {"name": "patch"}}]}), "patch"),
        (
            "citations in earlier answers",
            it,
            json!({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "x", "annotations": [
                {"type": "url_citation", "url_citation": {"url": "https://needle.example/", "title": "t",
                    "start_index": 0, "end_index": 1}}]}, {"role": "user", "content": "x"}]}),
            "needle.example",
        ),
        ("web search", it, json!({"web_search_options": {}}), "web_search|googleSearch"),
        ("calls", it, called.clone(), "needle"),
        ("results", it, called, "the result"),
        (
            "tool choice: a tool",
            it,
            json!({"tools": tools, "tool_choice": {"type": "function", "function": {"name": "needle"}}}),
            "tool_choice|allowedFunctionNames",
        ),
        ("tool choice: any", it, json!({"tools": tools, "tool_choice": "required"}), "\"any\"|\"required\"|ANY"),
        ("one call at a time", it, json!({"tools": tools, "parallel_tool_calls": false}), "parallel_tool"),
        (
            "structured output",
            it,
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"title": "needle"}}}}),
            "needle",
        ),
        (
            "some JSON object",
            it,
            json!({"response_format": {"type": "json_object"}}),
            "JSON object|json_object|application/json",
        ),
        ("`max_completion_tokens`", it, json!({"max_completion_tokens": 77}), "77"),
        ("`temperature`", it, json!({"temperature": 0.25}), "0.25"),
        ("`top_p`", it, json!({"top_p": 0.25}), "0.25"),
        ("`stop`", it, json!({"stop": "needle"}), "needle"),
        ("`seed`", it, json!({"seed": 7}), "seed"),
        ("penalties", it, json!({"frequency_penalty": 0.5, "presence_penalty": 0.5}), "frequencyPenalty"),
        ("`logit_bias`", it, json!({"logit_bias": {"1": 1}}), ""),
        ("`logprobs`", it, json!({"logprobs": true, "top_logprobs": 2}), "top_logprobs|responseLogprobs"),
        ("`n` above 1", it, json!({"n": 2}), "candidateCount"),
        ("`reasoning_effort`", it, json!({"reasoning_effort": "medium"}), "thinking|\"effort\""),
        ("`prompt_cache_key`", it, json!({"prompt_cache_key": "needle"}), "needle"),
        ("`verbosity`", it, json!({"verbosity": "low"}), "verbosity"),
        ("user", it, json!({"user": "needle"}), "needle"),
        ("service tier", it, json!({"service_tier": "default"}), "standard_only|service_tier|standard"),
        ("sound or pictures as an answer", it, json!({"modalities": ["text", "audio"]}), ""),
        ("a member that nobody knows", it, json!({"vendor_member": 1}), ""),
    ]
}

fn gemini() -> Vec<Probe> {
    let it = Dialect::Gemini;
    let user = |parts: Value| json!({"contents": [{"role": "user", "parts": parts}]});
    let config = |settings: Value| json!({"generationConfig": settings});
    let function = |schema: Value| json!([{"functionDeclarations": [{"name": "needle", "parameters": schema}]}]);
    let tools = function(json!({"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}));
    let called = |response: Value| {
        json!({"contents": [
            {"role": "user", "parts": [{"text": "x"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "needle", "args": {"a": 1}}}]},
            {"role": "user", "parts": [{"functionResponse": response}]}]})
    };
    let mode = |config: Value| json!({"tools": tools, "toolConfig": {"functionCallingConfig": config}});
    let result = json!({"name": "needle", "response": {"output": "the result"}});
    let image = json!({"inlineData": {"mimeType": "image/png", "data": "bmVlZGxl"}});
    vec![
        ("system instruction", it, json!({"systemInstruction": {"parts": [{"text": "needle"}]}}), "needle"),
        ("text", it, user(json!([{"text": "needle"}])), "needle"),
        ("image as data", it, user(json!([image])), "bmVlZGxl"),
        (
            "PDF as data",
            it,
            user(json!([{"inlineData": {"mimeType": "application/pdf", "data": "bmVlZGxl"}}])),
            "bmVlZGxl",
        ),
        ("text as data", it, user(json!([{"inlineData": {"mimeType": "text/plain", "data": "bmVlZGxl"}}])), "needle"),
        ("audio", it, user(json!([{"inlineData": {"mimeType": "audio/wav", "data": "bmVlZGxl"}}])), "bmVlZGxl"),
        ("video", it, user(json!([{"inlineData": {"mimeType": "video/mp4", "data": "bmVlZGxl"}}])), ""),
        (
            "image by public URL",
            it,
            user(json!([{"fileData": {"mimeType": "image/png", "fileUri": "https://needle.example/a.png"}}])),
            "needle.example",
        ),
        (
            "PDF by public URL",
            it,
            user(json!([{"fileData": {"mimeType": "application/pdf", "fileUri": "https://needle.example/a.pdf"}}])),
            "needle.example",
        ),
        (
            "uploaded file",
            it,
            user(json!([{"fileData": {"mimeType": "image/png", "fileUri": "gs://bucket/a.png"}}])),
            "",
        ),
        ("functions", it, json!({"tools": tools}), "needle"),
        (
            "functions: `parametersJsonSchema`",
            it,
            json!({"tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"title": "needle"}}]}]}),
            "needle",
        ),
        (
            "functions: `response`",
            it,
            json!({"tools": [{"functionDeclarations": [{"name": "f", "response": {"type": "STRING"}}]}]}),
            "",
        ),
        ("web search", it, json!({"tools": [{"googleSearch": {}}]}), "web_search"),
        (
            "web search beside functions",
            it,
            json!({"tools": [{"googleSearch": {}, "functionDeclarations": [{"name": "f"}]}]}),
            "web_search",
        ),
        ("other tools of Google's", it, json!({"tools": [{"codeExecution": {}}]}), ""),
        ("calls", it, called(result.clone()), "needle"),
        ("results", it, called(result), "the result"),
        (
            "results that are errors",
            it,
            called(json!({"name": "needle", "response": {"error": "the result"}})),
            "the result",
        ),
        (
            "images in results",
            it,
            called(json!({"name": "needle", "response": {"output": "x"}, "parts": [image]})),
            "bmVlZGxl",
        ),
        (
            "what code execution said",
            it,
            json!({"contents": [{"role": "model", "parts": [{"codeExecutionResult": {}}]}]}),
            "",
        ),
        ("calling: `ANY`", it, mode(json!({"mode": "ANY"})), "required|any"),
        ("calling: `NONE`", it, mode(json!({"mode": "NONE"})), "none"),
        ("calling: `VALIDATED`", it, mode(json!({"mode": "VALIDATED"})), "auto"),
        ("calling: one function", it, mode(json!({"mode": "ANY", "allowedFunctionNames": ["needle"]})), "tool_choice"),
        (
            "calling: some functions",
            it,
            mode(json!({"mode": "ANY", "allowedFunctionNames": ["needle", "other"]})),
            "required|any",
        ),
        (
            "`responseSchema`",
            it,
            config(
                json!({"responseMimeType": "application/json", "responseSchema": {"type": "OBJECT", "title": "needle"}}),
            ),
            "needle",
        ),
        (
            "`responseJsonSchema`",
            it,
            config(json!({"responseMimeType": "application/json", "responseJsonSchema": {"title": "needle"}})),
            "needle",
        ),
        ("some JSON", it, config(json!({"responseMimeType": "application/json"})), "JSON object|json_object"),
        ("`maxOutputTokens`", it, config(json!({"maxOutputTokens": 77})), "77"),
        ("`temperature`", it, config(json!({"temperature": 0.25})), "0.25"),
        ("`topP`", it, config(json!({"topP": 0.25})), "0.25"),
        ("`topK`", it, config(json!({"topK": 7})), "\"top_k\":7"),
        ("`stopSequences`", it, config(json!({"stopSequences": ["needle"]})), "needle"),
        ("`seed`", it, config(json!({"seed": 7})), "seed"),
        ("penalties", it, config(json!({"frequencyPenalty": 0.5, "presencePenalty": 0.5})), "frequency_penalty"),
        ("`candidateCount` above 1", it, config(json!({"candidateCount": 2})), "\"n\":2"),
        ("`responseLogprobs`", it, config(json!({"responseLogprobs": true, "logprobs": 2})), "top_logprobs"),
        (
            "`thinkingBudget`",
            it,
            config(json!({"thinkingConfig": {"thinkingBudget": 8192}})),
            "reasoning_effort|\"effort\"|budget_tokens",
        ),
        ("`thinkingLevel`", it, config(json!({"thinkingConfig": {"thinkingLevel": "LOW"}})), "low|budget_tokens"),
        ("sound or pictures as an answer", it, config(json!({"responseModalities": ["AUDIO"]})), ""),
        ("`mediaResolution`", it, config(json!({"mediaResolution": "MEDIA_RESOLUTION_LOW"})), ""),
        ("`safetySettings`", it, json!({"safetySettings": [{}]}), ""),
        ("`cachedContent`", it, json!({"cachedContent": "cachedContents/1"}), ""),
        ("`labels`", it, json!({"labels": {"a": "b"}}), ""),
        ("service tier", it, json!({"serviceTier": "standard"}), "standard_only|service_tier"),
        ("a member that nobody knows", it, json!({"vendorMember": 1}), ""),
    ]
}

/// What became of a probe, in a word or two.
fn fate((name, from, members, needle): &Probe, to: Dialect) -> String {
    let mut body = match from {
        Dialect::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}]}),
        Dialect::OpenAiChat => json!({"model": "m", "messages": [{"role": "user", "content": "x"}]}),
        Dialect::OpenAiResponses => json!({"model": "m", "input": "x"}),
        Dialect::Anthropic => {
            json!({"model": "m", "max_tokens": 30000, "messages": [{"role": "user", "content": "x"}]})
        }
    };
    let model = crate::fields::model_of(to);
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let (told, ledger) = match bench::request(*from, to, model, &body) {
        Err(refusal) => return format!("refused: `{}`", refusal.split(':').next().unwrap()),
        Ok(told) => told,
    };
    let ledger = ledger.to_string().replace("; added=cache_control", "").replace("added=cache_control", "");
    let text = told.to_string();
    let arrives = needle.split('|').any(|needle| !needle.is_empty() && text.contains(needle));
    assert!(
        arrives != ledger.contains("dropped="),
        "{from} → {to}, {name}: neither arrives nor is told: {told} {ledger}"
    );
    match ledger.split_once('=') {
        None => "exact".to_owned(),
        Some((fate, codes)) => format!("{fate}: `{codes}`"),
    }
}

#[test]
fn what_becomes_of_each_element() {
    let mut table = String::new();
    let all = [
        (Dialect::Anthropic, messages()),
        (Dialect::OpenAiChat, chat()),
        (Dialect::OpenAiResponses, responses()),
        (Dialect::Gemini, gemini()),
    ];
    for (from, probes) in all {
        for to in others(from) {
            table += &format!("\n### From `{from}` to `{to}`\n\n| element | becomes |\n|---|---|\n");
            for probe in &probes {
                table += &format!("| {} | {} |\n", probe.0, fate(probe, to));
            }
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/dialects.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (before, rest) = document.split_once("<!-- the matrix").unwrap();
    let (mark, rest) = rest.split_once("-->\n").unwrap();
    let (_, behind) = rest.split_once("<!-- end -->").unwrap();
    current_file(path, &format!("{before}<!-- the matrix{mark}-->\n{table}\n<!-- end -->{behind}"));
}
