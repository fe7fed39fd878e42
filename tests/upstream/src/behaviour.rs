use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Dialect, Fault, replay::Replay};

/// How one request is answered. The default is a short text with usage.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    pub text: String,
    /// Comes before the text, as thinking or reasoning.
    pub reasoning: Option<String>,
    /// Called when the request declares them and does not bring their result yet; else the text is the answer.
    pub tools: Vec<ToolCall>,
    /// Calls them though the request brings a result already.
    pub insists: bool,
    /// Into how many output events a stream divides its text.
    pub chunks: usize,
    /// Between two events of a stream.
    pub delay_ms: u64,
    pub head_delay_ms: u64,
    pub usage: UsageSpec,
    pub fault: Option<Fault>,
    /// Answers in this form, whatever is asked for: streamed, or whole.
    pub streams: Option<bool>,
    /// For the faults with a `Retry-After`, in that header's own format.
    pub retry_after: Option<String>,
    /// Added to the answer's.
    pub headers: BTreeMap<String, String>,
    pub replay: Option<Replay>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    pub name: String,
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// Tokens in mutually exclusive buckets; each dialect reports them in its own sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UsageSpec {
    pub input: u64,
    pub cache_read: u64,
    pub cache_write_5m: u64,
    pub cache_write_1h: u64,
    pub output: u64,
    pub reasoning: u64,
}

impl Default for UsageSpec {
    fn default() -> Self {
        Self { input: 11, cache_read: 7, cache_write_5m: 4, cache_write_1h: 2, output: 5, reasoning: 3 }
    }
}

impl UsageSpec {
    /// What a caller can learn of it from the dialect: OpenAI does not tell cache lifetimes, Gemini no cache writes.
    pub fn seen_through(self, dialect: Dialect) -> Self {
        match dialect {
            Dialect::Anthropic => self,
            Dialect::Chat | Dialect::Responses => {
                Self { cache_write_5m: self.cache_write_5m + self.cache_write_1h, cache_write_1h: 0, ..self }
            }
            Dialect::Gemini => Self { cache_write_5m: 0, cache_write_1h: 0, ..self },
        }
    }
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            text: "Hello from the scripted provider.".to_owned(),
            reasoning: None,
            tools: Vec::new(),
            insists: false,
            chunks: 4,
            delay_ms: 0,
            head_delay_ms: 0,
            usage: UsageSpec::default(),
            fault: None,
            streams: None,
            retry_after: None,
            headers: BTreeMap::new(),
            replay: None,
        }
    }
}

impl Behaviour {
    pub fn fault(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    pub fn tool(name: &str, arguments: &Value) -> Self {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        Self { tools: vec![ToolCall { name: name.to_owned(), arguments }], ..Self::default() }
    }

    /// Reads a model's name: `tool:NAME` calls that tool, `fault:NAME` fails so, every other name answers text. Each
    /// may be followed by `+size=BYTES`, `+chunks=N`, `+delay=MS`, `+head=MS`, `+retry=VALUE`, `+thinking`,
    /// `+streams`, `+whole`.
    ///
    /// Fails on an unknown fault or option, so that a typing error in a test does not pass as an answer.
    pub fn from_model(model: &str) -> Result<Self, String> {
        let mut parts = model.split('+');
        let base = parts.next().unwrap_or_default();
        let mut behaviour = match base.split_once(':') {
            Some(("tool", name)) => Self::tool(name, &Value::Null),
            Some(("fault", name)) => Self::fault(Fault::parse(name).ok_or_else(|| format!("no fault {name:?}"))?),
            _ => Self::default(),
        };
        for option in parts {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let number = || value.parse::<u64>().map_err(|error| format!("{option:?}: {error}"));
            match name {
                "size" => behaviour.text = filler(number()? as usize),
                "chunks" => behaviour.chunks = number()? as usize,
                "delay" => behaviour.delay_ms = number()?,
                "head" => behaviour.head_delay_ms = number()?,
                "retry" => behaviour.retry_after = Some(value.to_owned()),
                "streams" => behaviour.streams = Some(true),
                "whole" => behaviour.streams = Some(false),
                "thinking" => behaviour.reasoning = Some("Let me think about it.".to_owned()),
                _ => return Err(format!("no option {name:?}")),
            }
        }
        Ok(behaviour)
    }
}

/// Text of that many bytes.
pub(crate) fn filler(size: usize) -> String {
    "The quick brown fox jumps over the lazy dog. ".chars().cycle().take(size).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide() {
        let rows = [
            ("gpt-5", Ok((None, 0, 33))),
            ("ok+size=1000", Ok((None, 0, 1000))),
            ("tool:get_weather", Ok((None, 1, 33))),
            ("fault:429", Ok((Some(Fault::RateLimited), 0, 33))),
            ("fault:no-such", Err("no fault \"no-such\"".to_owned())),
            ("ok+sise=1", Err("no option \"sise\"".to_owned())),
        ];
        for (name, expected) in rows {
            let seen = Behaviour::from_model(name).map(|b| (b.fault, b.tools.len(), b.text.len()));
            assert_eq!(seen, expected, "{name}");
        }
    }
}
