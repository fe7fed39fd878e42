//! A gateway on a database in memory, with everything else of its platform in the test's hands.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::Request;
use llmio_core::config::file::Environment;
use llmio_core::config::{Sealer, Secret};
use llmio_core::platform::{
    Body, BoxFuture, Clock, HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse, Platform, SendOptions,
    with_timeout,
};
use llmio_core::storage::migrate;
use llmio_core::testing::{FixedEntropy, HeldBackground, ManualClock, Reply, ScriptedHttp};
use llmio_core::{Gateway, GatewayOptions, Limits, RequestContext, Upkeep};
use llmio_native::LocalDatabase;
use serde_json::{Value, json};

use crate::client::{Asking, Client};
use crate::support::Feed;
use crate::wires::{CHAT, Wire};

const TOKEN: &str = "the-admin's-token";
/// Its requests are recorded with their bodies.
const CLIENT_KEY: &str = "sk-client-0123456789";
/// What providers must not see repeated.
pub(crate) const PROVIDER_KEY: &str = "sk-provider-canary-4711";

pub(crate) struct Bed {
    gateway: Gateway,
    pub(crate) http: Arc<ScriptedHttp>,
    clock: ManualClock,
    delay: Arc<Mutex<Duration>>,
    pub(crate) background: Arc<HeldBackground>,
}

/// The script, with the time-outs that a home's client keeps.
#[derive(Debug)]
struct Timed {
    script: Arc<ScriptedHttp>,
    clock: ManualClock,
    /// How long the head of the next answer takes.
    delay: Arc<Mutex<Duration>>,
}

impl HttpClient for Timed {
    fn send(&self, request: HttpRequest, options: SendOptions) -> BoxFuture<'static, Result<HttpResponse, HttpError>> {
        let (limit, clock) = (options.header_timeout, self.clock.clone());
        let answer = self.script.send(request, options);
        let delay = std::mem::take(&mut *self.delay.lock().unwrap());
        let late = self.clock.sleep(delay);
        let answer = Box::pin(async move {
            late.await;
            answer.await
        });
        Box::pin(async move {
            match limit {
                None => answer.await,
                Some(limit) => with_timeout(&clock, limit, answer)
                    .await
                    .unwrap_or_else(|| Err(HttpError::new(HttpErrorKind::Timeout, "no head in time"))),
            }
        })
    }
}

impl Bed {
    /// One model `m`, served by `providers` in this order, with what `model` says else of it.
    pub(crate) async fn new(wire: &Wire, providers: &[&str], model: Value) -> Self {
        Self::of(config(wire, providers, model)).await
    }

    /// One provider that is not asked again.
    pub(crate) async fn single(wire: &Wire) -> Self {
        Self::new(wire, &["a"], json!({"max_retry": 0})).await
    }

    pub(crate) async fn of(config: Value) -> Self {
        Self::with_limits(config, Limits::default()).await
    }

    pub(crate) async fn with_limits(config: Value, limits: Limits) -> Self {
        let http = Arc::new(ScriptedHttp::default());
        let clock = ManualClock::default();
        let delay = Arc::new(Mutex::default());
        let database = Arc::new(LocalDatabase::open_in_memory().unwrap());
        migrate(&*database, &clock).await.unwrap();
        let platform = Platform {
            http: Arc::new(Timed { script: http.clone(), clock: clock.clone(), delay: delay.clone() }),
            database,
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(FixedEntropy::new(7)),
        };
        let options = GatewayOptions {
            home: "test",
            admin_token: Some(Secret::new(TOKEN)),
            limits,
            upkeep: Upkeep::ByHome,
            environment: Environment::default(),
        };
        let gateway = Gateway::open(platform, Sealer::new([1; 32]), options).await.unwrap();
        let bed = Self { gateway, http, clock, delay, background: Arc::default() };
        bed.api("PUT /api/config", config).await;
        bed
    }

    pub(crate) fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        replies.into_iter().for_each(|reply| self.http.push(reply));
    }

    /// The head of the next answer takes so long.
    pub(crate) fn delay(&self, seconds: f64) {
        *self.delay.lock().unwrap() = Duration::from_secs_f64(seconds);
    }

    /// A client's request, polled once.
    pub(crate) fn ask(&self, wire: &Wire, stream: bool) -> Asking {
        let (path, body) = wire.request(stream);
        self.send(path, body)
    }

    /// A request that is answered without any time passing.
    pub(crate) fn answer(&self, wire: &Wire, stream: bool) -> Client {
        self.ask(wire, stream).answer()
    }

    pub(crate) fn send(&self, path: &str, body: Value) -> Asking {
        self.send_with(path, &[], body)
    }

    pub(crate) fn send_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Asking {
        self.send_by(CLIENT_KEY, path, headers, body)
    }

    /// As the operator, by the admin token.
    pub(crate) fn operate(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Asking {
        self.send_by(TOKEN, path, headers, body)
    }

    #[expect(clippy::needless_pass_by_value, reason = "a table reads better without borrows")]
    fn send_by(&self, credential: &str, path: &str, headers: &[(&str, &str)], body: Value) -> Asking {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {credential}"))
            .header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.handle(request.body(Body::from(body.to_string())).unwrap())
    }

    /// A request whose body is still to come.
    pub(crate) fn upload(&self, path: &str, length: usize, feed: &Feed) -> Asking {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {CLIENT_KEY}"))
            .header("content-type", "application/json")
            .header("content-length", length);
        self.handle(request.body(feed.body()).unwrap())
    }

    fn handle(&self, request: Request<Body>) -> Asking {
        let (gateway, context) = (self.gateway.clone(), self.context());
        Asking::new(Box::pin(async move { gateway.handle(request, context).await }))
    }

    pub(crate) fn advance(&self, seconds: f64) {
        self.clock.advance(Duration::from_secs_f64(seconds));
    }

    pub(crate) fn seconds_since(&self, start: i64) -> f64 {
        (self.clock.now().as_micros() - start) as f64 / 1e6
    }

    pub(crate) fn micros(&self) -> i64 {
        self.clock.now().as_micros()
    }

    /// The providers that were asked, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.http.sent().iter().map(|sent| sent.uri.host().unwrap().replace(".example", "")).collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.http.sent().len()
    }

    /// An admin's call, as `GET /api/logs`, that must succeed.
    pub(crate) async fn api(&self, call: &str, body: Value) -> Value {
        let (method, path) = call.split_once(' ').unwrap();
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {TOKEN}"));
        let request = request.header("content-type", "application/json").body(body).unwrap();
        let response = self.gateway.handle(request, self.context()).await;
        let status = response.status();
        let text = response.into_body().into_body().read(usize::MAX, 0).await.unwrap();
        assert!(status.is_success(), "{call}: {status} {}", String::from_utf8_lossy(&text));
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// All rows of the log, the oldest first.
    pub(crate) async fn log(&self) -> Vec<Value> {
        self.gateway.flush().await;
        let mut page = self.api("GET /api/logs?attempts=all&limit=200", Value::Null).await;
        let Value::Array(mut rows) = page["data"].take() else { panic!("no list in {page}") };
        rows.reverse();
        rows
    }

    /// Each row as `attempt provider status outcome`, the final ones with a full stop.
    pub(crate) async fn rows(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or("nobody").to_owned();
        let row = |row: &Value| {
            let end = if row["is_final"] == true { "." } else { "" };
            format!("{} {} {} {}{end}", row["attempt"], text(&row["provider"]), row["status"], text(&row["outcome"]))
        };
        self.log().await.iter().map(row).collect()
    }

    /// The last row with its bodies.
    pub(crate) async fn last(&self) -> Value {
        let log = self.log().await;
        let id = log.last().unwrap()["id"].as_str().unwrap().to_owned();
        self.api(&format!("GET /api/logs/{id}"), Value::Null).await
    }

    /// The id of the only association of `provider`.
    pub(crate) async fn association(&self, provider: &str) -> String {
        let all = self.api("GET /api/associations", Value::Null).await;
        let found = all["data"].as_array().unwrap().iter().find(|it| it["provider"] == provider).unwrap();
        found["id"].as_str().unwrap().to_owned()
    }

    fn context(&self) -> RequestContext {
        RequestContext { remote_addr: Some("127.0.0.1".to_owned()), ends_at: None, background: self.background.clone() }
    }
}

/// As [`config`], with a provider of each of `wires`, named by its type.
pub(crate) fn config_of(wires: &[&Wire], model: Value) -> Value {
    let kinds: Vec<_> = wires.iter().map(|wire| wire.kind).collect();
    let mut config = config(&CHAT, &kinds, model);
    for (provider, wire) in config["providers"].as_array_mut().unwrap().iter_mut().zip(wires) {
        provider["type"] = json!(wire.kind);
    }
    config
}

#[expect(clippy::needless_pass_by_value, reason = "a table reads better without borrows")]
pub(crate) fn config(wire: &Wire, providers: &[&str], model: Value) -> Value {
    let provider = |name: &&str| {
        json!({"name": name, "type": wire.kind, "base_url": format!("https://{name}.example/v1"),
            "api_key": PROVIDER_KEY})
    };
    // The strategy asks by weight.
    let association = |(index, name): (usize, &&str)| json!({"provider": name, "model": "*", "weight": 100 - index});
    let mut entry = json!({"name": "m", "strategy": "rotor",
        "associations": providers.iter().enumerate().map(association).collect::<Vec<_>>()});
    entry.as_object_mut().unwrap().extend(model.as_object().unwrap().clone());
    json!({
        "providers": providers.iter().map(provider).collect::<Vec<_>>(),
        "models": [entry],
        "keys": [{"name": "client", "key": CLIENT_KEY, "log_io": true}],
    })
}
