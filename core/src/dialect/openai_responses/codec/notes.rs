//! What an answer says of its text: citations, and how likely its tokens were.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::dialect::hub::{Citation, Ledger, Notes, list, text};
use crate::dialect::openai_chat::{of_url, write_url};
use crate::wire::json::{Value, Writer};

/// Those of a part of a message.
pub(super) fn of_part<'a>(part: &'a Value<'a>, ledger: &mut Ledger) -> Notes<'a> {
    let citations = list(part, "annotations").iter().filter_map(|it| citation(it, ledger)).collect();
    Notes { citations, logprobs: list(part, "logprobs").iter().map(|it| Cow::Owned(it.to_json())).collect() }
}

/// A citation of a page; files are known to OpenAI alone.
pub(super) fn citation<'a>(annotation: &'a Value<'a>, ledger: &mut Ledger) -> Option<Citation<'a>> {
    if text(annotation, "type") == Some("url_citation") {
        return Some(of_url(annotation));
    }
    ledger.dropped("annotations");
    None
}

/// Writes a citation of a text of `length` characters.
pub(super) fn write_citation(out: &mut Writer, citation: &Citation<'_>, length: usize) {
    out.object(|it| {
        it.text_member("type", "url_citation");
        write_url(it, citation, citation.range_of(length));
    });
}

/// The members `annotations` and `logprobs` of a text.
pub(super) fn write(out: &mut Writer, notes: &Notes<'_>, text: &str) {
    let length = if notes.citations.is_empty() { 0 } else { text.chars().count() };
    out.key("annotations").array(|it| notes.citations.iter().for_each(|cited| write_citation(it, cited, length)));
    write_logprobs(out, &notes.logprobs);
}

pub(super) fn write_logprobs(out: &mut Writer, logprobs: &[Cow<'_, Json>]) {
    out.key("logprobs").array(|it| logprobs.iter().for_each(|token| it.value(token)));
}
