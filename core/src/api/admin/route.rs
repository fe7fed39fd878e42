use std::fmt;

use http::Method;
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;

use super::{Admin, AdminCall, AdminError, Reply};
use crate::platform::BoxFuture;

pub(super) type Handler = for<'a> fn(&'a Admin, AdminCall) -> BoxFuture<'a, Result<Reply, AdminError>>;

/// One operation of the admin API: what is dispatched to, and what the OpenAPI document says about it.
pub struct AdminRoute {
    pub(super) method: Method,
    /// As `/api/providers/{id}`.
    pub(super) path: &'static str,
    pub(super) handler: Handler,
    #[cfg(test)]
    pub(super) described: Described,
}

/// For the OpenAPI document, which is only made in tests.
#[cfg(test)]
#[derive(Default)]
pub(super) struct Described {
    /// Unique; the name of the operation in generated clients.
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) query: Option<SchemaOf>,
    pub(super) body: Option<RequestBody>,
    pub(super) status: u16,
    /// `None`: no body.
    pub(super) answer: Option<SchemaOf>,
    /// The content types of an answer that is no JSON of a known form.
    pub(super) raw: &'static [&'static str],
    /// Whether it takes, or without a body answers, YAML as well as JSON.
    pub(super) yaml: bool,
    /// Whether it reads or changes the configuration: its answer names the version, and a write may be for one.
    pub(super) versioned: bool,
    /// What it answers instead of JSON where the client accepts only that.
    pub(super) texts: Vec<&'static str>,
    /// What one of its events is, where it can answer by events.
    pub(super) events: Option<SchemaOf>,
}

#[cfg(test)]
pub(super) type SchemaOf = fn(&mut schemars::SchemaGenerator) -> schemars::Schema;

#[cfg(test)]
#[derive(Clone, Copy)]
pub(super) struct RequestBody {
    pub(super) schema: SchemaOf,
    /// Every field may be left out, and then keeps its value.
    pub(super) partial: bool,
}

#[cfg(test)]
fn schema_of<T: JsonSchema>(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<T>()
}

#[cfg_attr(not(test), expect(unused_variables, unused_mut, reason = "the description is only used in tests"))]
impl AdminRoute {
    /// Answers 200 without a body until told otherwise.
    pub fn new(
        method: Method,
        path: &'static str,
        name: &'static str,
        summary: &'static str,
        handler: Handler,
    ) -> Self {
        Self {
            method,
            path,
            handler,
            #[cfg(test)]
            described: Described { name, summary, status: 200, ..Described::default() },
        }
    }

    /// The struct that [`AdminCall::query`] reads.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        #[cfg(test)]
        {
            self.described.query = Some(schema_of::<T>);
        }
        self
    }

    /// The struct that [`AdminCall::json`] reads.
    #[must_use]
    pub fn body<T: JsonSchema>(mut self) -> Self {
        #[cfg(test)]
        {
            self.described.body = Some(RequestBody { schema: schema_of::<T>, partial: false });
        }
        self
    }

    /// The struct that [`super::call::patch`] reads.
    #[must_use]
    pub fn patch<T: JsonSchema>(mut self) -> Self {
        #[cfg(test)]
        {
            self.described.body = Some(RequestBody { schema: schema_of::<T>, partial: true });
        }
        self
    }

    #[must_use]
    pub fn answers<T: JsonSchema>(mut self, status: u16) -> Self {
        #[cfg(test)]
        {
            self.described.status = status;
            self.described.answer = Some(schema_of::<T>);
        }
        self
    }

    /// Bytes of one of these content types.
    #[must_use]
    pub fn answers_as(mut self, kinds: &'static [&'static str]) -> Self {
        #[cfg(test)]
        {
            self.described.raw = kinds;
        }
        self
    }

    #[must_use]
    pub fn answers_nothing(mut self) -> Self {
        #[cfg(test)]
        {
            self.described.status = 204;
        }
        self
    }

    #[must_use]
    pub fn or_yaml(mut self) -> Self {
        #[cfg(test)]
        {
            self.described.yaml = true;
        }
        self
    }

    /// Answers by events, too: server-sent ones or lines of JSON.
    #[must_use]
    pub fn or_events<T: JsonSchema>(mut self) -> Self {
        #[cfg(test)]
        {
            self.described.events = Some(schema_of::<T>);
            self.described.texts.extend(["text/event-stream", "application/x-ndjson"]);
        }
        self
    }

    /// Answers with the configuration's version as its `ETag`; a write takes `If-Match` ([`super::expected`]).
    #[must_use]
    pub fn versioned(mut self) -> Self {
        #[cfg(test)]
        {
            self.described.versioned = true;
        }
        self
    }

    #[must_use]
    pub fn or_csv(mut self) -> Self {
        #[cfg(test)]
        self.described.texts.push("text/csv");
        self
    }

    #[must_use]
    pub fn or_lines(mut self) -> Self {
        #[cfg(test)]
        self.described.texts.push("application/x-ndjson");
        self
    }

    /// The values of the template's parameters when `path` fits it.
    pub(super) fn matches(&self, path: &str) -> Option<Vec<(&'static str, String)>> {
        let mut parameters = Vec::new();
        let (mut template, mut given) = (self.path.split('/'), path.split('/'));
        loop {
            match (template.next(), given.next()) {
                (None, None) => return Some(parameters),
                (Some(part), Some(text)) => match parameter_name(part) {
                    Some(name) if !text.is_empty() => {
                        parameters.push((name, percent_decode_str(text).decode_utf8().ok()?.into_owned()));
                    }
                    None if part == text => {}
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    #[cfg(test)]
    pub(super) fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(parameter_name)
    }
}

fn parameter_name(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

impl fmt::Debug for AdminRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdminRoute({} {})", self.method, self.path)
    }
}
