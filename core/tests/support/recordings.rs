//! Real providers' recorded answers, where they are at hand: in the folder that `LLMIO_RECORDED` names, or in
//! `shared/recorded` beside the project.

use std::fs;
use std::path::{Path, PathBuf};

use llmio_core::dialect::Dialect;
use serde_json::Value;

const FOLDERS: [(&str, Dialect); 15] = [
    ("openai-chat", Dialect::OpenAiChat),
    ("compatible-chat", Dialect::OpenAiChat),
    ("deepseek-chat", Dialect::OpenAiChat),
    ("xai-chat", Dialect::OpenAiChat),
    ("mistral-chat", Dialect::OpenAiChat),
    ("groq-chat", Dialect::OpenAiChat),
    ("alibaba-chat", Dialect::OpenAiChat),
    ("moonshot-chat", Dialect::OpenAiChat),
    ("perplexity-chat", Dialect::OpenAiChat),
    ("openai-responses", Dialect::OpenAiResponses),
    ("azure-responses", Dialect::OpenAiResponses),
    ("xai-responses", Dialect::OpenAiResponses),
    ("open-responses", Dialect::OpenAiResponses),
    ("anthropic", Dialect::Anthropic),
    ("gemini", Dialect::Gemini),
];

/// Answers of other operations that lie in the same folders.
pub(crate) const OTHER_OPERATIONS: [&str; 2] = ["groq-transcription-text.json", "mistral-transcription.json"];

pub(crate) fn recordings() -> Option<Vec<(Dialect, PathBuf)>> {
    let root = std::env::var_os("LLMIO_RECORDED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/recorded"), PathBuf::from);
    if !root.is_dir() {
        eprintln!("no recorded answers at {}; nothing to compare with", root.display());
        return None;
    }
    let mut found = Vec::new();
    for (folder, dialect) in FOLDERS {
        let Ok(entries) = fs::read_dir(root.join(folder)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            // Azure's chat models were recorded beside its responses.
            let dialect = if name(&path).starts_with("azure-deepseek") { Dialect::OpenAiChat } else { dialect };
            found.push((dialect, path));
        }
    }
    found.sort_by(|(_, a), (_, b)| a.cmp(b));
    assert!(!found.is_empty(), "{} holds no recordings", root.display());
    Some(found)
}

pub(crate) fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// The payloads of a recorded stream, and the stream as on the wire.
pub(crate) fn stream(dialect: Dialect, path: &Path) -> (Vec<Value>, Vec<u8>) {
    let text = fs::read_to_string(path).unwrap();
    if name(path).ends_with(".sse") {
        let payloads = text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
        return (payloads.collect(), text.into_bytes());
    }
    let (mut payloads, mut wire) = (Vec::new(), String::new());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        // One recording lost the last brace of two events.
        let payload: Value =
            serde_json::from_str(line).or_else(|_| serde_json::from_str(&format!("{line}}}"))).unwrap();
        if matches!(dialect, Dialect::Anthropic | Dialect::OpenAiResponses) {
            wire += &format!("event: {}\n", payload["type"].as_str().unwrap());
        }
        wire += &format!("data: {line}\n\n");
        payloads.push(payload);
    }
    if dialect == Dialect::OpenAiChat {
        wire += "data: [DONE]\n\n";
    }
    (payloads, wire.into_bytes())
}
