//! The table of `docs/fields.md`: what becomes of every field that the official SDKs know, found by sending each of the values
//! that its type names. `tests/sdk/fields.mjs` takes them out of the SDKs' types.

use std::fs;

use llmio_core::dialect::Dialect;
use llmio_core::testing::current_file;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer_fields;
use crate::bench::{self, others};

#[derive(Deserialize)]
pub(crate) struct Sdk {
    package: String,
    version: String,
    /// Of requests.
    fields: Vec<Field>,
    pub(crate) answers: Vec<Field>,
}

#[derive(Deserialize)]
pub(crate) struct Field {
    pub(crate) path: String,
    pub(crate) tries: Vec<Try>,
}

/// The members of a request or an answer that has the field, and of one that lacks nothing else.
#[derive(Deserialize)]
pub(crate) struct Try {
    pub(crate) body: Map<String, Value>,
    pub(crate) without: Map<String, Value>,
}

pub(crate) fn sdk(dialect: Dialect) -> Sdk {
    let path = format!("{}/../tests/fixtures/sdk/{dialect}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn request(dialect: Dialect, members: &Map<String, Value>) -> Value {
    let mut body = match dialect {
        Dialect::Gemini => json!({"contents": [{"role": "user", "parts": [{"text": "x"}]}]}),
        Dialect::OpenAiChat => json!({"model": "m", "messages": [{"role": "user", "content": "x"}]}),
        Dialect::OpenAiResponses => json!({"model": "m", "input": "x"}),
        Dialect::Anthropic => {
            json!({"model": "m", "max_tokens": 30000, "messages": [{"role": "user", "content": "x"}]})
        }
    };
    body.as_object_mut().unwrap().extend(members.clone());
    body
}

/// One that knows as much as there is to know.
pub(crate) const fn model_of(to: Dialect) -> &'static str {
    match to {
        Dialect::Gemini => "gemini-3-flash",
        Dialect::Anthropic => "claude-sonnet-4-5",
        Dialect::OpenAiChat | Dialect::OpenAiResponses => "gpt-5-search-api",
    }
}

/// What became of a field, in a word or two.
fn fate(from: Dialect, to: Dialect, it: &Try) -> String {
    let model = model_of(to);
    let told = bench::request(from, to, model, &request(from, &it.body));
    let (told, ledger) = match told {
        Err(refusal) => return format!("refused: `{}`", refusal.split(':').next().unwrap()),
        Ok(told) => told,
    };
    let (without, before) = match bench::request(from, to, model, &request(from, &it.without)) {
        Ok((body, ledger)) => (Some(body), ledger.entries().map(|(fate, code)| (fate, code.to_owned())).collect()),
        Err(_) => (None, Vec::new()),
    };
    let fates: Vec<String> = ledger
        .entries()
        .filter(|(fate, code)| !before.contains(&(*fate, (*code).to_owned())))
        .map(|(fate, code)| format!("{}: `{code}`", format!("{fate:?}").to_lowercase()))
        .collect();
    if !fates.is_empty() {
        return fates.join(", ");
    }
    if without.is_none_or(|without| without != told) {
        return "exact".to_owned();
    }
    // What is around it is told to be lost, and so is this.
    let (bare, _) = bench::request(from, to, model, &request(from, &Map::new())).unwrap();
    let around =
        ledger.entries().find(|_| bare == told).map(|(fate, code)| format!("{fate:?}: `{code}`").to_lowercase());
    around.unwrap_or_else(|| "silent".to_owned())
}

/// The fates of all fields, in the order of the SDK's. What is around a field may be told to be lost, and so is the field.
fn fates(from: Dialect, to: Dialect) -> Fates {
    let mut all = Fates::new();
    for field in sdk(from).fields {
        let around = all.iter().rfind(|(path, _)| {
            field.path.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with(['.', '[', '(']))
        });
        let lost =
            around.and_then(|(_, fates)| fates.iter().map(|(_, fate)| fate).find(|fate| fate.starts_with("dropped")));
        let told = |it: &Try| match fate(from, to, it) {
            silent if silent == "silent" => {
                let known = nothing_to_tell(&field.path, &Value::from(it.body.clone())).map(str::to_owned);
                known.or(lost.cloned()).unwrap_or(silent)
            }
            told => told,
        };
        let fates = field.tries.iter().map(|it| (Value::from(it.body.clone()), told(it))).collect();
        all.push((field.path, fates));
    }
    all
}

/// Values of a field that change nothing of a request, by how its path ends, with what is told of them.
const NOTHING_TO_TELL: [(&str, &str, &str); 49] = [
    // What is so anyway.
    ("prompt_cache_breakpoint.mode", "", DEFAULT),
    ("detail", "\"auto\"", DEFAULT),
    ("caller(direct)", "{\"type\":\"direct\"}", DEFAULT),
    ("featureSelectionPreference", "\"FEATURE_SELECTION_PREFERENCE_UNSPECIFIED\"", DEFAULT),
    ("format", "\"wav\"", DEFAULT),
    ("format(text)", "{\"type\":\"text\"}", DEFAULT),
    ("include[]", "[\"reasoning.encrypted_content\"]", DEFAULT),
    ("media_type", "\"text/plain\"", DEFAULT),
    ("modalities[]", "[\"text\"]", DEFAULT),
    ("mode", "\"MODE_UNSPECIFIED\"", DEFAULT),
    ("parallel_tool_calls", "true", DEFAULT),
    ("parameters", "{}", DEFAULT),
    ("input_schema(object)", "{\"type\":\"object\"}", DEFAULT),
    ("serviceTier", "\"unspecified\"", DEFAULT),
    ("service_tier", "\"auto\"", DEFAULT),
    ("external_web_access", "true", DEFAULT),
    ("search_context_size", "\"medium\"", DEFAULT),
    ("thinkingLevel", "\"THINKING_LEVEL_UNSPECIFIED\"", DEFAULT),
    ("truncation", "\"disabled\"", DEFAULT),
    ("allowed_callers[]", "[\"direct\"]", DEFAULT),
    ("messages[](assistant)", "", "a turn that says nothing"),
    ("systemInstruction", "{}", "a turn that says nothing"),
    ("systemInstruction[]", "[{}]", "a turn that says nothing"),
    // What the answer is written by.
    ("display", "", ANSWER),
    ("reasoning.summary", "", ANSWER),
    ("reasoning.generate_summary", "", ANSWER),
    ("includeThoughts", "", ANSWER),
    ("stream_options.include_usage", "true", ANSWER),
    ("stream_options.include_obfuscation", "true", "nothing is padded"),
    // Arguments are streamed as the provider writes them.
    ("eager_input_streaming", "true", ANSWER),
    ("streamFunctionCallArguments", "true", ANSWER),
    // Whom nobody keeps cannot be found again.
    ("(function_call).id", "", STATELESS),
    ("(function_call).status", "", STATELESS),
    ("(function_call_output).id", "", STATELESS),
    ("(function_call_output).status", "", STATELESS),
    ("(custom_tool_call).id", "", STATELESS),
    ("(custom_tool_call_output).id", "", STATELESS),
    ("(message).id", "", STATELESS),
    ("(message).status", "", STATELESS),
    // Told of the whole.
    ("user_location(approximate).city", "", LOCATION),
    ("user_location(approximate).country", "", LOCATION),
    ("user_location(approximate).region", "", LOCATION),
    ("user_location(approximate).timezone", "", LOCATION),
    // Told of the namespace.
    ("(namespace).description", "", "approximated: `tools.namespace`"),
    // An answer is always held to its schema there, and has no name.
    ("(json_schema).name", "", "exact"),
    ("json_schema.name", "", "exact"),
    ("strict", "true", "exact"),
    // The gateway would set a breakpoint there itself.
    ("(developer).content[](text).prompt_cache_breakpoint", "", "exact"),
    ("(system).content[](text).prompt_cache_breakpoint", "", "exact"),
];
const DEFAULT: &str = "default";
const LOCATION: &str = "dropped: `web_search.user_location`";
const ANSWER: &str = "seen in the answer";
const STATELESS: &str = "nothing is kept";

/// Whether a value of a field need not be told.
fn nothing_to_tell(path: &str, body: &Value) -> Option<&'static str> {
    let name = path.rsplit(['.']).next().unwrap().split(['(', '[']).next().unwrap();
    let body = body.to_string();
    let has = |value: &str| body.contains(&format!("\"{name}\":{value}"));
    let known = NOTHING_TO_TELL.iter().find(|(end, value, _)| path.ends_with(end) && has(value));
    known.map(|it| it.2).or_else(|| has("false").then_some(DEFAULT))
}

/// Where each field's values go: by its path, in a body, in a word.
pub(crate) type Fates = Vec<(String, Vec<(Value, String)>)>;

/// Fails on values that are neither told nor noted.
pub(crate) fn none_is_silent(fates: impl Fn(Dialect, Dialect) -> Fates) {
    let mut silent = Vec::new();
    for from in Dialect::ALL {
        for to in others(from) {
            for (path, fates) in fates(from, to) {
                for (body, _) in fates.iter().filter(|(_, fate)| fate == "silent") {
                    silent.push(format!("{from} → {to}: {path} in {body}"));
                }
            }
        }
    }
    assert!(silent.is_empty(), "{} are neither told nor noted:\n{}", silent.len(), silent.join("\n"));
}

#[test]
fn nothing_is_lost_silently() {
    none_is_silent(fates);
}

/// What several dialects have a field for, in the order of [`Dialect::ALL`]: it is never dropped or refused between them.
const COUNTERPARTS: [[Option<&str>; 4]; 15] = [
    [
        Some("max_completion_tokens"),
        Some("max_output_tokens"),
        Some("max_tokens"),
        Some("generationConfig.maxOutputTokens"),
    ],
    [Some("n"), None, None, Some("generationConfig.candidateCount")],
    [Some("temperature"), Some("temperature"), None, Some("generationConfig.temperature")],
    [Some("top_p"), Some("top_p"), None, Some("generationConfig.topP")],
    [Some("seed"), None, None, Some("generationConfig.seed")],
    [Some("frequency_penalty"), None, None, Some("generationConfig.frequencyPenalty")],
    [Some("presence_penalty"), None, None, Some("generationConfig.presencePenalty")],
    [Some("stop[]"), None, Some("stop_sequences[]"), Some("generationConfig.stopSequences[]")],
    [Some("reasoning_effort"), Some("reasoning.effort"), Some("output_config.effort"), None],
    [Some("user"), Some("user"), Some("metadata.user_id"), None],
    [Some("parallel_tool_calls"), Some("parallel_tool_calls"), None, None],
    [Some("metadata"), Some("metadata"), None, None],
    [Some("verbosity"), Some("text.verbosity"), None, None],
    [Some("prompt_cache_key"), Some("prompt_cache_key"), None, None],
    [Some("moderation"), Some("moderation"), None, None],
];

#[test]
fn what_both_have_is_not_dropped() {
    let mut lost = Vec::new();
    for (from, to) in Dialect::ALL.into_iter().flat_map(|from| others(from).map(move |to| (from, to))) {
        let place = |dialect| Dialect::ALL.iter().position(|it| *it == dialect).unwrap();
        let fates = fates(from, to);
        for row in COUNTERPARTS {
            let (Some(path), Some(_)) = (row[place(from)], row[place(to)]) else { continue };
            let (_, told) = fates.iter().find(|(it, _)| it == path).unwrap_or_else(|| panic!("{from} has no {path}"));
            let is_lost = |fate: &str| fate.starts_with("dropped") || fate.starts_with("refused");
            lost.extend(
                told.iter().filter(|(_, fate)| is_lost(fate)).map(|it| format!("{from} → {to}: {path} {it:?}")),
            );
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn every_field_has_a_row() {
    let mut table = "# Fields between dialects\n\nWhat becomes of each field that the official SDKs know, when a client that \
        sends it is answered by a provider of another dialect, and of each of an answer on its way back: found by sending each, with \
        every value that its type names. \
        See [Between dialects](dialects.md). `default` says what is so anyway.\n\n\
        <!-- UPDATE=1 cargo test -p llmio-core --test translate -->\n"
        .to_owned();
    for from in Dialect::ALL {
        let Sdk { package, version, .. } = sdk(from);
        let columns: Vec<_> = others(from).map(|to| (to, fates(from, to))).collect();
        let names: Vec<String> = columns.iter().map(|(to, _)| format!("to `{to}`")).collect();
        table += &format!(
            "\n## From `{from}` (`{package}` {version})\n\n| field | {} |\n|---|---|---|---|\n",
            names.join(" | ")
        );
        for (row, (path, _)) in columns[0].1.iter().enumerate() {
            table += &format!("| `{path}` |");
            for (_, fates) in &columns {
                let mut told: Vec<&str> = Vec::new();
                for (_, fate) in &fates[row].1 {
                    if !told.contains(&fate.as_str()) {
                        told.push(fate);
                    }
                }
                table += &format!(" {} |", told.join("; "));
            }
            table.push('\n');
        }
        table += &answer_fields::table(from);
    }
    current_file(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/fields.md"), &table);
}
