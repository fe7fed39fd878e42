use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Request;
use llmio_core::api::admin::{
    About, Admin, AdminError, Happening, InFlightFilter, Instance, Overview, PlanAnswer, PlanQuestion, handle,
};
use llmio_core::balance::AssociationHealth;
use llmio_core::config::file::Environment;
use llmio_core::config::{Config, Sealer};
use llmio_core::platform::{BoxFuture, DatabaseError, Platform};
use llmio_core::record::LogEntry;
use llmio_core::storage::{ConfigStore, migrate};
use llmio_core::testing::{FixedEntropy, ManualClock, ScriptedHttp};
use llmio_native::LocalDatabase;
use serde_json::Value;

/// An admin API with an empty configuration.
pub(crate) struct Api {
    pub(crate) admin: Admin,
    /// The providers, answering from a script.
    pub(crate) http: Arc<ScriptedHttp>,
    /// The versions that were announced.
    pub(crate) announced: Arc<Announced>,
}

#[derive(Debug, Default)]
pub(crate) struct Announced {
    versions: Mutex<Vec<i64>>,
    resets: Mutex<Vec<String>>,
    recorded: Mutex<Vec<LogEntry>>,
}

impl Announced {
    pub(crate) fn versions(&self) -> Vec<i64> {
        self.versions.lock().unwrap().clone()
    }

    /// The rows of the log.
    pub(crate) fn recorded(&self) -> Vec<LogEntry> {
        self.recorded.lock().unwrap().clone()
    }

    /// The associations whose rests were lifted.
    pub(crate) fn resets(&self) -> Vec<String> {
        self.resets.lock().unwrap().clone()
    }
}

impl Instance for Announced {
    fn record(&self, entries: Vec<LogEntry>) -> BoxFuture<'_, ()> {
        self.recorded.lock().unwrap().extend(entries);
        Box::pin(async {})
    }

    fn about(&self) -> About {
        About { home: "test", instance: "one".to_owned(), ..About::default() }
    }

    fn overview(&self) -> Overview {
        unreachable!("nothing runs here")
    }

    fn happening(&self, _: &InFlightFilter) -> Happening {
        Happening::default()
    }

    fn plan(&self, _: &PlanQuestion) -> Result<PlanAnswer, AdminError> {
        unreachable!("nothing runs here")
    }

    fn config_changed(&self, config: &Config) {
        self.versions.lock().unwrap().push(config.version);
    }

    fn health(&self, _: &str) -> AssociationHealth {
        AssociationHealth::default()
    }

    fn reset<'a>(&'a self, association: &'a str) -> BoxFuture<'a, Result<(), DatabaseError>> {
        self.resets.lock().unwrap().push(association.to_owned());
        Box::pin(async { Ok(()) })
    }
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) text: String,
    /// Null when the body is no JSON.
    pub(crate) json: Value,
}

impl Api {
    pub(crate) async fn new() -> Self {
        let http = Arc::new(ScriptedHttp::default());
        let clock = Arc::new(ManualClock::default());
        let database = Arc::new(LocalDatabase::open_in_memory().unwrap());
        migrate(&*database, &*clock).await.unwrap();
        let platform = Platform { http: http.clone(), database, clock, entropy: Arc::new(FixedEntropy::default()) };
        let announced = Arc::new(Announced::default());
        let admin = Admin {
            store: ConfigStore::new(&platform, Sealer::new([1; 32])),
            platform,
            instance: announced.clone(),
            environment: Environment::new(|name| {
                (name == "OPENAI_API_KEY").then(|| "sk-0123456789-canary-4711".into())
            }),
        };
        Self { admin, http, announced }
    }

    pub(crate) async fn send(&self, request: Request<Bytes>) -> Answer {
        let (parts, body) = handle(&self.admin, request).await.into_parts();
        let text = String::from_utf8(body.read(usize::MAX, 0).await.unwrap().into()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text, json }
    }

    /// `call` as "GET /api/providers"; a body that is not null is sent as JSON.
    pub(crate) async fn call(&self, call: &str, body: Value) -> Answer {
        let (method, path) = call.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path);
        let mut bytes = Bytes::new();
        if !body.is_null() {
            request = request.header("content-type", "application/json");
            bytes = body.to_string().into();
        }
        self.send(request.body(bytes).unwrap()).await
    }

    /// [`Self::call`] that must succeed with `status`.
    pub(crate) async fn expect(&self, status: u16, call: &str, body: Value) -> Value {
        let answer = self.call(call, body).await;
        assert_eq!(answer.status, status, "{call}: {}", answer.text);
        answer.json
    }
}

/// A request that must be refused, with the status, the code and the field it is refused with.
pub(crate) struct Refusal {
    pub(crate) call: String,
    pub(crate) body: Value,
    pub(crate) expected: (u16, &'static str, &'static str),
}

pub(crate) fn refusal(
    call: impl Into<String>,
    body: Value,
    status: u16,
    code: &'static str,
    field: &'static str,
) -> Refusal {
    Refusal { call: call.into(), body, expected: (status, code, field) }
}

/// Checks each refusal, and that none of them changed anything.
pub(crate) async fn check_refusals(api: &Api, rows: Vec<Refusal>) {
    let before = api.admin.store.load().await.unwrap();
    for Refusal { call, body, expected } in rows {
        let answer = api.call(&call, body.clone()).await;
        let error = &answer.json["error"];
        let found =
            (answer.status, error["code"].as_str().unwrap_or_default(), error["field"].as_str().unwrap_or_default());
        assert_eq!(found, expected, "{call} {body}: {}", answer.text);
        assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{call}: {}", answer.text);
    }
    assert_eq!(api.admin.store.load().await.unwrap(), before);
}

pub(crate) fn id_of(record: &Value) -> String {
    record["id"].as_str().unwrap_or_else(|| panic!("no id in {record}")).to_owned()
}

/// The names in a list.
pub(crate) fn names(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|record| record["name"].as_str().unwrap()).collect()
}
