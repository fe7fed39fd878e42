use super::items::{self, Call, Status, Words};
use super::response;
use crate::dialect::Usage;
use crate::dialect::hub::{Answer, Choice, Context, Ledger, Notes, Part, PartKind, Thoughts};
use crate::wire::json::Writer;

pub(super) fn encode(answer: &Answer<'_>, used: &Usage, context: &Context, ledger: &mut Ledger) -> Vec<u8> {
    let Choice { parts, reason } = &answer.first;
    let has_refused = parts.iter().any(|part| matches!(part.kind, PartKind::Refusal(_)));
    let status = response::Status::of(reason, has_refused, ledger);
    let mut out = Writer::default();
    response::write(
        &mut out,
        &response::id(answer.id, context),
        context,
        status,
        answer.service_tier,
        Some(used),
        |it| {
            let mut index = 0;
            for part in parts {
                index += u64::from(item(it, part, index, context, ledger));
            }
        },
    );
    out.into_bytes()
}

static NONE: Notes<'static> = Notes { citations: Vec::new(), logprobs: Vec::new() };

/// Whether an item was written.
fn item(out: &mut Writer, part: &Part<'_>, index: u64, context: &Context, ledger: &mut Ledger) -> bool {
    match &part.kind {
        PartKind::Text(text) if text.is_empty() => return false,
        PartKind::Text(text) => {
            let id = items::id(context, "msg", index);
            let notes = part.notes.as_deref().unwrap_or(&NONE);
            items::message(out, &id, Status::Completed, Some((Words::Text, text, notes)));
        }
        PartKind::Refusal(text) => {
            let id = items::id(context, "msg", index);
            items::message(out, &id, Status::Completed, Some((Words::Refusal, text, &NONE)));
        }
        PartKind::Reasoning { text, proof } => {
            let made = proof.as_ref().and_then(|proof| proof.made());
            let envelope = made.and_then(|json| context.origin.wrap(json));
            let shown = if context.thoughts == Thoughts::Shown { text } else { "" };
            if made.is_some() && envelope.is_none() {
                ledger.dropped("reasoning.proof");
            }
            if shown.is_empty() && envelope.is_none() {
                return false;
            }
            items::reasoning(out, &items::id(context, "rs", index), shown, envelope.as_deref());
        }
        PartKind::Call { id, name, input } => {
            let call = Call::new(context, id, name, input.is_text());
            let written = if call.is_freeform { input.text() } else { input.json() };
            let status = if input.is_text() { Status::Completed } else { items::status_of(&input.json()) };
            call.write(out, &items::id(context, call.prefix(), index), status, &written);
        }
        PartKind::Searched(searched) => items::search(out, &items::id(context, "ws", index), Some(searched)),
        PartKind::Media(_) | PartKind::Result { .. } => {
            ledger.dropped("media");
            return false;
        }
    }
    true
}
