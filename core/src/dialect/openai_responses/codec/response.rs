//! The response around its items.

use crate::dialect::Usage;
use crate::dialect::hub::{Context, Ledger, Reason};
use crate::wire::json::Writer;

/// What a response says of itself where its request has not said otherwise.
const DEFAULTS: [(&str, &str); 18] = [
    ("background", "false"),
    ("error", "null"),
    ("instructions", "null"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "{}"),
    ("parallel_tool_calls", "true"),
    ("previous_response_id", "null"),
    ("prompt_cache_key", "null"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("safety_identifier", "null"),
    ("store", "false"),
    ("temperature", "null"),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("tool_choice", r#""auto""#),
    ("tools", "[]"),
    ("top_p", "null"),
    ("user", "null"),
];

/// How far a response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    /// With the reason.
    Incomplete(&'static str),
}

impl Status {
    /// What an end is in this dialect. A refusal is an answer of its own.
    pub(super) fn of(reason: &Reason<'_>, has_refused: bool, ledger: &mut Ledger) -> Self {
        match reason {
            Reason::Length => Self::Incomplete("max_output_tokens"),
            Reason::Context => {
                ledger.approximated("stop_reason");
                Self::Incomplete("max_output_tokens")
            }
            Reason::Filter if !has_refused => Self::Incomplete("content_filter"),
            Reason::Pause => {
                ledger.approximated("stop_reason");
                Self::Completed
            }
            // Who failed is told as an error.
            Reason::Stop | Reason::Sequence(_) | Reason::Calls | Reason::Filter | Reason::Failed(_) => Self::Completed,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
        }
    }
}

/// The provider's id of it, or one of ours, with the prefix that OpenAI's have.
pub(super) fn id(provider: Option<&str>, context: &Context) -> String {
    match provider {
        Some(id) if id.starts_with("resp_") => id.to_owned(),
        id => format!("resp_{}", id.unwrap_or(&context.id)),
    }
}

/// Writes a response; `output` writes its items, `used` is known at the end.
pub(super) fn write(
    out: &mut Writer,
    id: &str,
    context: &Context,
    status: Status,
    tier: Option<&str>,
    used: Option<&Usage>,
    output: impl FnOnce(&mut Writer),
) {
    out.object(|it| {
        it.text_member("id", id);
        it.text_member("object", "response");
        it.key("created_at").raw(&context.created.to_string());
        it.text_member("status", status.name());
        it.key("incomplete_details");
        match status {
            Status::Incomplete(reason) => it.object(|it| it.text_member("reason", reason)),
            Status::InProgress | Status::Completed => it.null(),
        }
        it.text_member("model", &context.model);
        it.key("output").array(output);
        for (name, default) in DEFAULTS {
            match context.repeated.iter().find(|(repeated, _)| repeated == name) {
                Some((_, value)) => it.key(name).value(value),
                None => it.key(name).raw(default),
            }
        }
        if let Some(tier) = tier {
            it.text_member("service_tier", tier);
        }
        it.key("usage");
        match used {
            Some(used) => usage(it, used),
            None => it.null(),
        }
    });
}

/// The input includes what the cache gave or took, the output includes reasoning.
fn usage(out: &mut Writer, usage: &Usage) {
    let count = |figure: Option<u64>| figure.unwrap_or(0);
    let written = count(usage.cache_write_5m).saturating_add(count(usage.cache_write_1h));
    let read = count(usage.cache_read);
    let input = count(usage.input).saturating_add(read).saturating_add(written);
    let reasoning = count(usage.reasoning);
    let output = count(usage.output).saturating_add(reasoning);
    out.object(|it| {
        it.number_member("input_tokens", input);
        it.key("input_tokens_details").object(|it| {
            it.number_member("cached_tokens", read);
            it.number_member("cache_write_tokens", written);
        });
        it.number_member("output_tokens", output);
        it.key("output_tokens_details").object(|it| it.number_member("reasoning_tokens", reasoning));
        it.number_member("total_tokens", input.saturating_add(output));
    });
}
