//! What an answer says of its text: citations, and how likely its tokens were.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::dialect::hub::{Citation, Ledger, list, member, text};
use crate::wire::json::{Value, Writer};

/// The citations of a message or delta.
pub(super) fn citations<'a>(message: &'a Value<'a>, ledger: &mut Ledger) -> Vec<Citation<'a>> {
    let citation = |value: &'a Value<'a>| {
        let cited = member(value, "url_citation");
        if cited.is_none() {
            ledger.dropped("annotations");
        }
        cited.map(of_url)
    };
    list(message, "annotations").iter().filter_map(citation).collect()
}

/// The pages that some vendors list for the whole of an answer or a chunk.
pub(super) fn pages<'a>(answer: &'a Value<'a>, ledger: &mut Ledger) -> Vec<Citation<'a>> {
    let page = |value: &'a Value<'a>| {
        let Some(url) = value.as_str() else {
            ledger.dropped("citations");
            return None;
        };
        let found = list(answer, "search_results").iter().find(|result| text(result, "url") == Some(url));
        let title = found.and_then(|result| text(result, "title")).map(Into::into);
        Some(Citation { url: url.into(), title, range: None })
    };
    list(answer, "citations").iter().filter_map(page).collect()
}

/// The members that both of OpenAI's dialects have for a citation.
pub(in crate::dialect) fn of_url<'a>(cited: &'a Value<'a>) -> Citation<'a> {
    let at = |name| cited.get(name).and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok());
    Citation {
        url: text(cited, "url").unwrap_or_default().into(),
        title: text(cited, "title").map(Into::into),
        range: at("start_index").zip(at("end_index")),
    }
}

/// Writes those members; `range` is where in the text.
pub(in crate::dialect) fn write_url(out: &mut Writer, citation: &Citation<'_>, range: (usize, usize)) {
    out.place_member("start_index", range.0);
    out.place_member("end_index", range.1);
    out.text_member("title", citation.title.as_deref().unwrap_or_default());
    out.text_member("url", &citation.url);
}

/// Writes citations of a text of `length` characters that stands behind `offset` others in the message.
pub(super) fn write_citations(out: &mut Writer, citations: &[Citation<'_>], offset: usize, length: usize) {
    for citation in citations {
        let (start, end) = citation.range_of(length);
        out.object(|it| {
            it.text_member("type", "url_citation");
            it.key("url_citation").object(|it| write_url(it, citation, (offset + start, offset + end)));
        });
    }
}

/// How likely the tokens of a choice's or chunk's text were.
pub(super) fn logprobs<'a>(choice: &'a Value<'a>, ledger: &mut Ledger) -> Vec<Json> {
    let Some(logprobs) = member(choice, "logprobs") else { return Vec::new() };
    if !list(logprobs, "refusal").is_empty() {
        ledger.dropped("logprobs.refusal");
    }
    list(logprobs, "content").iter().map(Value::to_json).collect()
}

/// The member `logprobs` of a choice.
pub(super) fn write_logprobs(out: &mut Writer, logprobs: &[Cow<'_, Json>]) {
    out.key("logprobs");
    if logprobs.is_empty() {
        return out.null();
    }
    out.object(|it| {
        it.key("content").array(|it| logprobs.iter().for_each(|token| it.value(token)));
        it.key("refusal").null();
    });
}
