use std::borrow::Cow;

use super::ledger::{Ledger, Refusal};
use super::request::Request;
use super::tool::ToolChoice;
use super::tree::text;
use crate::wire::json::{Value, Writer};

/// That the model may search the web, on its provider's servers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search<'a> {
    /// The client's name for it, where it wants nothing without it.
    pub field: Option<String>,
    /// OpenAI's `low`, `medium`, `high`.
    pub context_size: Option<&'a str>,
    /// About where the user is: an object with `city`, `country`, `region` and `timezone`.
    pub location: Option<&'a Value<'a>>,
    /// Where alone to search.
    pub allowed: &'a [Value<'a>],
    /// Where not to.
    pub blocked: &'a [Value<'a>],
    pub max_uses: Option<u64>,
}

/// A search of the web that a provider's server has made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Searched<'a> {
    /// What it looked for.
    pub queries: Vec<Cow<'a, str>>,
    /// The addresses of what it found, as far as they are told.
    pub pages: Vec<Cow<'a, str>>,
    pub has_failed: bool,
}

impl<'a> Request<'a> {
    /// The search for a target that knows it if `takes`, with what of it that `has`. Who cannot search refuses it, or leaves it
    /// out where it is only offered: a model that is not told of it does not seem to have it.
    pub(in crate::dialect) fn searched(
        &self,
        takes: bool,
        has: &[&str],
        ledger: &mut Ledger,
    ) -> Result<Option<&Search<'a>>, Refusal> {
        let Some(search) = &self.search else { return Ok(None) };
        if let (false, Some(field)) = (takes, &search.field) {
            let message = "the model's provider has no search of the web that goes with the rest; leave it out";
            return Err(Refusal::new(field.as_str(), message));
        }
        if self.tool_choice == Some(ToolChoice::Search) && !(takes && has.contains(&"choice")) {
            ledger.approximated("tool_choice");
        }
        if !takes {
            ledger.dropped("tools.web_search");
            return Ok(None);
        }
        for (name, code, is_given) in [
            ("context_size", "web_search.context_size", search.context_size.is_some_and(|size| size != "medium")),
            ("location", "web_search.user_location", search.location.is_some()),
            ("allowed", "web_search.allowed_domains", !search.allowed.is_empty()),
            ("blocked", "web_search.blocked_domains", !search.blocked.is_empty()),
            ("max_uses", "web_search.max_uses", search.max_uses.is_some()),
        ] {
            if is_given && !has.contains(&name) {
                ledger.dropped(code);
            }
        }
        Ok(Some(search))
    }
}

/// Writes where the user is about, as both of OpenAI's dialects and Messages have it.
pub(in crate::dialect) fn write_location(out: &mut Writer, location: &Value<'_>) {
    for name in ["city", "country", "region", "timezone"] {
        if let Some(words) = text(location, name) {
            out.text_member(name, words);
        }
    }
}
