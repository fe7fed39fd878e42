use core::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue};

use crate::answer::{self, Asked};
use crate::route::{Operation, Route};
use crate::script::{Scripts, Subject};
use crate::strict::{self, Accepted};
use crate::{Behaviour, Dialect, Play, ProviderError, Step};

/// Decides the answer to one request; strict first, then by script, then by the model's name.
pub(crate) fn answer(parts: &Parts, body: &Bytes, key: &str, scripts: &Scripts) -> Play {
    let path = parts.uri.path();
    let path = percent_decoded(path);
    let query = parts.uri.query().unwrap_or_default();
    let Some(route) = Route::find(&parts.method, &path, query, &parts.headers) else {
        let message = format!("Invalid URL ({} {path})", parts.method);
        return ProviderError::new(404, message).play(Route::dialect_of_path(&path));
    };
    let dialect = route.dialect;
    let accepted = match strict::check(&route, parts, body, key) {
        Ok(accepted) => accepted,
        Err(error) => return error.play(dialect),
    };
    let credential = strict::credential(parts);
    let subject = Subject { path: &path, key: &credential, model: &accepted.model, body };
    let behaviour = match scripts.next(subject) {
        Some(behaviour) => behaviour,
        None => match Behaviour::from_model(&accepted.model) {
            Ok(behaviour) => behaviour,
            Err(message) => return ProviderError::new(404, message).code("model_not_found").play(dialect),
        },
    };
    let play = play(&route, &accepted, &behaviour);
    decorate(play, dialect, &behaviour)
}

fn play(route: &Route, accepted: &Accepted, behaviour: &Behaviour) -> Play {
    let Accepted { model, stream, body } = accepted;
    let dialect = route.dialect;
    let asked = Asked { dialect, model, body, behaviour };
    let streams = behaviour.streams.unwrap_or(*stream);
    let sse = streams != *stream || !matches!(route.operation, Operation::GenerateGemini { sse: false, .. });
    if let Some(fault) = behaviour.fault {
        return fault.play(asked, *stream, sse);
    }
    if let Some(replay) = &behaviour.replay {
        return replay.play(behaviour.delay_ms);
    }
    let json = |body: serde_json::Value| Play::whole(200, "application/json", Bytes::from(body.to_string()));
    match &route.operation {
        Operation::ListModels => json(answer::list_models(dialect)),
        Operation::Model(id) => json(answer::model(dialect, id)),
        Operation::CountTokens if dialect == Dialect::Responses => json(serde_json::json!({
            "object": "response.input_tokens",
            "input_tokens": answer::count_tokens(body),
        })),
        Operation::CountTokens => json(serde_json::json!({"input_tokens": answer::count_tokens(body)})),
        Operation::CountTokensGemini { .. } => json(serde_json::json!({"totalTokens": answer::count_tokens(body)})),
        Operation::Generate | Operation::GenerateGemini { .. } if streams => {
            let mut events = answer::stream(asked);
            if !sse {
                events = answer::json_array(events);
            }
            let mut steps = Vec::with_capacity(events.len() * 3);
            for event in events {
                if behaviour.delay_ms > 0 && !steps.is_empty() {
                    steps.push(Step::Wait(Duration::from_millis(behaviour.delay_ms)));
                }
                steps.extend([Step::Send(event.bytes), Step::Flush]);
            }
            // The end needs no flush of its own; without it the last chunk and the end share a packet.
            steps.pop();
            Play::stream(200, if sse { "text/event-stream" } else { "application/json" }, steps)
        }
        Operation::Generate | Operation::GenerateGemini { .. } => json(answer::whole(asked)),
    }
}

fn decorate(mut play: Play, dialect: Dialect, behaviour: &Behaviour) -> Play {
    if behaviour.head_delay_ms > 0 && play.head_delay.is_none() {
        play.head_delay = Some(Duration::from_millis(behaviour.head_delay_ms));
    }
    let id = match dialect {
        Dialect::Chat | Dialect::Responses => "x-request-id",
        Dialect::Anthropic => "request-id",
        Dialect::Gemini => "x-gemini-service-tier",
    };
    if !play.headers.contains_key(id) {
        play.headers.insert(HeaderName::from_static(id), HeaderValue::from_static("req_upstream"));
    }
    for (name, value) in &behaviour.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            play.headers.append(name, value);
        }
    }
    play
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let decoded = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| core::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
