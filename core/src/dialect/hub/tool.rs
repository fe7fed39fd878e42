use std::borrow::Cow;

use super::freeform::{self, Freeform};
use super::ledger::Ledger;
use super::part::Cache;
use super::schema::Schema;

/// A function that the client runs, or a tool of its own that takes any text.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool<'a> {
    pub name: Cow<'a, str>,
    pub description: Option<Cow<'a, str>>,
    /// JSON Schema of the arguments; `None` for no arguments.
    pub schema: Option<Schema<'a>>,
    pub strict: Option<bool>,
    /// It takes a text instead of arguments.
    pub freeform: Option<Freeform<'a>>,
    pub cache: Option<Cache>,
}

impl<'a> Tool<'a> {
    pub fn named(name: impl Into<Cow<'a, str>>) -> Self {
        Self { name: name.into(), description: None, schema: None, strict: None, freeform: None, cache: None }
    }

    /// As a function, for a target that knows nothing else: one that takes any text has one argument.
    pub fn as_function(&self, ledger: &mut Ledger) -> Cow<'_, Tool<'_>> {
        let Some(freeform) = self.freeform else { return Cow::Borrowed(self) };
        ledger.approximated("tools.custom");
        Cow::Owned(Tool {
            description: Some(freeform::description(self.description.as_deref(), freeform).into()),
            schema: Some(Schema::Given(&freeform::SCHEMA)),
            cache: self.cache,
            ..Tool::named(&*self.name)
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    Auto,
    None,
    /// Some tool must be called.
    Required,
    Named(&'a str),
    /// The web must be searched.
    Search,
}
