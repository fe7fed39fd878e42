//! What every home of the gateway is given for the benchmark.

use llmio_upstream::Dialect;
use serde_json::{Value, json};

use crate::load::KEY;

pub(crate) const TOKEN: &str = "admin-token-of-the-benchmark";

/// A provider's name, what it speaks, and its port.
pub(crate) type Named = (&'static str, Dialect, u16);

/// For each of the providers a model of the same name with two associations to balance between.
pub(crate) fn configuration(providers: &[Named]) -> Value {
    let provider = |(name, dialect, port): &Named| {
        let base_url = format!("http://127.0.0.1:{port}{}", dialect.base_path());
        let kind = match dialect {
            Dialect::Chat => "openai",
            Dialect::Responses => "openai-res",
            Dialect::Anthropic => "anthropic",
            Dialect::Gemini => "gemini",
        };
        json!({"name": name, "type": kind, "base_url": base_url, "api_key": "sk-upstream"})
    };
    let model = |(name, _, _): &Named| {
        let association = |weight: u32| json!({"provider": name, "model": "bench", "weight": weight, "prices": {"input": 1, "output": 2}});
        json!({"name": name, "strategy": "lottery", "associations": [association(2), association(1)]})
    };
    json!({
        "providers": providers.iter().map(provider).collect::<Vec<_>>(),
        "models": providers.iter().map(model).collect::<Vec<_>>(),
        "keys": [{"name": "bench", "key": KEY}]
    })
}
