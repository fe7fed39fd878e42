//! Meters real providers' recorded answers, where the recordings are at hand. The expected numbers are read from the same
//! answers independently.

#[path = "support/recordings.rs"]
mod recordings;

use std::fs;

use llmio_core::dialect::{AnswerMeter, Dialect, Phase, Remainder, StreamForm, StreamMeter, Usage};
use llmio_core::record::Operation;
use recordings::{OTHER_OPERATIONS, name, recordings, stream};
use serde_json::Value;

/// Whether any number in a report is above zero.
fn says_something(report: &Value) -> bool {
    match report {
        Value::Object(members) => members.values().any(says_something),
        other => other.as_u64() > Some(0),
    }
}

/// A report with what all iterations of a message used. Anthropic bills each; its own figures are those of the answer alone,
/// without compaction, advisor, or the model before a fallback.
fn summed(report: &Value) -> Value {
    let mut summed = report.clone();
    for (name, own) in summed.as_object_mut().unwrap() {
        let named = report["iterations"].as_array().into_iter().flatten().filter_map(|it| it[name].as_u64());
        let parts: Vec<u64> = named.collect();
        if own.is_u64() && !parts.is_empty() {
            *own = parts.iter().sum::<u64>().into();
        }
    }
    summed
}

/// Reads usage reports as the providers document them: of each field the last value in a report that is not all zeros.
fn expected(dialect: Dialect, payloads: &[Value]) -> Usage {
    let reports: Vec<Value> = payloads
        .iter()
        .flat_map(|payload| {
            [&payload["usage"], &payload["usageMetadata"], &payload["message"]["usage"], &payload["response"]["usage"]]
        })
        .filter(|report| report.is_object())
        .map(summed)
        .collect();
    let number = |paths: &[&str]| -> Option<u64> {
        let value = |report: &Value| paths.iter().find_map(|path| report.pointer(path)?.as_u64());
        let telling = reports.iter().rev().filter(|report| says_something(report)).find_map(value);
        telling.or_else(|| reports.iter().rev().find_map(value))
    };
    match dialect {
        Dialect::OpenAiChat => {
            let prompt = number(&["/prompt_tokens"]);
            let completion = number(&["/completion_tokens"]);
            let cached =
                number(&["/prompt_tokens_details/cached_tokens", "/cached_tokens", "/prompt_cache_hit_tokens"]);
            let reasoning = number(&["/completion_tokens_details/reasoning_tokens"]);
            let sum = prompt.unwrap_or(0) + completion.unwrap_or(0) + reasoning.unwrap_or(0);
            let apart = reasoning > Some(0) && number(&["/total_tokens"]) == Some(sum);
            Usage {
                input: prompt.map(|all| all - cached.unwrap_or(0)),
                cache_read: cached,
                output: completion.map(|all| if apart { all } else { all - reasoning.unwrap_or(0) }),
                reasoning,
                ..Usage::default()
            }
        }
        Dialect::OpenAiResponses => {
            let cached = number(&["/input_tokens_details/cached_tokens"]);
            let written = number(&["/input_tokens_details/cache_write_tokens"]);
            let reasoning = number(&["/output_tokens_details/reasoning_tokens"]);
            Usage {
                input: number(&["/input_tokens"]).map(|all| all - cached.unwrap_or(0) - written.unwrap_or(0)),
                cache_read: cached,
                cache_write_5m: written,
                cache_write_1h: None,
                output: number(&["/output_tokens"]).map(|all| all - reasoning.unwrap_or(0)),
                reasoning,
            }
        }
        Dialect::Anthropic => {
            let written = number(&["/cache_creation_input_tokens"]);
            let written_1h = number(&["/cache_creation/ephemeral_1h_input_tokens"]);
            let reasoning = number(&["/output_tokens_details/thinking_tokens"]);
            Usage {
                input: number(&["/input_tokens"]),
                cache_read: number(&["/cache_read_input_tokens"]),
                cache_write_5m: written.map(|all| all - written_1h.unwrap_or(0)),
                cache_write_1h: written_1h,
                output: number(&["/output_tokens"]).map(|all| all - reasoning.unwrap_or(0)),
                reasoning,
            }
        }
        Dialect::Gemini => {
            let cached = number(&["/cachedContentTokenCount"]);
            let tool_use = number(&["/toolUsePromptTokenCount"]).unwrap_or(0);
            Usage {
                input: number(&["/promptTokenCount"]).map(|all| all - cached.unwrap_or(0) + tool_use),
                cache_read: cached,
                output: number(&["/candidatesTokenCount"]),
                reasoning: number(&["/thoughtsTokenCount"]),
                ..Usage::default()
            }
        }
    }
}

/// Xorshift: the same cuts in every run.
fn random(seed: &mut u64) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    usize::try_from(*seed >> 33).unwrap()
}

/// What a relay forwards that holds back what has not ended: whole events after each chunk, and all of it in the end.
fn relayed<'a>(meter: &mut StreamMeter, chunks: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut sent, mut held) = (Vec::new(), Vec::new());
    for chunk in chunks {
        meter.push(chunk);
        held.extend_from_slice(chunk);
        assert!(meter.unfinished() <= held.len(), "what was forwarded cannot be taken back");
        sent.extend(held.drain(..held.len() - meter.unfinished()));
    }
    meter.finish();
    assert_eq!(meter.unfinished(), 0);
    sent.extend(held);
    sent
}

#[test]
fn recorded_streams() {
    let (mut metered, mut seed) = (0, 88_172_645_463_325_252);
    for (dialect, path) in recordings().into_iter().flatten() {
        if name(&path).ends_with(".json") {
            continue;
        }
        let (payloads, wire) = stream(dialect, &path);
        let fails = payloads.iter().any(|payload| payload["type"] == "error" || payload["type"] == "response.failed");
        let phase = if fails { Phase::Failed } else { Phase::Complete };
        for step in [1, 2, 61, 4096, 1 + random(&mut seed) % wire.len(), wire.len()] {
            let mut meter = StreamMeter::new(dialect, StreamForm::Sse);
            assert_eq!(relayed(&mut meter, wire.chunks(step)), wire, "{} by {step}", path.display());
            assert_eq!(meter.phase(), phase, "{} by {step}: {:?}", path.display(), meter.failure());
            assert_eq!(meter.usage(), expected(dialect, &payloads), "{} by {step}", path.display());
            assert!(meter.finish_reason().is_some() || fails, "{} by {step}", path.display());
        }
        metered += 1;
        if dialect == Dialect::Gemini {
            let array = format!("[{}]", payloads.iter().map(Value::to_string).collect::<Vec<_>>().join("\n,\r\n"));
            for step in [1, 61, array.len()] {
                let mut meter = StreamMeter::new(dialect, StreamForm::JsonArray);
                let chunks = array.as_bytes().chunks(step);
                assert_eq!(relayed(&mut meter, chunks), array.as_bytes(), "{} by {step}", path.display());
                assert_eq!(meter.remainder(), Remainder::Nothing, "{}", path.display());
                assert_eq!((meter.phase(), meter.usage()), (phase, expected(dialect, &payloads)), "{}", path.display());
            }
        }
    }
    eprintln!("{metered} recorded streams metered");
}

#[test]
fn recorded_answers() {
    let mut metered = 0;
    for (dialect, path) in recordings().into_iter().flatten() {
        if !name(&path).ends_with(".json") || OTHER_OPERATIONS.contains(&name(&path)) {
            continue;
        }
        let body = fs::read(&path).unwrap();
        let value: Value = serde_json::from_slice(&body).unwrap();
        let is_error = value["error"].is_object();
        for step in [1, 61, body.len()] {
            let mut meter = AnswerMeter::new(dialect, Operation::Generate);
            body.chunks(step).for_each(|chunk| meter.push(chunk));
            let summary = meter.summary();
            assert_eq!(summary.is_answer, !is_error, "{}: {:?}", path.display(), summary.problem);
            assert_eq!(summary.problem, None, "{}", path.display());
            assert_eq!(summary.usage, expected(dialect, std::slice::from_ref(&value)), "{}", path.display());
            assert_eq!(summary.error.is_some(), is_error, "{}", path.display());
            assert_eq!(summary.finish_reason.is_some(), !is_error, "{}", path.display());
        }
        metered += 1;
    }
    eprintln!("{metered} recorded answers metered");
}
