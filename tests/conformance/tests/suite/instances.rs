//! Several gateways on one database: what is changed through one is obeyed by all, and never by halves.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association_with, weighted};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Kind, Setup, TOKEN, report};
use llmio_upstream::journal::{Exchange, now_ms};
use llmio_upstream::script::{Script, When};
use llmio_upstream::{Behaviour, Dialect, Fault, Upstream};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Changes made through one are obeyed by all within this time, wherever they run.
const PROMISED: Duration = Duration::from_secs(5);

/// One home and others beside it on the same database.
async fn homes(config: Config, count: usize) -> Vec<Home> {
    let first = Home::start(Setup::new(config)).await;
    let others = join_all((1..count).map(|_| first.another())).await;
    core::iter::once(first).chain(others).collect()
}

async fn version(home: &Home) -> i64 {
    home.admin(Method::GET, "/version", None).await.json()["config_version"].as_i64().expect("a version")
}

/// How large the test of many instances is.
fn instances() -> usize {
    if Kind::chosen() == Kind::ServerLibsql { 8 } else { 3 }
}

const WRITES: usize = 200;
const WRITERS: usize = 4;

/// The configuration of a generation. Each of its records says which it is of: a request that goes from the first
/// association, which fails, to the second shows both.
fn generation(generation: usize) -> Value {
    let association = |provider: &str, model: &str, weight: u32| {
        let fields = json!({
            "weight": weight,
            "headers": {"x-generation": generation.to_string()},
            "extra_body": {"metadata": {"generation": generation.to_string()}}
        });
        association_with(provider, model, &fields)
    };
    let associations = [association("one", "fault:500", 9), association("two", &format!("of-{generation}"), 1)];
    json!({"models": [{
        "name": "m", "strategy": "rotor", "max_retry": 3, "time_out": 20, "breaker": false,
        "associations": associations
    }]})
}

/// What one exchange says of its generation, in each of its places.
fn generations_of(exchange: &Exchange) -> Vec<usize> {
    let body = exchange.json();
    let mut said = vec![exchange.header("x-generation").unwrap_or_default().to_owned()];
    said.push(body["metadata"]["generation"].as_str().unwrap_or_default().to_owned());
    said.extend(body["model"].as_str().and_then(|model| model.strip_prefix("of-")).map(str::to_owned));
    said.into_iter().map(|it| it.parse().expect("a generation")).collect()
}

/// A request that was answered.
struct Asked {
    home: usize,
    marker: String,
    began_at: u64,
}

/// A change that was answered.
struct Written {
    generation: usize,
    version: i64,
    answered_at: u64,
}

#[tokio::test]
async fn changes_under_load_are_obeyed_by_all_and_whole() {
    if !Kind::chosen().is_on_libsql() {
        return;
    }
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let mut config: Value =
        Config::new().upstream("one", Dialect::Chat, &upstream).upstream("two", Dialect::Chat, &upstream).into();
    config["models"] = generation(0)["models"].take();
    let first = Home::start(Setup::new(config)).await;
    let others = join_all((1..instances()).map(|_| first.another())).await;
    let homes: Vec<Home> = core::iter::once(first).chain(others).collect();
    let before = version(&homes[0]).await;

    let is_over = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for (index, home) in homes.iter().enumerate() {
        clients.spawn(ask(index, home.base(), Arc::clone(&is_over)));
    }
    let (written, contended) = write_all(&homes).await;
    // What was written last must be seen by all, too.
    sleep(PROMISED).await;
    is_over.store(true, Ordering::Relaxed);
    let asked: Vec<Asked> = clients.join_all().await.into_iter().flatten().collect();

    assert_eq!(version(&homes[0]).await, before + WRITES as i64, "each write counts once");
    let keys = homes[0].admin(Method::GET, "/keys", None).await.json();
    let mut names: Vec<&str> =
        keys["data"].as_array().into_iter().flatten().filter_map(|key| key["name"].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), WRITES / 2 + 1, "each written key is there");

    let mut seen: BTreeMap<String, Vec<Exchange>> = BTreeMap::new();
    for exchange in upstream.exchanges() {
        let marker = exchange.json()["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
        seen.entry(marker).or_default().push(exchange);
    }
    let versions: BTreeMap<usize, i64> =
        core::iter::once((0, before)).chain(written.iter().map(|it| (it.generation, it.version))).collect();
    let mut obeyed: Vec<Vec<(u64, i64)>> = homes.iter().map(|_| Vec::new()).collect();
    for request in &asked {
        let exchanges = seen.get(&request.marker).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(exchanges.len(), 2, "{} is asked of both providers", request.marker);
        let said: Vec<usize> = exchanges.iter().flat_map(generations_of).collect();
        assert!(said.iter().all(|it| *it == said[0]), "{} is served by halves: {said:?}", request.marker);
        obeyed[request.home].push((request.began_at, versions[&said[0]]));
    }
    let last = written.iter().max_by_key(|change| change.version).expect("changes");
    for (index, requests) in obeyed.iter().enumerate() {
        assert_eq!(requests.last().map(|(_, version)| *version), Some(last.version), "instance {index} obeys the last");
    }
    let mut delays = convergence(&written, &obeyed);
    delays.sort_unstable();
    report(&format!(
        "{} instances, {WRITES} writes ({contended} asked to try again), {} requests: converged after {} ms (median), \
         {} ms (longest), {:?} ms (each instance after the last write)",
        homes.len(),
        asked.len(),
        delays[delays.len() / 2],
        delays[delays.len() - 1],
        convergence(core::slice::from_ref(last), &obeyed)
    ));
    let longest = Duration::from_millis(delays[delays.len() - 1]);
    assert!(longest < PROMISED, "an instance obeyed after {longest:?}");
}

/// One request after the other.
async fn ask(home: usize, base: String, is_over: Arc<AtomicBool>) -> Vec<Asked> {
    const PAUSE: Duration = Duration::from_millis(100);
    let mut asked = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let marker = format!("{home}-{}", asked.len());
        let body = json!({"model": "m", "messages": [{"role": "user", "content": marker}]});
        let call = Call::post(&format!("{base}/v1/chat/completions")).header("authorization", &format!("Bearer {KEY}"));
        let began_at = now_ms();
        let answer = call.json(&body).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        asked.push(Asked { home, marker, began_at });
        sleep(PAUSE).await;
    }
    asked
}

/// Half of them whole files, half new keys, each through another instance than the one before. Also says how often a
/// writer was asked to try again.
async fn write_all(homes: &[Home]) -> (Vec<Written>, usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let bases: Vec<String> = homes.iter().map(Home::base).collect();
        let next = Arc::clone(&next);
        writers.spawn(async move {
            let (mut written, mut contended) = (Vec::new(), 0);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= WRITES {
                    return (written, contended);
                }
                let base = &bases[number % bases.len()];
                let is_file = number.is_multiple_of(2);
                let answer = loop {
                    let answer = if is_file {
                        admin(base, Method::PUT, "/config", &generation(number + 1)).await
                    } else {
                        admin(base, Method::POST, "/keys", &json!({"name": format!("k-{number}")})).await
                    };
                    if answer.json()["error"]["code"] != "contended" {
                        break answer;
                    }
                    contended += 1;
                };
                assert!([200, 201].contains(&answer.status), "{}", answer.text());
                if let Some(version) = answer.json()["version"].as_i64().filter(|_| is_file) {
                    written.push(Written { generation: number + 1, version, answered_at: now_ms() });
                }
                sleep(Duration::from_millis(60)).await;
            }
        });
    }
    let all = writers.join_all().await;
    let contended = all.iter().map(|(_, contended)| contended).sum();
    (all.into_iter().flat_map(|(written, _)| written).collect(), contended)
}

async fn admin(base: &str, method: Method, path: &str, body: &Value) -> Answer {
    let call = Call::new(method, &format!("{base}/api{path}")).header("authorization", &format!("Bearer {TOKEN}"));
    call.json(body).send().await
}

/// For each change and each instance, how many milliseconds after its answer the last request began that did not obey
/// it. `obeyed` are the beginnings of an instance's requests, and the versions they were served by.
fn convergence(written: &[Written], obeyed: &[Vec<(u64, i64)>]) -> Vec<u64> {
    let mut delays = Vec::new();
    for change in written {
        for requests in obeyed {
            let is_older = |(_, version): &&(u64, i64)| *version < change.version;
            let last = requests.iter().filter(is_older).map(|(began_at, _)| *began_at).max().unwrap_or_default();
            delays.push(last.saturating_sub(change.answered_at));
        }
    }
    delays
}

#[tokio::test]
async fn many_writers_lose_nothing() {
    if !Kind::chosen().shares_its_database() {
        return;
    }
    const EACH: usize = 12;
    let homes = homes(Config::new(), 3).await;
    let before = version(&homes[0]).await;
    let name = |home: usize, number: usize| format!("m-{home}-{number}");
    let mut writes = Vec::new();
    for (index, home) in homes.iter().enumerate() {
        for number in 0..EACH {
            let model = json!({"name": name(index, number)});
            writes.push(async move { home.admin(Method::POST, "/models", Some(&model)).await });
        }
    }
    for answer in join_all(writes).await {
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let models = homes[0].admin(Method::GET, "/models", None).await.json();
    let mut seen: Vec<&str> =
        models["data"].as_array().into_iter().flatten().filter_map(|it| it["name"].as_str()).collect();
    seen.sort_unstable();
    let mut expected: Vec<String> =
        (0..homes.len()).flat_map(|home| (0..EACH).map(move |number| name(home, number))).collect();
    expected.sort_unstable();
    assert_eq!(seen, expected, "each once");
    assert_eq!(version(&homes[0]).await, before + expected.len() as i64);

    // Of those who want the same name one gets it.
    let same = json!({"name": "same"});
    let mut answers: Vec<u16> =
        join_all(homes.iter().cycle().take(9).map(|home| home.admin(Method::POST, "/keys", Some(&same))))
            .await
            .iter()
            .map(|answer| answer.status)
            .collect();
    answers.sort_unstable();
    assert_eq!(answers, [&[201][..], &[409; 8]].concat());
}

/// Two homes on one database, and two providers of one model; the first is preferred.
struct Pair {
    one: Home,
    two: Home,
    first: Upstream,
    second: Upstream,
}

impl Pair {
    /// What the first provider does to requests through the home `one`; those through `two` it answers well.
    async fn new(fails: Behaviour) -> Self {
        let first = Upstream::with_key("sk-first").await.expect("a provider");
        let second = Upstream::with_key("sk-second").await.expect("a provider");
        let when = When { body_contains: Some("through one".to_owned()), ..When::default() };
        first.script(Script { when, steps: vec![fails], repeat_last: true });
        let config = Config::new()
            .upstream("first", Dialect::Chat, &first)
            .upstream("second", Dialect::Chat, &second)
            .model_with("m", &json!({"breaker": true}), [weighted("first", "ok", 9), weighted("second", "ok", 1)]);
        let one = Home::start(Setup::new(config)).await;
        let two = one.another().await;
        Self { one, two, first, second }
    }

    async fn ask(home: &Home, words: &str) {
        let url = home.url(&dialect::path(Dialect::Chat, "m", Form::Whole));
        let body = json!({"model": "m", "messages": [{"role": "user", "content": words}]});
        let answer = dialect::authorized(Call::post(&url), Dialect::Chat, KEY).json(&body).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// After `failures` through one, the other leaves the first provider alone.
    async fn check(&self, what: &str, failures: usize) {
        Self::ask(&self.two, "through two").await;
        assert_eq!((self.first.exchanges().len(), self.second.exchanges().len()), (1, 0), "both begin with the first");
        for _ in 0..failures {
            Self::ask(&self.one, "through one").await;
        }
        let since = Instant::now();
        self.first.clear_journal();
        self.second.clear_journal();
        loop {
            Self::ask(&self.two, "through two").await;
            if !self.second.exchanges().is_empty() {
                break;
            }
            assert!(since.elapsed() < PROMISED, "the other does not learn of the {what} within {PROMISED:?}");
            sleep(Duration::from_millis(50)).await;
        }
        report(&format!("a {what} is known to the other instance after {:?}", since.elapsed()));
        self.first.clear_journal();
        for _ in 0..5 {
            Self::ask(&self.two, "through two").await;
        }
        assert_eq!(self.first.exchanges().len(), 0, "the other asks the first no more");
    }
}

#[tokio::test]
async fn a_breaker_opens_for_all() {
    if !Kind::chosen().shares_its_database() {
        return;
    }
    Pair::new(Behaviour::fault(Fault::Internal)).await.check("breaker", 5).await;
}

#[tokio::test]
async fn a_cool_down_holds_for_all() {
    if !Kind::chosen().shares_its_database() {
        return;
    }
    let wait = Some("40".to_owned());
    let fails = Behaviour { retry_after: wait, ..Behaviour::fault(Fault::RateLimitedSeconds) };
    Pair::new(fails).await.check("cool-down", 1).await;
}
