//! What an answer rests on: parts of its texts, told in bytes, and the pages they come from.

use super::members::{each, get, note_others, word};
use crate::dialect::hub::{Citation, Ledger, Searched, bytes, characters};
use crate::wire::json::{Value, Writer};

/// A citation of the text of the part at a place; those without one are of the last text.
#[derive(Debug, PartialEq)]
pub(super) struct Cited<'a> {
    pub(super) part: usize,
    pub(super) citation: Citation<'a>,
    /// In bytes.
    bytes: Option<(usize, usize)>,
}

impl<'a> Cited<'a> {
    /// With its range in the characters of the text that it is of.
    pub(super) fn of_text(self, text: &str) -> Citation<'a> {
        let range = self.bytes.map(|(start, end)| (characters(text, start), characters(text, end)));
        Citation { range, ..self.citation }
    }
}

/// What a candidate says that it rests on.
pub(super) fn citations<'a>(candidate: &'a Value<'a>, ledger: &mut Ledger) -> Vec<Cited<'a>> {
    let mut all = Vec::new();
    if let Some(grounding) = get(candidate, "groundingMetadata") {
        // Among others how Google wants it shown.
        note_others(grounding, &["groundingChunks", "groundingSupports", "webSearchQueries"], ledger);
        grounded(grounding, &mut all, ledger);
    }
    let recited = get(candidate, "citationMetadata").and_then(|it| get(it, "citations").or(get(it, "citationSources")));
    for value in recited.map(each).unwrap_or_default() {
        match word(value, "uri") {
            Some(url) => {
                note_others(value, &["uri", "title", "startIndex", "endIndex"], ledger);
                let title = word(value, "title").map(Into::into);
                let citation = Citation { url: url.into(), title, ..Citation::default() };
                all.push(Cited { part: 0, citation, bytes: range(value) });
            }
            None => ledger.dropped("citations"),
        }
    }
    all
}

/// What was searched for, all of it as one search, if anything was.
pub(super) fn searched<'a>(candidate: &'a Value<'a>) -> Option<Searched<'a>> {
    let told = get(get(candidate, "groundingMetadata")?, "webSearchQueries").map(each).unwrap_or_default();
    let queries = Vec::from_iter(told.iter().filter_map(Value::as_str).map(Into::into));
    (!queries.is_empty()).then(|| Searched { queries, ..Searched::default() })
}

fn grounded<'a>(grounding: &'a Value<'a>, all: &mut Vec<Cited<'a>>, ledger: &mut Ledger) {
    let source = |chunk: &'a Value<'a>| {
        let page = ["web", "retrievedContext", "maps"].into_iter().find_map(|kind| get(chunk, kind))?;
        let title = word(page, "title").map(Into::into);
        Some(Citation { url: word(page, "uri")?.into(), title, ..Citation::default() })
    };
    let chunks = get(grounding, "groundingChunks").map(each).unwrap_or_default();
    let sources: Vec<Option<Citation<'a>>> = chunks.iter().map(source).collect();
    if sources.iter().any(Option::is_none) {
        ledger.dropped("citations");
    }
    let supports = get(grounding, "groundingSupports").map(each).unwrap_or_default();
    for support in supports {
        note_others(support, &["segment", "groundingChunkIndices"], ledger);
        let segment = get(support, "segment").unwrap_or(&Value::Null);
        let part = number(segment, "partIndex").unwrap_or(0);
        for index in get(support, "groundingChunkIndices").map(each).unwrap_or_default() {
            let source = index.as_u64().and_then(|it| usize::try_from(it).ok()).and_then(|it| sources.get(it));
            if let Some(Some(citation)) = source {
                all.push(Cited { part, citation: citation.clone(), bytes: range(segment) });
            }
        }
    }
    if supports.is_empty() {
        all.extend(sources.into_iter().flatten().map(|citation| Cited { part: 0, citation, bytes: None }));
    }
}

/// Where it begins, which is nowhere told for the first letter, and ends.
fn range(value: &Value<'_>) -> Option<(usize, usize)> {
    Some((number(value, "startIndex").unwrap_or(0), number(value, "endIndex")?))
}

fn number(value: &Value<'_>, name: &str) -> Option<usize> {
    get(value, name)?.as_u64().and_then(|it| usize::try_from(it).ok())
}

/// Collects what the texts of an answer rest on, to be told with its end.
#[derive(Debug, Default)]
pub(super) struct Grounding {
    /// The pages, each once.
    pages: Vec<Citation<'static>>,
    supports: Vec<Support>,
    queries: Vec<String>,
}

#[derive(Debug)]
struct Support {
    part: usize,
    range: (usize, usize),
    text: String,
    page: usize,
}

impl Grounding {
    /// Takes a citation of `text`, which stands behind `offset` bytes in the part at a place.
    pub(super) fn add(&mut self, citation: &Citation<'_>, text: &str, part: usize, offset: usize) {
        let same = |page: &Citation<'_>| page.url == citation.url && page.title == citation.title;
        let page = self.pages.iter().position(same).unwrap_or_else(|| {
            self.pages.push(Citation { range: None, ..citation.clone() }.into_owned());
            self.pages.len() - 1
        });
        let (start, end) =
            citation.range.map_or((0, text.len()), |(start, end)| (bytes(text, start), bytes(text, end)));
        let words = text.get(start..end).unwrap_or_default().to_owned();
        self.supports.push(Support { part, range: (offset + start, offset + end), text: words, page });
    }

    /// Takes what was searched for.
    pub(super) fn search(&mut self, searched: &Searched<'_>, ledger: &mut Ledger) {
        if searched.queries.is_empty() {
            ledger.dropped("searches");
        }
        self.queries.extend(searched.queries.iter().map(|query| query.clone().into_owned()));
        if searched.has_failed {
            ledger.dropped("searches.status");
        }
        // A page that nothing rests on has no place: a chunk without a support is a citation.
        if !searched.pages.is_empty() {
            ledger.dropped("searches.pages");
        }
    }

    /// The member `groundingMetadata`, if there is anything to tell.
    pub(super) fn write(&self, out: &mut Writer) {
        if self.pages.is_empty() && self.queries.is_empty() {
            return;
        }
        out.key("groundingMetadata").object(|it| {
            if !self.queries.is_empty() {
                it.key("webSearchQueries").array(|it| self.queries.iter().for_each(|query| it.text(query)));
            }
            if self.pages.is_empty() {
                return;
            }
            it.key("groundingChunks").array(|it| {
                for page in &self.pages {
                    it.object(|it| {
                        it.key("web").object(|it| {
                            it.text_member("uri", &page.url);
                            if let Some(title) = &page.title {
                                it.text_member("title", title);
                            }
                        });
                    });
                }
            });
            it.key("groundingSupports").array(|it| self.supports.iter().for_each(|support| support.write(it)));
        });
    }
}

impl Support {
    fn write(&self, out: &mut Writer) {
        out.object(|it| {
            it.key("segment").object(|it| {
                if self.part > 0 {
                    it.place_member("partIndex", self.part);
                }
                it.place_member("startIndex", self.range.0);
                it.place_member("endIndex", self.range.1);
                it.text_member("text", &self.text);
            });
            it.key("groundingChunkIndices").array(|it| it.raw(&self.page.to_string()));
        });
    }
}
