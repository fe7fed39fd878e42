use std::borrow::Cow;

use super::ledger::{Ledger, Refusal};
use super::part::{Part, PartKind};
use super::reasoning::{Reasoning, Thoughts};
use super::schema::Schema;
use super::search::Search;
use super::tool::{Tool, ToolChoice};
use crate::wire::json::Value;

/// What a client asks for. The model's name is not in it: each side has its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request<'a> {
    /// What stands before the first turn.
    pub system: Vec<Part<'a>>,
    pub turns: Vec<Turn<'a>>,
    pub tools: Vec<Tool<'a>>,
    pub search: Option<Search<'a>>,
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether several calls may be made at once; `None` is the dialect's default, which is yes.
    pub parallel_calls: Option<bool>,
    pub sampling: Sampling<'a>,
    pub reasoning: Option<Reasoning>,
    pub thoughts: Thoughts,
    pub format: Option<Format<'a>>,
    /// Who the end user is.
    pub user: Option<Cow<'a, str>>,
    pub cache_key: Option<&'a str>,
    /// In OpenAI's words.
    pub service_tier: Option<&'a str>,
    pub verbosity: Option<&'a str>,
    /// Members that OpenAI's two dialects have alike, and nobody else.
    pub openai: Vec<(&'a str, &'a Value<'a>)>,
    /// The client knows cache breakpoints, whether it sets any or not.
    pub knows_breakpoints: bool,
    /// It wants to know how likely the tokens were, and so many others of each.
    pub logprobs: Option<u64>,
    /// Members that the answer repeats.
    pub repeated: Vec<(&'a str, &'a Value<'a>)>,
    /// How many choices the answer shall have, where they are several, and the client's name for that.
    pub choices: Option<(u64, &'static str)>,
    pub stream: bool,
}

impl Request<'_> {
    /// The names of the tools that take any text.
    pub fn freeform(&self) -> Vec<String> {
        let tools = self.tools.iter().filter(|tool| tool.freeform.is_some());
        tools.map(|tool| tool.name.clone().into_owned()).collect()
    }

    /// For a target whose answers have one choice.
    pub(in crate::dialect) fn one_choice(&self) -> Result<(), Refusal> {
        let message = "the model's provider gives one answer; ask once for each";
        self.choices.map_or(Ok(()), |(_, field)| Err(Refusal::new(field, message)))
    }

    /// Notes what texts rest on for a target that has no place for it, or only where the model has said them.
    pub(in crate::dialect) fn without_citations(&self, keeps_answers: bool, ledger: &mut Ledger) {
        fn cites(part: &Part<'_>) -> bool {
            let within = matches!(&part.kind, PartKind::Result { parts, .. } if parts.iter().any(cites));
            part.notes.is_some() || within
        }
        let turns = self.turns.iter().filter(|turn| !keeps_answers || turn.role != Role::Assistant);
        if turns.flat_map(|turn| &turn.parts).chain(&self.system).any(cites) {
            ledger.dropped("citations");
        }
    }

    /// Whether a tool of this name takes any text.
    pub fn is_freeform(&self, name: &str) -> bool {
        self.tools.iter().any(|tool| tool.freeform.is_some() && tool.name == name)
    }
}

/// What Chat Completions and Responses have under the same name in the same form.
pub(in crate::dialect) const OPENAI_ALIKE: [&str; 4] =
    ["metadata", "moderation", "prompt_cache_options", "prompt_cache_retention"];

#[derive(Clone, Debug, PartialEq)]
pub struct Turn<'a> {
    pub role: Role,
    pub parts: Vec<Part<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    User,
    Assistant,
    /// Instructions in the midst of a conversation.
    System,
}

/// Limits and sampling, each as the client wrote it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sampling<'a> {
    pub max_tokens: Option<u64>,
    pub temperature: Option<&'a Value<'a>>,
    pub top_p: Option<&'a Value<'a>>,
    pub top_k: Option<&'a Value<'a>>,
    pub seed: Option<&'a Value<'a>>,
    pub frequency_penalty: Option<&'a Value<'a>>,
    pub presence_penalty: Option<&'a Value<'a>>,
    pub stop: Vec<&'a str>,
}

/// What the answer's text must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Format<'a> {
    /// Some JSON object.
    Json,
    Schema {
        name: Option<&'a str>,
        description: Option<&'a str>,
        schema: Schema<'a>,
        strict: Option<bool>,
    },
}
