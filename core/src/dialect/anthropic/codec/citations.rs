//! What a text rests on. A citation here is of a whole block.

use serde_json::Value as Json;

use crate::dialect::hub::{Citation, Context, Ledger, Proof, list, text};
use crate::wire::json::{Value, Writer};

/// A citation of a page; documents of the request are told apart by their place in it, which nobody else knows.
pub(super) fn citation<'a>(value: &'a Value<'a>, ledger: &mut Ledger) -> Option<Citation<'a>> {
    let url = text(value, "url").or_else(|| text(value, "source")).filter(|url| url.starts_with("http"));
    let Some(url) = url else {
        ledger.dropped("citations");
        return None;
    };
    // The source's words, which nobody else tells.
    if text(value, "cited_text").is_some_and(|words| !words.is_empty()) {
        ledger.dropped("citations.cited_text");
    }
    Some(Citation { url: url.into(), title: text(value, "title").map(Into::into), range: None })
}

/// The citations of a block.
pub(super) fn of_block<'a>(block: &'a Value<'a>, ledger: &mut Ledger) -> Vec<Citation<'a>> {
    list(block, "citations").iter().filter_map(|it| citation(it, ledger)).collect()
}

/// Writes a citation of a text of `length` characters. Its own maker has an index there, and knows by this one that it is
/// none of his.
pub(super) fn write(out: &mut Writer, citation: &Citation<'_>, length: usize, context: &Context, ledger: &mut Ledger) {
    if citation.range_of(length) != (0, length) {
        ledger.approximated("annotations.range");
    }
    let title = citation.title.as_deref().filter(|title| !title.is_empty());
    out.object(|it| {
        it.text_member("type", "web_search_result_location");
        it.text_member("url", &citation.url);
        it.key("title");
        match title {
            Some(title) => it.text(title),
            None => it.null(),
        }
        it.text_member("encrypted_index", &context.origin.wrap("{}").unwrap_or_default());
        it.text_member("cited_text", "");
    });
}

/// Takes out those of other makers: Anthropic would refuse their index.
pub(super) fn strip(block: &mut Json, ledger: &mut Ledger) {
    let Some(citations) = block.get_mut("citations").and_then(Json::as_array_mut) else { return };
    let before = citations.len();
    citations
        .retain(|citation| !citation.get("encrypted_index").and_then(Json::as_str).is_some_and(Proof::is_envelope));
    if citations.len() < before {
        ledger.dropped("citations");
        if citations.is_empty()
            && let Some(members) = block.as_object_mut()
        {
            members.shift_remove("citations");
        }
    }
}
