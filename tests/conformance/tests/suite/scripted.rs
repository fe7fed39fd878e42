//! Answers as rows: a provider that gives each of them, alone and in front of a healthy one.

use futures_util::stream::{self, StreamExt as _};
use llmio_conformance::client::Answer;
use llmio_conformance::config::{Config, provider_type, weighted};
use llmio_conformance::dialect::{self, Form, StreamEnd};
use llmio_conformance::{Home, Setup};
use llmio_upstream::answer::{self, Asked, Event};
use llmio_upstream::script::{Script, When};
use llmio_upstream::{Behaviour, Dialect, Upstream};
use serde_json::{Value, json};

/// The failing provider's key: long enough to be found wherever it should not be.
pub(crate) const FAILING_KEY: &str = "sk-failing-0123456789-of-the-suite";

/// One answer of a provider to one kind of request.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Also the provider's name for the model, by which the answer is chosen.
    pub(crate) name: String,
    pub(crate) dialect: Dialect,
    pub(crate) form: Form,
    answer: Behaviour,
}

impl Case {
    pub(crate) fn new(dialect: Dialect, form: Form, what: &str, answer: impl Into<Behaviour>) -> Self {
        let form_name = format!("{form:?}").to_lowercase();
        let what: String = what.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).collect();
        Self { name: format!("{}-{form_name}-{what}", dialect.as_str()), dialect, form, answer: answer.into() }
    }
}

/// What the client got, and the log's rows of it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) answer: Answer,
    pub(crate) rows: Vec<Value>,
}

pub(crate) struct Bed {
    pub(crate) home: Home,
    pub(crate) failing: Upstream,
    _healthy: Upstream,
}

impl Bed {
    pub(crate) async fn new<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Self {
        Self::with(Config::new(), cases, &json!({}), &json!({})).await
    }

    /// With further fields of the models, and of the provider that fails.
    pub(crate) async fn with<'a>(
        mut config: Config,
        cases: impl IntoIterator<Item = &'a Case>,
        model_fields: &Value,
        provider_fields: &Value,
    ) -> Self {
        let failing = Upstream::with_key(FAILING_KEY).await.expect("a provider");
        let healthy = Upstream::with_key("sk-healthy").await.expect("a provider");
        for dialect in Dialect::ALL {
            let mut provider = json!({
                "name": format!("failing-{}", dialect.as_str()),
                "type": provider_type(dialect),
                "base_url": failing.base_url(dialect),
                "api_key": failing.key()
            });
            merge(&mut provider, provider_fields);
            config = config.provider(provider).upstream(&format!("healthy-{}", dialect.as_str()), dialect, &healthy);
        }
        for Case { name, dialect, answer, .. } in cases {
            let first = weighted(&format!("failing-{}", dialect.as_str()), name, 10);
            let second = weighted(&format!("healthy-{}", dialect.as_str()), "ok", 1);
            // One that is alone would be asked again; these rows are about its answer.
            let mut alone = json!({"max_retry": 0});
            merge(&mut alone, model_fields);
            config = config.model_with(&format!("alone-{name}"), &alone, [first.clone()]).model_with(
                &format!("pair-{name}"),
                model_fields,
                [first, second],
            );
            let when = When { model: Some(name.clone()), ..When::default() };
            failing.script(Script { when, steps: vec![answer.clone()], repeat_last: true });
        }
        Self { home: Home::start(Setup::new(config)).await, failing, _healthy: healthy }
    }

    pub(crate) async fn alone(&self, case: &Case) -> Seen {
        self.ask("alone", case).await
    }

    pub(crate) async fn pair(&self, case: &Case) -> Seen {
        self.ask("pair", case).await
    }

    async fn ask(&self, which: &str, case: &Case) -> Seen {
        let model = format!("{which}-{}", case.name);
        let answer = dialect::call(&self.home, case.dialect, &model, case.form).send().await;
        let rows = self.home.trace(&answer.trace()).await;
        Seen { answer, rows }
    }
}

impl Seen {
    /// The healthy provider's answer, after a failure of the other.
    pub(crate) fn failed_over(&self, case: &Case) -> Result<(), String> {
        let text = self.answer.text();
        ensure(self.answer.status == 200 && !self.answer.cut, || self.told("expected the healthy provider's answer"))?;
        ensure(text.contains("vider."), || self.told("expected the healthy provider's text"))?;
        if case.form.streams() {
            let end = dialect::stream_end(case.dialect, case.form, &self.answer);
            ensure(end == StreamEnd::Complete, || self.told(&format!("expected a complete stream, not {end:?}")))?;
        }
        let outcomes: Vec<bool> = self.rows.iter().map(|row| row["outcome"] == "success").collect();
        ensure(outcomes == [false, true], || self.told("expected a failed and a good attempt"))?;
        ensure(self.rows[0]["error"].is_string(), || self.told("the failed attempt names no error"))
    }

    /// A whole error of the gateway in the client's dialect; answers its message.
    pub(crate) fn made(&self, case: &Case, status: u16) -> Result<String, String> {
        ensure(self.answer.status == status, || self.told(&format!("expected a {status} of the gateway")))?;
        let kind = self.answer.header("content-type").unwrap_or_default();
        ensure(kind.starts_with("application/json"), || self.told(&format!("expected JSON, not {kind}")))?;
        ensure(serde_json::from_slice::<Value>(&self.answer.body).is_ok(), || self.told("expected JSON"))?;
        Ok(dialect::error_message(case.dialect, &self.answer))
    }

    /// Exactly this body, and a success in the log.
    pub(crate) fn passed(&self, body: &str) -> Result<(), String> {
        ensure(self.answer.status == 200 && !self.answer.cut, || self.told("expected the provider's answer"))?;
        ensure(self.answer.body == body.as_bytes(), || self.told("expected the provider's own bytes"))?;
        self.outcome("success")
    }

    /// Of a single attempt.
    pub(crate) fn outcome(&self, outcome: &str) -> Result<(), String> {
        let rows = &self.rows;
        let fits = rows.len() == 1 && rows[0]["outcome"] == outcome;
        ensure(fits, || self.told(&format!("expected one attempt with the outcome {outcome}")))
    }

    /// What is in the log as the error of the first attempt.
    pub(crate) fn error(&self) -> &str {
        self.rows[0]["error"].as_str().unwrap_or_default()
    }

    pub(crate) fn told(&self, what: &str) -> String {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| format!("{} {} {} {}", row["provider"], row["status"], row["outcome"], row["error"]))
            .collect();
        let text = self.answer.text();
        let text = match text.char_indices().rev().nth(400) {
            Some((at, _)) => format!("…{}", &text[at..]),
            None => text,
        };
        format!("{what}; got {} {text:?}, recorded {rows:?}", self.answer.status)
    }
}

pub(crate) fn ensure(holds: bool, error: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(error()) }
}

/// So many requests are under way at once. Some homes start a process for each.
pub(crate) const AT_ONCE: usize = 16;

/// Checks all rows, many at once, and tells of all that are wrong.
pub(crate) async fn all_hold<'a>(
    cases: impl IntoIterator<Item = &'a Case>,
    check: impl AsyncFn(&'a Case) -> Result<(), String>,
) {
    let check = &check;
    let checks = cases
        .into_iter()
        .map(|case| async move { check(case).await.map_err(|error| format!("{}: {error}", case.name)) });
    let results: Vec<Result<(), String>> = stream::iter(checks).buffered(AT_ONCE).collect().await;
    let wrong: Vec<&str> = results.iter().filter_map(|result| result.as_ref().err().map(String::as_str)).collect();
    assert!(wrong.is_empty(), "{} of {} rows are wrong:\n{}", wrong.len(), results.len(), wrong.join("\n"));
}

/// The forms in which a dialect streams.
pub(crate) fn streams(dialect: Dialect) -> &'static [Form] {
    if dialect == Dialect::Gemini { &[Form::Stream, Form::Array] } else { &[Form::Stream] }
}

/// Every form of a dialect.
pub(crate) fn forms(dialect: Dialect) -> impl Iterator<Item = Form> {
    core::iter::once(Form::Whole).chain(streams(dialect).iter().copied())
}

/// The events of a good answer with this text, framed as the form wants it.
pub(crate) fn events(dialect: Dialect, form: Form, behaviour: &Behaviour) -> Vec<Event> {
    let body = json!({});
    let events = answer::stream(Asked { dialect, model: "any", body: &body, behaviour });
    if form == Form::Array { answer::json_array(events) } else { events }
}

/// What a provider sends as the type of such an answer.
pub(crate) fn content_type(form: Form) -> &'static str {
    if form == Form::Stream { "text/event-stream" } else { "application/json" }
}

pub(crate) fn text_of(event: &Event) -> String {
    String::from_utf8_lossy(&event.bytes).into_owned()
}

fn merge(value: &mut Value, fields: &Value) {
    for (key, field) in fields.as_object().into_iter().flatten() {
        value[key] = field.clone();
    }
}
