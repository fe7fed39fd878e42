//! Real providers' answers in another dialect: nothing of what they say, call or count may be lost.

use std::fs;
use std::path::PathBuf;

use llmio_core::dialect::Dialect;
use serde_json::Value;

use crate::bench::{self, others};
use crate::recordings::{OTHER_OPERATIONS, name, recordings, stream};

/// The text, the calls with their arguments, as an answer or a stream of a dialect has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    text: String,
    /// Name and arguments, the latter as JSON text while they come.
    calls: Vec<(String, String)>,
    /// The indexes by which Chat tells calls apart while they come.
    places: Vec<Value>,
}

impl Said {
    pub(crate) fn of_answer(dialect: Dialect, answer: &Value) -> Self {
        Self::of_choice(dialect, answer, 0)
    }

    /// What one of several choices says.
    pub(crate) fn of_choice(dialect: Dialect, answer: &Value, number: u64) -> Self {
        let mut said = Self::default();
        match dialect {
            Dialect::Anthropic => {
                for block in list(&answer["content"]) {
                    match block["type"].as_str() {
                        Some("text") => said.text += block["text"].as_str().unwrap(),
                        Some("tool_use") => {
                            // What a model wrote that is no JSON is told as it is.
                            let written = block["input"]["arguments"].as_str();
                            let broken = written.filter(|it| serde_json::from_str::<Value>(it).is_err());
                            said.call(&block["name"], broken.unwrap_or(&block["input"].to_string()));
                        }
                        _ => {}
                    }
                }
            }
            Dialect::OpenAiChat => said.chat(&choice(&answer["choices"], number)["message"], false),
            Dialect::OpenAiResponses => list(&answer["output"]).iter().for_each(|item| said.item(item)),
            Dialect::Gemini => said.gemini(choice(&answer["candidates"], number)),
        }
        said.settled()
    }

    pub(crate) fn of_stream(dialect: Dialect, payloads: &[Value]) -> Self {
        let mut said = Self::default();
        // A server's tools are not the client's calls.
        let mut call = Value::Null;
        for payload in payloads {
            match dialect {
                Dialect::Anthropic => {
                    let block = &payload["content_block"];
                    if block["type"] == "tool_use" {
                        call = payload["index"].clone();
                        said.call(&block["name"], "");
                        if block["input"].as_object().is_some_and(|it| !it.is_empty()) {
                            said.calls.last_mut().unwrap().1 = block["input"].to_string();
                        }
                    }
                    said.text += payload["delta"]["text"].as_str().unwrap_or_default();
                    let piece = payload["delta"]["partial_json"].as_str().filter(|_| payload["index"] == call);
                    if let Some(piece) = piece {
                        said.calls.last_mut().unwrap().1 += piece;
                    }
                }
                Dialect::OpenAiChat => said.chat(&choice(&payload["choices"], 0)["delta"], true),
                Dialect::OpenAiResponses if payload["type"] == "response.output_item.done" => {
                    // What was said in pieces stays said, though the whole, in one recording, is another.
                    let of_item = |it: &&Value| it["output_index"] == payload["output_index"];
                    let pieces = payloads.iter().filter(|it| it["type"] == "response.output_text.delta");
                    let pieces: String = pieces.filter(of_item).filter_map(|it| it["delta"].as_str()).collect();
                    let before = said.text.len();
                    said.item(&payload["item"]);
                    if !said.text[before..].starts_with(&pieces) {
                        said.text.replace_range(before.., &pieces);
                    }
                }
                Dialect::OpenAiResponses => {}
                Dialect::Gemini => said.gemini(choice(&payload["candidates"], 0)),
            }
        }
        said.settled()
    }

    fn chat(&mut self, message: &Value, is_delta: bool) {
        self.text += message["content"].as_str().unwrap_or_default();
        for part in list(&message["content"]) {
            self.text += part["text"].as_str().unwrap_or_default();
        }
        self.text += message["refusal"].as_str().unwrap_or_default();
        for call in list(&message["tool_calls"]) {
            let (tool, input) =
                if call["custom"].is_object() { ("custom", "input") } else { ("function", "arguments") };
            let arguments = call[tool][input].as_str().unwrap_or_default();
            let named = call[tool]["name"].as_str().filter(|name| !name.is_empty());
            match (named, is_delta) {
                (None, true) => {
                    let of_call = self.places.iter().rposition(|place| *place == call["index"]);
                    let last = self.calls.len() - 1;
                    self.calls[of_call.unwrap_or(last)].1 += arguments;
                }
                _ => {
                    self.call(&call[tool]["name"], arguments);
                    self.places.push(call["index"].clone());
                }
            }
        }
    }

    fn item(&mut self, item: &Value) {
        for part in list(&item["content"]).iter().filter(|_| item["type"] == "message") {
            self.text += part["text"].as_str().or(part["refusal"].as_str()).unwrap();
        }
        if item["type"] == "function_call" {
            self.call(&item["name"], item["arguments"].as_str().unwrap());
        }
        if item["type"] == "custom_tool_call" {
            self.call(&item["name"], item["input"].as_str().unwrap());
        }
    }

    fn gemini(&mut self, candidate: &Value) {
        for part in list(&candidate["content"]["parts"]) {
            if part["thought"] != true {
                self.text += part["text"].as_str().unwrap_or_default();
            }
            let call = &part["functionCall"];
            if call["name"].is_string() {
                // What a model wrote that is no JSON is told as it is.
                let broken = call["args"]["arguments"].as_str().filter(|it| serde_json::from_str::<Value>(it).is_err());
                let whole = || if call["args"].is_null() { "{}".to_owned() } else { call["args"].to_string() };
                self.call(&call["name"], &broken.map_or_else(whole, str::to_owned));
            }
            // Arguments may come value by value.
            for partial in list(&call["partialArgs"]) {
                let (_, arguments) = self.calls.last_mut().unwrap();
                let mut tree: Value = serde_json::from_str(arguments).unwrap();
                let mut place = &mut tree;
                let path =
                    partial["jsonPath"].as_str().unwrap().trim_start_matches("$.").replace('[', ".").replace(']', "");
                for step in path.split('.') {
                    place = match step.parse::<usize>() {
                        Ok(index) => {
                            if !place.is_array() {
                                *place = Value::Array(Vec::new());
                            }
                            let elements = place.as_array_mut().unwrap();
                            elements.resize(elements.len().max(index + 1), Value::Null);
                            &mut elements[index]
                        }
                        Err(_) => &mut place[step],
                    };
                }
                *place = match partial["stringValue"].as_str() {
                    Some(more) => format!("{}{more}", place.as_str().unwrap_or_default()).into(),
                    None => partial.get("numberValue").or(partial.get("boolValue")).cloned().unwrap_or_default(),
                };
                *arguments = tree.to_string();
            }
        }
    }

    fn call(&mut self, name: &Value, arguments: &str) {
        self.calls.push((name.as_str().unwrap().to_owned(), arguments.to_owned()));
    }

    /// With arguments as they are meant, however they were written.
    fn settled(mut self) -> Self {
        self.places.clear();
        for (_, arguments) in &mut self.calls {
            let text = if arguments.is_empty() { "{}" } else { arguments.as_str() };
            let tree = serde_json::from_str::<Value>(text);
            // A tool that takes any text is a function of one argument elsewhere.
            let only =
                tree.as_ref().ok().and_then(|it| it.as_object().filter(|it| it.len() == 1)?.get("input")?.as_str());
            *arguments = match (only, &tree) {
                (Some(input), _) => input.to_owned(),
                (None, Ok(tree)) => tree.to_string(),
                (None, Err(_)) => text.to_owned(),
            };
        }
        self
    }
}

/// The one of this number, if it is there. The first need not say that it is.
pub(crate) fn choice(choices: &Value, number: u64) -> &Value {
    let is = |choice: &&Value| choice["index"].as_u64().unwrap_or(0) == number;
    list(choices).iter().find(is).unwrap_or(&Value::Null)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[test]
fn recorded_answers() {
    let mut count = 0;
    for (dialect, path) in recordings().into_iter().flatten() {
        if !name(&path).ends_with(".json") || OTHER_OPERATIONS.contains(&name(&path)) {
            continue;
        }
        let body = fs::read(&path).unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        if answer["error"].is_object() {
            continue;
        }
        for client in others(dialect) {
            let (told, _) = bench::answer(dialect, client, &body);
            assert_eq!(
                Said::of_answer(client, &told),
                Said::of_answer(dialect, &answer),
                "{} {client}",
                path.display()
            );
            count += 1;
        }
    }
    eprintln!("{count} recorded answers translated");
}

/// The streams that end well: whose they are, where they stand, their events' data, and as they came.
pub(crate) fn complete_streams() -> impl Iterator<Item = (Dialect, PathBuf, Vec<Value>, Vec<u8>)> {
    let streams = recordings().into_iter().flatten().filter(|(_, path)| !name(path).ends_with(".json"));
    let first = streams.map(|(dialect, path)| {
        let (mut payloads, mut wire) = stream(dialect, &path);
        // Some recordings hold the messages of several requests; a gateway's stream ends with the first.
        let ends = ["message_stop", "response.completed"];
        if let Some(end) = payloads.iter().position(|payload| ends.iter().any(|it| payload["type"] == *it)) {
            payloads.truncate(end + 1);
            let events = String::from_utf8(wire).unwrap();
            wire = events.split_inclusive("\n\n").take(end + 1).collect::<String>().into_bytes();
        }
        (dialect, path, payloads, wire)
    });
    let fails = |payload: &Value| payload["type"] == "error" || payload["type"] == "response.failed";
    first.filter(move |(_, _, payloads, _)| !payloads.iter().any(fails))
}

#[test]
fn recorded_streams() {
    let mut count = 0;
    for (dialect, path, payloads, wire) in complete_streams() {
        for client in others(dialect) {
            let (whole, _) = bench::stream(dialect, client, &wire, std::iter::once(&wire[..]));
            let events = whole.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
            let told = Said::of_stream(client, &events.collect::<Vec<_>>());
            assert_eq!(told, Said::of_stream(dialect, &payloads), "{} {client}", path.display());
            for step in [1, 2, 61, 4096] {
                assert_eq!(bench::stream(dialect, client, &wire, wire.chunks(step)).0, whole, "{}", path.display());
            }
            count += 1;
        }
    }
    eprintln!("{count} recorded streams translated");
}
