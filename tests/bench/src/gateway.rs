//! What every home of the gateway is given for the benchmark.

use serde_json::{Value, json};

use crate::load::KEY;

pub(crate) const TOKEN: &str = "admin-token-of-the-benchmark";

/// For each of the providers, given by names and ports, a model of the same name with two associations to balance between.
pub(crate) fn configuration(providers: &[(&str, u16)]) -> Value {
    let provider = |(name, port): &(&str, u16)| {
        let base_url = format!("http://127.0.0.1:{port}/v1");
        json!({"name": name, "type": "openai", "base_url": base_url, "api_key": "sk-upstream"})
    };
    let model = |(name, _): &(&str, u16)| {
        let association = |weight: u32| json!({"provider": name, "model": "bench", "weight": weight, "prices": {"input": 1, "output": 2}});
        json!({"name": name, "strategy": "lottery", "associations": [association(2), association(1)]})
    };
    json!({
        "providers": providers.iter().map(provider).collect::<Vec<_>>(),
        "models": providers.iter().map(model).collect::<Vec<_>>(),
        "keys": [{"name": "bench", "key": KEY}]
    })
}
