//! Searches of the web that Anthropic's servers make: a block for what is looked for, another for what was found.

use crate::dialect::hub::{Ledger, Searched, list, member, text};
use crate::wire::json::Value;

/// Whether a block of a server's tool is a search.
pub(super) fn is_search(block: &Value<'_>) -> bool {
    text(block, "name") == Some("web_search")
}

/// The searches that have begun, and have found nothing yet. They may run at the same time.
#[derive(Debug, Default)]
pub(super) struct Searching {
    begun: Vec<Begun>,
}

#[derive(Debug)]
struct Begun {
    id: String,
    /// Where its input comes in pieces: the index of its block, and what has come.
    number: Option<usize>,
    input: String,
}

impl Searching {
    /// A block of type `server_tool_use`, whole.
    pub(super) fn begin(&mut self, block: &Value<'_>) {
        let input = member(block, "input").map(Value::to_string).unwrap_or_default();
        self.begun.push(Begun { id: text(block, "id").unwrap_or_default().to_owned(), number: None, input });
    }

    /// A block of type `server_tool_use` at this place of the stream, whose input may follow.
    pub(super) fn open(&mut self, number: usize, block: &Value<'_>) {
        self.begin(block);
        if let Some(begun) = self.begun.last_mut() {
            begun.number = Some(number);
        }
    }

    /// The next piece of the input of the block at this place, if that is a search.
    pub(super) fn push(&mut self, number: usize, piece: &str) {
        let Some(begun) = self.begun.iter_mut().rev().find(|it| it.number == Some(number)) else { return };
        if begun.input == "{}" {
            begun.input.clear();
        }
        begun.input.push_str(piece);
    }

    /// A block of type `web_search_tool_result`: the search is over. Of what it found its address is told alone.
    pub(super) fn end(&mut self, block: &Value<'_>, ledger: &mut Ledger) -> Option<Searched<'static>> {
        ledger.unknown("web_search_tool_result");
        let id = text(block, "tool_use_id").unwrap_or_default();
        let begun = self.begun.iter().position(|it| it.id == id)?;
        let found = list(block, "content").iter().filter_map(|page| text(page, "url"));
        let pages = found.map(|url| url.to_owned().into()).collect();
        // An error is an object.
        let has_failed = member(block, "content").is_some_and(Value::is_object);
        Some(Searched { pages, has_failed, ..self.begun.remove(begun).searched() })
    }

    /// Those that nothing was told of. One whose query cannot be read, as it was cut off within it, is none.
    pub(super) fn left(&mut self, ledger: &mut Ledger) -> impl Iterator<Item = Searched<'static>> {
        self.begun.drain(..).map(Begun::searched).filter(|searched| {
            let is_known = !searched.queries.is_empty();
            if !is_known {
                ledger.unknown("server_tool_use");
            }
            is_known
        })
    }
}

impl Begun {
    fn searched(self) -> Searched<'static> {
        let input = serde_json::from_str::<serde_json::Value>(&self.input).unwrap_or_default();
        let query = input.get("query").and_then(serde_json::Value::as_str);
        Searched { queries: query.map(|query| query.to_owned().into()).into_iter().collect(), ..Searched::default() }
    }
}
