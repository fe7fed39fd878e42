//! The table of requests.

use http::Method;
use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association, association_with, weighted};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Setup, TOKEN};
use llmio_upstream::{Behaviour, Dialect, Fault, Upstream};
use serde_json::{Value, json};

use super::{Case, compare, quoted};
use crate::recorded;
use crate::unreachable::Unreachable;

/// A key whose requests are recorded with their bodies.
const KEY: &str = "sk-logging-key-of-the-suite";

const FORMS: [(Form, &str); 3] = [(Form::Whole, "whole"), (Form::Stream, "stream"), (Form::Array, "array")];

fn forms(dialect: Dialect) -> impl Iterator<Item = (Form, &'static str)> {
    FORMS.into_iter().filter(move |(form, _)| dialect == Dialect::Gemini || *form != Form::Array)
}

fn config(upstream: &Upstream) -> Config {
    let mut config = Config::new().key(json!({"name": "logging", "key": KEY, "log_io": true}));
    for dialect in Dialect::ALL {
        config = config.upstream(dialect.as_str(), dialect, upstream);
    }
    config
}

impl Case {
    fn new(name: &str, call: Call) -> Self {
        Self { name: name.to_owned(), call, answers: Vec::new(), is_recorded: true, is_translated: false }
    }

    /// A generation whose client says the case's name.
    fn generation(name: &str, dialect: Dialect, model: &str, form: Form) -> Self {
        let body = body(name, dialect, model, form);
        Self::sending(name, dialect, &dialect::path(dialect, model, form), body)
    }

    fn sending(name: &str, dialect: Dialect, path: &str, body: impl Into<Vec<u8>>) -> Self {
        let call = dialect::authorized(Call::post(path), dialect, KEY).header("content-type", "application/json");
        Self::new(name, call.body(body.into()))
    }

    fn answered(mut self, answers: impl IntoIterator<Item = Behaviour>) -> Self {
        self.answers = answers.into_iter().collect();
        self
    }

    fn unrecorded(mut self) -> Self {
        self.is_recorded = false;
        self
    }

    /// By a provider of another dialect.
    fn translated(mut self) -> Self {
        self.is_translated = true;
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.call = self.call.header(name, value);
        self
    }
}

fn body(name: &str, dialect: Dialect, model: &str, form: Form) -> String {
    dialect::body(dialect, model, form).to_string().replace("\"Hi\"", &quoted(name))
}

#[tokio::test]
async fn generations() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let models = ["ok", "ok+thinking", "tool:get_weather", "ok+size=300000+chunks=40", "ok+chunks=30+delay=2"];
    let prices = json!({"input": 2.0, "output": 10.0, "cache_read": 0.5, "cache_write": 4.0, "currency": "EUR"});
    let fields =
        json!({"prices": prices, "with_header": true, "headers": {"x-added": "1"}, "extra_body": {"top_p": 1}});
    let mut config = config(&upstream);
    let mut cases = Vec::new();
    for dialect in Dialect::ALL {
        let provider = dialect.as_str();
        for (index, provider_model) in models.into_iter().enumerate() {
            let model = format!("{provider}-{index}");
            config = config.model(&model, [association_with(provider, provider_model, &fields)]);
            for (form, form_name) in forms(dialect) {
                let name = format!("{provider} {provider_model} {form_name}");
                let mut case = Case::generation(&name, dialect, &model, form);
                let tools = tools(dialect);
                if provider_model.starts_with("tool") {
                    let mut body: Value = serde_json::from_str(&body(&name, dialect, &model, form)).expect("JSON");
                    body["tools"] = tools;
                    case = Case::sending(&name, dialect, &dialect::path(dialect, &model, form), body.to_string());
                }
                let case = case.header("user-agent", "suite/1.0").header("x-of-client", "2");
                cases.push(case.header("accept-encoding", "gzip").header("cookie", "a=b"));
            }
        }
        // The provider's own headers, with one that is for the gateway alone.
        let headers = [("x-ratelimit-remaining-requests", "7"), ("set-cookie", "a=b"), ("x-other", "1, 2")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let behaviour = Behaviour { headers, ..Behaviour::default() };
        for (form, form_name) in forms(dialect) {
            let name = format!("{provider} headers {form_name}");
            let case = Case::generation(&name, dialect, &format!("{provider}-0"), form);
            cases.push(case.answered([behaviour.clone()]));
        }
    }
    compare(Setup::new(config), &upstream, &cases).await;
}

fn tools(dialect: Dialect) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    match dialect {
        Dialect::Chat => json!([{"type": "function", "function": {"name": "get_weather", "parameters": schema}}]),
        Dialect::Responses => json!([{"type": "function", "name": "get_weather", "parameters": schema}]),
        Dialect::Anthropic => json!([{"name": "get_weather", "input_schema": schema}]),
        Dialect::Gemini => json!([{"functionDeclarations": [{"name": "get_weather", "parameters": schema}]}]),
    }
}

/// Each fault alone, and with a healthy provider behind it. Each cell has associations of its own, so that no cool-down
/// of one is seen by another.
async fn faults(dialect: Dialect) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let provider = dialect.as_str();
    // One retry, since several take longer than the budget, or not, by chance.
    let timeouts = json!({
        "time_out": 4, "header_timeout": 1, "first_token_timeout": 1.5, "idle_timeout": 1, "max_retry": 1
    });
    let mut config = config(&upstream);
    let mut cases = Vec::new();
    for fault in Fault::ALL {
        for (form, form_name) in forms(dialect) {
            let failing = weighted(provider, &format!("fault:{}", fault.as_str()), 10);
            for (which, associations) in
                [("alone", vec![failing.clone()]), ("pair", vec![failing, weighted(provider, "ok", 1)])]
            {
                let name = format!("{which} {} {form_name}", fault.as_str());
                let model = name.replace(' ', "-");
                config = config.model_with(&model, &timeouts, associations);
                cases.push(Case::generation(&name, dialect, &model, form));
            }
        }
    }
    compare(Setup::new(config), &upstream, &cases).await;
}

#[tokio::test]
async fn faults_of_chat() {
    faults(Dialect::Chat).await;
}

#[tokio::test]
async fn faults_of_responses() {
    faults(Dialect::Responses).await;
}

#[tokio::test]
async fn faults_of_anthropic() {
    faults(Dialect::Anthropic).await;
}

#[tokio::test]
async fn faults_of_gemini() {
    faults(Dialect::Gemini).await;
}

/// Nobody answers, alone and with a healthy provider behind. One dialect after another, because systems look up few names
/// at once.
#[tokio::test]
async fn unreachable_providers() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let unreachable = Unreachable::before(&upstream).await;
    for dialect in Dialect::ALL {
        let healthy = dialect.as_str();
        let mut config = config(&upstream);
        let mut cases = Vec::new();
        for address in unreachable.addresses() {
            config = config.provider(address.provider(address.what, dialect, &upstream));
            let first = weighted(address.what, "ok", 10);
            // Where the platform does not tell whether a connection was ever there, a sole provider is asked again as if it
            // had broken off.
            for (which, max_retry, associations) in
                [("alone", 0, vec![first.clone()]), ("pair", 1, vec![first, weighted(healthy, "ok", 1)])]
            {
                let model = format!("{which}-{}", address.what);
                config = config.model_with(&model, &json!({"max_retry": max_retry}), associations);
                for (form, form_name) in forms(dialect) {
                    cases.push(Case::generation(&format!("{model} {healthy} {form_name}"), dialect, &model, form));
                }
            }
        }
        compare(Setup::new(config), &upstream, &cases).await;
    }
}

#[tokio::test]
async fn recorded_answers() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = config(&upstream);
    for dialect in Dialect::ALL {
        config = config.model(dialect.as_str(), [association(dialect.as_str(), "any")]);
    }
    let mut cases = Vec::new();
    for recording in recorded::all() {
        for chunk_bytes in recorded::CHUNK_BYTES {
            let dialect = recording.dialect;
            for (number, replay) in recording.replays(chunk_bytes).into_iter().enumerate() {
                let form = recorded::form(&replay);
                let name = format!("{} answer {number} in chunks of {chunk_bytes}", recording.file.display());
                let case = Case::generation(&name, dialect, dialect.as_str(), form);
                cases.push(case.answered([Behaviour { replay: Some(replay), ..Behaviour::default() }]));
            }
        }
    }
    compare(Setup::new(config), &upstream, &cases).await;
}

#[tokio::test]
async fn counts_lists_and_refusals() {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = config(&upstream)
        .key(json!({"name": "narrow", "key": "sk-narrow-key-of-the-suite", "models": ["*-one"]}))
        .key(json!({"name": "over", "key": "sk-expired-key-of-the-suite", "expires_at": "2020-01-01T00:00:00Z"}))
        .setting("counting_provider", "anthropic");
    for dialect in Dialect::ALL {
        config = config.model(dialect.as_str(), [association(dialect.as_str(), "ok")]);
    }
    let mut cases = counts();
    cases.extend(lists());
    cases.extend(refusals());
    let setup = Setup::new(config).env("LLMIO_MAX_BODY_BYTES", "100000");
    compare(setup, &upstream, &cases).await;
}

fn counts() -> Vec<Case> {
    let mut cases = Vec::new();
    for model in ["anthropic", "openai_chat", "no-such-model"] {
        for path in ["/anthropic/v1/messages/count_tokens", "/v1/messages/count_tokens?beta=true"] {
            let name = format!("count {model} {path}");
            let body = json!({"model": model, "messages": [{"role": "user", "content": name}]});
            cases.push(Case::sending(&name, Dialect::Anthropic, path, body.to_string()));
        }
    }
    for model in ["gemini", "no-such-model"] {
        let name = format!("count {model}");
        let body = json!({"contents": [{"parts": [{"text": name}]}]});
        let path = format!("/gemini/v1beta/models/{model}:countTokens");
        cases.push(Case::sending(&name, Dialect::Gemini, &path, body.to_string()));
    }
    cases
}

/// Everything that is answered without a provider.
fn lists() -> Vec<Case> {
    let call = |method: Method, path: &str| {
        let call = Call::new(method.clone(), path).header("authorization", &format!("Bearer {KEY}"));
        Case::new(&format!("{method} {path}"), call).unrecorded()
    };
    let mut cases: Vec<Case> = [
        "/openai/v1/models",
        "/openai/v1/models/openai_chat",
        "/openai/v1/models/no-such-model",
        "/v1/models",
        "/anthropic/v1/models?limit=1",
        "/anthropic/v1/models?limit=x",
        "/anthropic/v1/models/anthropic",
        "/anthropic/v1/models/no-such-model",
        "/gemini/v1beta/models",
        "/gemini/v1beta/models/gemini",
        "/gemini/v1beta/models/no-such-model",
        "/v1beta/models?pageSize=1",
        "/healthz",
        "/openai/v1/responses",
        "/openai/v1/no-such",
        "/anthropic/v1/no-such",
        "/gemini/v1beta/no-such",
        "/no-such",
        "/",
    ]
    .map(|path| call(Method::GET, path))
    .into();
    for (method, path) in [
        (Method::HEAD, "/"),
        (Method::HEAD, "/anthropic"),
        (Method::HEAD, "/anthropic/api/hello"),
        (Method::HEAD, "/openai/v1/models"),
        (Method::POST, "/anthropic/api/event_logging/batch"),
        (Method::PUT, "/openai/v1/chat/completions"),
        (Method::DELETE, "/anthropic/v1/messages"),
        (Method::GET, "/gemini/v1beta/models/gemini:generateContent"),
        (Method::POST, "/gemini/v1beta/models/gemini:noSuchMethod"),
        (Method::POST, "/healthz"),
        (Method::GET, "/api/no-such"),
    ] {
        cases.push(call(method, path));
    }
    let preflight = Call::new(Method::OPTIONS, "/anthropic/v1/messages")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-api-key,content-type");
    cases.push(Case::new("preflight", preflight).unrecorded());
    let socket = call(Method::GET, "/v1/responses?socket");
    let socket = socket.header("connection", "Upgrade").header("upgrade", "websocket");
    cases.push(socket.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="));
    cases
}

/// Everything that the gateway itself refuses.
fn refusals() -> Vec<Case> {
    let mut cases = Vec::new();
    for dialect in Dialect::ALL {
        let own = dialect.as_str();
        let good = body("refused", dialect, own, Form::Whole);
        let path = dialect::path(dialect, own, Form::Whole);
        let mut add = |what: &str, body: String| {
            let name = format!("{own} {what}");
            cases.push(Case::sending(&name, dialect, &path, body));
        };
        add("no JSON", "{".to_owned());
        add("no object", "[1,2]".to_owned());
        add("empty", String::new());
        add("too large", good.replace("refused", &"x".repeat(200_000)));
        add("unknown model", good.replace(&quoted(own), "\"no-such-model\""));
        add("no model", good.replace("\"model\"", "\"mod\""));
        let other = if dialect == Dialect::Anthropic { Dialect::Chat } else { Dialect::Anthropic };
        let name = format!("{own} model of another dialect");
        let asking = Case::sending(&name, dialect, &path, good.replace(&quoted(own), &quoted(other.as_str())));
        cases.push(asking.translated());
        for (what, key) in
            [("wrong key", "sk-wrong"), ("empty key", ""), ("expired key", "sk-expired-key-of-the-suite")]
        {
            let call = dialect::authorized(Call::post(&path), dialect, key).header("content-type", "application/json");
            cases.push(Case::new(&format!("{own} {what}"), call.body(good.clone())).unrecorded());
        }
        let none = Call::post(&path).header("content-type", "application/json").body(good.clone());
        cases.push(Case::new(&format!("{own} no key"), none).unrecorded());
        let narrow = dialect::authorized(Call::post(&path), dialect, "sk-narrow-key-of-the-suite").body(good.clone());
        cases.push(Case::new(&format!("{own} not for this key"), narrow));
        let query = Call::post(&format!("{}{}key={KEY}", path, if path.contains('?') { '&' } else { '?' }));
        let name = format!("{own} key in the query");
        cases.push(Case::new(&name, query.body(body(&name, dialect, own, Form::Whole))));
        let name = format!("{own} by the administrator");
        let call = dialect::authorized(Call::post(&path), dialect, TOKEN).body(body(&name, dialect, own, Form::Whole));
        cases.push(Case::new(&name, call));
    }
    cases
}
