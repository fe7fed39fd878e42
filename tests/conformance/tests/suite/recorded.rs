//! What the real providers answered, relayed byte for byte and metered right.
//!
//! The recordings are a folder beside the repository, or named by `LLMIO_RECORDED`: one folder for each kind of
//! provider, with `NAME.json` (an answer) and `NAME.chunks.txt` (a stream, one payload a line). Without the folder the
//! few in `tests/fixtures/recorded`, in the same form, are all there is.

use std::path::{Path, PathBuf};

use llmio_conformance::client::Answer;
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form, StreamEnd};
use llmio_conformance::{Home, Setup, sse};
use llmio_upstream::{Behaviour, Dialect, Upstream, replay::Replay};
use serde_json::{Value, json};

const FOLDERS: [(&str, Dialect); 16] = [
    ("alibaba-chat", Dialect::Chat),
    ("compatible-chat", Dialect::Chat),
    ("deepseek-chat", Dialect::Chat),
    ("groq-chat", Dialect::Chat),
    ("mistral-chat", Dialect::Chat),
    ("moonshot-chat", Dialect::Chat),
    ("openai-chat", Dialect::Chat),
    ("perplexity-chat", Dialect::Chat),
    ("xai-chat", Dialect::Chat),
    ("azure-responses", Dialect::Responses),
    ("open-responses", Dialect::Responses),
    ("openai-responses", Dialect::Responses),
    ("xai-responses", Dialect::Responses),
    ("anthropic", Dialect::Anthropic),
    ("gemini", Dialect::Gemini),
    ("vertex", Dialect::Gemini),
];

/// Two sizes: one cuts inside events and characters, the other not at all.
pub(crate) const CHUNK_BYTES: [usize; 2] = [97, 1 << 20];

fn root() -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if let Some(path) = std::env::var_os("LLMIO_RECORDED") {
        return path.into();
    }
    let beside = repository.join("../shared/recorded");
    if beside.is_dir() { beside } else { repository.join("tests/fixtures/recorded") }
}

/// What one provider answered to one request.
pub(crate) struct Recording {
    pub(crate) file: PathBuf,
    pub(crate) dialect: Dialect,
}

/// All there are, in a fixed order.
pub(crate) fn all() -> Vec<Recording> {
    let mut all = Vec::new();
    for (folder, dialect) in FOLDERS {
        for file in recordings(&root().join(folder)) {
            let dialect = if is_chat(&file) { Dialect::Chat } else { dialect };
            all.push(Recording { file, dialect });
        }
    }
    assert!(!all.is_empty(), "no recordings in {}", root().display());
    all
}

impl Recording {
    /// Some recordings hold the answers to several requests, one behind the other.
    pub(crate) fn replays(&self, chunk_bytes: usize) -> Vec<Replay> {
        let all = Replay::from_file(&self.file, self.dialect, Some(chunk_bytes)).expect("a recording");
        if form(&all) == Form::Whole {
            return vec![all];
        }
        let (mut answers, mut ended) = (Vec::<String>::new(), true);
        for event in all.text().split_inclusive("\n\n") {
            match answers.last_mut() {
                Some(answer) if !ended => answer.push_str(event),
                _ => answers.push(event.to_owned()),
            }
            ended = is_terminal(event);
        }
        answers.into_iter().map(|answer| Replay { body: vec![answer.into()], ..all.clone() }).collect()
    }
}

/// Whether nothing follows this event in an answer.
fn is_terminal(event: &str) -> bool {
    ["message_stop", "response.completed", "response.incomplete", "response.failed"]
        .iter()
        .any(|kind| event.starts_with(&format!("event: {kind}\n")))
}

pub(crate) fn form(replay: &Replay) -> Form {
    if replay.content_type == "text/event-stream" { Form::Stream } else { Form::Whole }
}

/// Answers of this kind of provider; what is an error, or of another operation, is left out by its name.
fn recordings(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_answer = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !["error", "transcription", "embedding", "429"].iter().any(|part| name.contains(part))
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_answer).collect();
    files.sort();
    files
}

/// Some providers answer Chat at a Responses address, streamed or whole.
fn is_chat(file: &Path) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let object = serde_json::from_str::<Value>(&text).ok().and_then(|answer| answer.get("object").cloned());
    object == Some("chat.completion".into())
        || text.lines().next().is_some_and(|line| line.contains(r#""object":"chat.completion"#))
}

#[tokio::test]
async fn recorded_answers() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        config = config
            .upstream(dialect.as_str(), dialect, &upstream)
            .model(&format!("m-{}", dialect.as_str()), [association(dialect.as_str(), "any")]);
    }
    let home = Home::start(Setup::new(config)).await;
    let mut wrong = Vec::new();
    let recordings = all();
    for recording in &recordings {
        for chunk_bytes in CHUNK_BYTES {
            for (number, replay) in recording.replays(chunk_bytes).into_iter().enumerate() {
                if let Err(error) = check(&home, &upstream, recording.dialect, replay).await {
                    let file = recording.file.display();
                    wrong.push(format!("{file} answer {number} in chunks of {chunk_bytes}: {error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "of {} recordings are wrong:\n{}", recordings.len(), wrong.join("\n"));
}

async fn check(home: &Home, upstream: &Upstream, dialect: Dialect, replay: Replay) -> Result<(), String> {
    let recorded = replay.text();
    let form = form(&replay);
    upstream.next([Behaviour { replay: Some(replay), ..Behaviour::default() }]);
    let model = format!("m-{}", dialect.as_str());
    let mut body = dialect::body(dialect, &model, form);
    if dialect == Dialect::Chat && form.streams() {
        body["stream_options"] = json!({"include_usage": true});
    }
    let path = dialect::path(dialect, &model, form);
    let call = llmio_conformance::client::Call::post(&home.url(&path));
    let answer = dialect::authorized(call, dialect, dialect::KEY).json(&body).send().await;
    if answer.status != 200 {
        return Err(format!("status {}: {}", answer.status, answer.text()));
    }
    let own = Answer { body: recorded.clone().into(), ..answer.clone() };
    let complete = !form.streams() || dialect::stream_end(dialect, form, &own) == StreamEnd::Complete;
    if complete && answer.body != recorded.as_bytes() || !answer.body.starts_with(recorded.as_bytes()) {
        return Err(format!("{} bytes instead of {}", answer.body.len(), recorded.len()));
    }
    let row = home.trace(&answer.trace()).await.remove(0);
    let metered = Tokens::of_row(&row["usage"]);
    let expected = Tokens::of_recording(dialect, form, &recorded);
    // One recording is no JSON where its usage stands; the gateway may still find it.
    if metered != expected && expected != Tokens::default() {
        return Err(format!("metered {metered:?} instead of {expected:?}: {}", row["usage"]));
    }
    Ok(())
}

/// What every provider tells in some way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tokens {
    /// With everything from and to a cache.
    input: u64,
    cache_read: u64,
    /// With reasoning.
    output: u64,
}

impl Tokens {
    fn of_row(usage: &Value) -> Self {
        let number = |name: &str| usage[name].as_u64().unwrap_or_default();
        let written = number("cache_write_5m_tokens") + number("cache_write_1h_tokens");
        Self {
            input: number("input_tokens") + number("cache_read_tokens") + written,
            cache_read: number("cache_read_tokens"),
            output: number("output_tokens") + number("reasoning_tokens"),
        }
    }

    fn of_recording(dialect: Dialect, form: Form, recorded: &str) -> Self {
        let payloads: Vec<Value> = if form.streams() {
            sse::events(recorded).0.iter().map(sse::Event::json).collect()
        } else {
            vec![serde_json::from_str(recorded).unwrap_or_default()]
        };
        let last = |find: &dyn Fn(&Value) -> Value| {
            payloads.iter().map(find).rfind(|value| value.is_object()).unwrap_or_default()
        };
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        match dialect {
            Dialect::Chat => {
                let usage = last(&|payload| {
                    payload
                        .get("usage")
                        .filter(|it| it.is_object())
                        .cloned()
                        .unwrap_or_else(|| payload["x_groq"]["usage"].clone())
                });
                let prompt = number(&usage["prompt_tokens"]);
                let cached = [
                    &usage["prompt_tokens_details"]["cached_tokens"],
                    &usage["prompt_cache_hit_tokens"],
                    &usage["cached_tokens"],
                ];
                // Some vendors count reasoning beside the completion; the total always holds it.
                let total = usage["total_tokens"].as_u64().unwrap_or(prompt + number(&usage["completion_tokens"]));
                let cache_read = cached.into_iter().find_map(Value::as_u64).unwrap_or_default();
                Self { input: prompt, cache_read, output: total.saturating_sub(prompt) }
            }
            Dialect::Responses => {
                let usage = last(&|payload| {
                    if form.streams() { payload["response"]["usage"].clone() } else { payload["usage"].clone() }
                });
                Self {
                    input: number(&usage["input_tokens"]),
                    cache_read: number(&usage["input_tokens_details"]["cached_tokens"]),
                    output: number(&usage["output_tokens"]),
                }
            }
            Dialect::Anthropic => {
                // The later numbers are cumulative and may be absent. Every iteration of a message is billed, but its own
                // numbers are those of the answer alone: without compaction, advisor, or the model before a fallback.
                let used = |usage: &Value, name: &str| {
                    let iterations = usage["iterations"].as_array().into_iter().flatten();
                    let all = iterations.filter_map(|it| it[name].as_u64()).reduce(|sum, count| sum + count);
                    all.or_else(|| usage[name].as_u64())
                };
                let newest = |name: &str| {
                    let of = |payload: &Value| {
                        used(&payload["usage"], name).or_else(|| used(&payload["message"]["usage"], name))
                    };
                    payloads.iter().rev().find_map(of).unwrap_or_default()
                };
                let cache_read = newest("cache_read_input_tokens");
                Self {
                    input: newest("input_tokens") + cache_read + newest("cache_creation_input_tokens"),
                    cache_read,
                    output: newest("output_tokens"),
                }
            }
            Dialect::Gemini => {
                let usage = last(&|payload| {
                    payload
                        .get("usageMetadata")
                        .filter(|it| it["promptTokenCount"].is_u64())
                        .cloned()
                        .unwrap_or_default()
                });
                Self {
                    input: number(&usage["promptTokenCount"]) + number(&usage["toolUsePromptTokenCount"]),
                    cache_read: number(&usage["cachedContentTokenCount"]),
                    output: number(&usage["candidatesTokenCount"]) + number(&usage["thoughtsTokenCount"]),
                }
            }
        }
    }
}
