//! What every home of the gateway is given for the benchmark.

use serde_json::{Value, json};

use crate::load::KEY;
use crate::provider::Providers;

pub(crate) const TOKEN: &str = "admin-token-of-the-benchmark";

/// A model for each provider, with two associations to balance between.
pub(crate) fn configuration(providers: &Providers) -> Value {
    let provider = |name: &str, paced: bool| {
        let base_url = format!("{}/v1", providers.base(paced));
        json!({"name": name, "type": "openai", "base_url": base_url, "api_key": "sk-upstream"})
    };
    let model = |name: &str, provider: &str| {
        let association = |weight: u32| json!({"provider": provider, "model": "bench", "weight": weight, "prices": {"input": 1, "output": 2}});
        json!({"name": name, "strategy": "lottery", "associations": [association(2), association(1)]})
    };
    json!({
        "providers": [provider("burst", false), provider("paced", true)],
        "models": [model("bench", "burst"), model("paced", "paced")],
        "keys": [{"name": "bench", "key": KEY}]
    })
}

/// The name of a model that [`configuration`] gives to a provider.
pub(crate) fn model(paced: bool) -> &'static str {
    if paced { "paced" } else { "bench" }
}
