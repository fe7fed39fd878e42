//! A remote database that is gone, silent or failing: inference does not notice, operators do, and nothing is lost.
//!
//! For homes whose database is a libSQL server; the others have theirs in the same process or platform.

use core::convert::Infallible;
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use http::{Method, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::process::PATIENCE;
use llmio_conformance::sqld::Sqld;
use llmio_conformance::{Home, Kind, Setup, report};
use llmio_upstream::{Dialect, Upstream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep};

/// No request takes longer from its start to the end of its answer, whatever the database does. Without a fault they
/// take a few milliseconds; a home that looks for a new configuration before it answers waits for it a second at most.
const SLOWEST: Duration = Duration::from_secs(2);
/// Within this time operators see that the database is gone, and that it is back.
const NOTICED: Duration = Duration::from_secs(15);
/// Within this time a gateway that is awake writes what it has recorded.
const WRITTEN: Duration = Duration::from_secs(3);
/// Between the requests of one client.
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug)]
enum Outage {
    /// Nobody listens.
    Killed,
    /// It accepts connections and says nothing.
    Silent,
    /// It answers this, whatever it is asked.
    Answers(StatusCode, &'static str),
}

const DISK_FULL: &str = r#"{"baton": null, "base_url": null, "results": [
    {"type": "error", "error": {"message": "database or disk is full", "code": "SQLITE_FULL"}},
    {"type": "ok", "response": {"type": "close"}}]}"#;

#[tokio::test]
async fn killed() {
    outage(Outage::Killed, "").await;
}

#[tokio::test]
async fn silent() {
    outage(Outage::Silent, "").await;
}

#[tokio::test]
async fn failing() {
    outage(Outage::Answers(StatusCode::SERVICE_UNAVAILABLE, "down for maintenance"), "down for maintenance").await;
}

#[tokio::test]
async fn full() {
    outage(Outage::Answers(StatusCode::OK, DISK_FULL), "disk is full").await;
}

#[tokio::test]
async fn refusing_the_token() {
    outage(Outage::Answers(StatusCode::UNAUTHORIZED, "expired"), "LLMIO_DATABASE_TOKEN").await;
}

/// Clients ask all the time while the database fails and comes back. `words` are part of what the admin API says
/// meanwhile.
async fn outage(outage: Outage, words: &str) {
    if !Kind::chosen().is_on_libsql() {
        return;
    }
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        config = config.upstream(name, dialect, &upstream).model(name, [association(name, "ok")]);
    }
    let config = config.model("slow", [association(Dialect::Chat.as_str(), "ok+head=500")]);
    let home = Home::start(Setup::new(config)).await;
    let sqld = home.sqld().expect("a libSQL server");
    let mut traces = crowd(&home).await;
    let clients = Clients::start(&home);

    let broken = Broken::begin(outage, sqld).await;
    until_status(&home, "degraded").await;
    let asked_at = Instant::now();
    let answer = home.admin(Method::GET, "/models", None).await;
    let took = asked_at.elapsed();
    assert!(took < NOTICED, "the admin API answers {outage:?} after {took:?}");
    let code = answer.json()["error"]["code"].clone();
    assert!(answer.status >= 500 && code.as_str().is_some_and(|it| it.starts_with("database")), "{}", answer.text());
    assert!(answer.text().contains(words), "{}", answer.text());
    broken.end(sqld).await;
    until_status(&home, "ok").await;

    let (asked, slowest) = clients.stop().await;
    traces.extend(asked);
    report(&format!("{outage:?}: {} requests, the slowest took {slowest:?}", traces.len()));
    assert!(slowest < SLOWEST, "a request took {slowest:?} while the database was {outage:?}");
    recorded_once(&home, traces).await;
}

/// Requests enough at once that there are more instances than will be needed, where a home starts instances for them.
/// One that starts without a database has no configuration that it could serve from.
async fn crowd(home: &Home) -> Vec<String> {
    const MEMBERS: usize = 12;
    let ask = || dialect::call(home, Dialect::Chat, "slow", Form::Whole).send();
    let answers = join_all((0..MEMBERS).map(|_| ask())).await;
    answers.iter().for_each(|answer| assert_eq!(answer.status, 200, "{}", answer.text()));
    answers.iter().map(Answer::trace).collect()
}

/// One for each dialect, whole and streamed, each with one request after the other.
struct Clients {
    is_over: Arc<AtomicBool>,
    tasks: JoinSet<(Vec<String>, Duration)>,
}

impl Clients {
    fn start(home: &Home) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for dialect in Dialect::ALL {
            for form in Form::BOTH {
                let call = dialect::call(home, dialect, dialect.as_str(), form);
                tasks.spawn(ask(call, Arc::clone(&is_over)));
            }
        }
        Self { is_over, tasks }
    }

    /// The trace of each request, and how long the slowest took.
    async fn stop(self) -> (Vec<String>, Duration) {
        self.is_over.store(true, Ordering::Relaxed);
        let asked = self.tasks.join_all().await;
        let slowest = asked.iter().map(|(_, slowest)| *slowest).max().unwrap_or_default();
        (asked.into_iter().flat_map(|(traces, _)| traces).collect(), slowest)
    }
}

async fn ask(call: Call, is_over: Arc<AtomicBool>) -> (Vec<String>, Duration) {
    let (mut traces, mut slowest) = (Vec::new(), Duration::ZERO);
    while !is_over.load(Ordering::Relaxed) {
        let asked_at = Instant::now();
        let answer = call.clone().send().await;
        slowest = slowest.max(asked_at.elapsed());
        assert!(answer.status == 200 && !answer.cut, "{} {}", answer.status, answer.text());
        traces.push(answer.trace());
        sleep(PAUSE).await;
    }
    (traces, slowest)
}

/// A database in its outage.
struct Broken {
    outage: Outage,
    /// Who answers in its place.
    stand_in: Option<JoinHandle<()>>,
}

impl Broken {
    async fn begin(outage: Outage, sqld: &Sqld) -> Self {
        let mut stand_in = None;
        match outage {
            Outage::Killed => sqld.kill().await,
            Outage::Silent => sqld.pause().await,
            Outage::Answers(status, body) => {
                sqld.kill().await;
                let listener = TcpListener::bind(("127.0.0.1", sqld.port())).await.expect("the database's own port");
                stand_in = Some(tokio::spawn(answer_all(listener, status, body)));
            }
        }
        Self { outage, stand_in }
    }

    async fn end(self, sqld: &Sqld) {
        if let Some(stand_in) = self.stand_in {
            stand_in.abort();
            // Aborted, or it would have panicked; either way its port is free now.
            let _ = stand_in.await;
        }
        match self.outage {
            Outage::Silent => sqld.resume().await,
            Outage::Killed | Outage::Answers(..) => sqld.restart().await,
        }
    }
}

/// Its connections end with it.
async fn answer_all(listener: TcpListener, status: StatusCode, body: &'static str) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(answer_one(stream, status, body));
    }
}

async fn answer_one(stream: TcpStream, status: StatusCode, body: &'static str) {
    let service = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
        // A caller that left needs no answer.
        let _ = request.into_body().collect().await;
        let mut answer = Response::new(Full::<Bytes>::from(body));
        *answer.status_mut() = status;
        Ok::<_, Infallible>(answer)
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn until_status(home: &Home, status: &str) {
    let limit = Instant::now() + NOTICED;
    loop {
        let answer = Call::get(&home.url("/readyz")).send().await;
        assert_eq!(answer.status, 200, "a home without a database still serves: {}", answer.text());
        if answer.json()["status"] == status {
            return;
        }
        assert!(Instant::now() < limit, "not {status} within {NOTICED:?}: {}", answer.text());
        sleep(PAUSE).await;
    }
}

/// Every request has its one row, and counts once.
async fn recorded_once(home: &Home, mut traces: Vec<String>) {
    let limit = Instant::now() + PATIENCE;
    let mut rows = Vec::new();
    while rows.len() < traces.len() {
        assert!(Instant::now() < limit, "{} rows for {} requests", rows.len(), traces.len());
        // What sleeps with records in its memory writes them with one of its next requests.
        traces.extend(crowd(home).await);
        let awake = Instant::now() + WRITTEN;
        while rows.len() < traces.len() && Instant::now() < awake {
            sleep(PAUSE).await;
            rows = home.all_logs().await;
        }
    }
    let mut seen: Vec<&str> = rows.iter().filter_map(|row| row["trace_id"].as_str()).collect();
    seen.sort_unstable();
    traces.sort_unstable();
    assert!(seen == traces, "{} rows for {} requests, not one for each", rows.len(), traces.len());
    let metrics = home.admin(Method::GET, "/metrics", None).await;
    assert_eq!(metrics.json()["groups"][0]["requests"], traces.len(), "{}", metrics.text());
}

#[tokio::test]
async fn a_wrong_token_names_its_setting() {
    if !Kind::chosen().is_on_libsql() {
        return;
    }
    let sqld = Arc::new(Sqld::with_tokens().await);
    let home = Home::start_on(Arc::clone(&sqld), Setup::new(Config::new())).await;
    let providers = home.admin(Method::GET, "/providers", None).await;
    assert_eq!(providers.status, 200, "the right token opens it: {}", providers.text());
    for token in ["wrong", ""] {
        let setup = Setup::new(Config::new()).env("LLMIO_DATABASE_TOKEN", token);
        let started = tokio::spawn(Home::start_on(Arc::clone(&sqld), setup)).await;
        let words = started.expect_err("it does not start").into_panic();
        let words = words.downcast_ref::<String>().expect("words");
        assert!(words.contains("LLMIO_DATABASE_TOKEN"), "{token:?}: {words}");
    }
}
