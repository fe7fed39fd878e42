//! The items of a response.

use super::{notes, tools};
use crate::dialect::hub::{Context, Notes, Searched, call_id};
use crate::wire::json::Writer;

/// What a call's id may be long.
const ID_LIMIT: usize = 64;

/// How far an item has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    Incomplete,
    Failed,
}

impl Status {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }
}

/// The id of the item at this place in the response's output.
pub(super) fn id(context: &Context, prefix: &str, index: u64) -> String {
    format!("{prefix}_{}_{index}", context.id)
}

/// The two kinds of words that a message has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    Text,
    Refusal,
}

/// A part of a message, with what is said of it.
pub(super) fn words(out: &mut Writer, kind: Words, words: &str, noted: &Notes<'_>) {
    out.object(|it| match kind {
        Words::Text => {
            it.text_member("type", "output_text");
            it.text_member("text", words);
            notes::write(it, noted, words);
        }
        Words::Refusal => {
            it.text_member("type", "refusal");
            it.text_member("refusal", words);
        }
    });
}

/// A message of one part, or, as it begins, of none.
pub(super) fn message(out: &mut Writer, id: &str, status: Status, content: Option<(Words, &str, &Notes<'_>)>) {
    out.object(|it| {
        it.text_member("id", id);
        it.text_member("type", "message");
        it.text_member("status", status.name());
        it.text_member("role", "assistant");
        it.key("content").array(|it| {
            if let Some((kind, text, noted)) = content {
                words(it, kind, text, noted);
            }
        });
    });
}

/// A thought.
pub(super) fn reasoning(out: &mut Writer, id: &str, summary: &str, envelope: Option<&str>) {
    out.object(|it| {
        it.text_member("id", id);
        it.text_member("type", "reasoning");
        it.key("summary").array(|it| {
            if !summary.is_empty() {
                summary_part(it, summary);
            }
        });
        it.key("encrypted_content");
        match envelope {
            Some(envelope) => it.text(envelope),
            None => it.null(),
        }
    });
}

pub(super) fn summary_part(out: &mut Writer, text: &str) {
    out.object(|it| {
        it.text_member("type", "summary_text");
        it.text_member("text", text);
    });
}

/// A search of the web; as it begins, nothing is known of it.
pub(super) fn search(out: &mut Writer, id: &str, searched: Option<&Searched<'_>>) {
    let status = match searched {
        None => Status::InProgress,
        Some(searched) if searched.has_failed => Status::Failed,
        Some(_) => Status::Completed,
    };
    out.object(|it| {
        it.text_member("id", id);
        it.text_member("type", "web_search_call");
        it.text_member("status", status.name());
        let Some(searched) = searched else { return };
        it.key("action").object(|it| {
            it.text_member("type", "search");
            // The old member, which clients still read.
            it.text_member("query", searched.queries.first().map_or("", |query| query));
            it.key("queries").array(|it| searched.queries.iter().for_each(|query| it.text(query)));
            if !searched.pages.is_empty() {
                it.key("sources").array(|it| {
                    for page in &searched.pages {
                        it.object(|it| {
                            it.text_member("type", "url");
                            it.text_member("url", page);
                        });
                    }
                });
            }
        });
    });
}

/// A call as the client knows the tool: of a function, or with any text.
#[derive(Clone, Debug)]
pub(super) struct Call {
    call_id: String,
    /// With its namespace's.
    name: String,
    pub(super) is_freeform: bool,
}

impl Call {
    /// `name` is what the provider calls the tool; `is_text` says that it knows it as one that takes any text, too.
    pub(super) fn new(context: &Context, id: &str, name: &str, is_text: bool) -> Self {
        let name = context.names.original(name).to_owned();
        let is_freeform = is_text || context.freeform.contains(&name);
        Self { call_id: call_id(id, ID_LIMIT).into_owned(), name, is_freeform }
    }

    pub(super) const fn prefix(&self) -> &'static str {
        if self.is_freeform { "ctc" } else { "fc" }
    }

    /// The name in its namespace.
    pub(super) fn name(&self) -> &str {
        tools::split_name(&self.name).1
    }

    /// `input` is the text, or the arguments.
    pub(super) fn write(&self, out: &mut Writer, id: &str, status: Status, input: &str) {
        let (namespace, name) = tools::split_name(&self.name);
        out.object(|it| {
            it.text_member("id", id);
            it.text_member("type", if self.is_freeform { "custom_tool_call" } else { "function_call" });
            it.text_member("status", status.name());
            it.text_member("call_id", &self.call_id);
            if let Some(namespace) = namespace {
                it.text_member("namespace", namespace);
            }
            it.text_member("name", name);
            it.text_member(if self.is_freeform { "input" } else { "arguments" }, input);
        });
    }
}

/// Arguments that are no JSON were cut off.
pub(super) fn status_of(arguments: &str) -> Status {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(arguments).is_ok();
    if is_json { Status::Completed } else { Status::Incomplete }
}
