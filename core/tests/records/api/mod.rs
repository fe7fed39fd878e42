//! The admin API of records: requests in, JSON out.

mod counts;
mod logs;
mod metrics;
mod refusals;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use llmio_core::api::admin::{
    About, Admin, AdminError, Happening, InFlightFilter, Instance, Overview, PlanAnswer, PlanQuestion, handle,
};
use llmio_core::balance::AssociationHealth;
use llmio_core::config::file::Environment;
use llmio_core::config::{Config, Sealer};
use llmio_core::platform::{BoxFuture, Clock, DatabaseError, Timestamp};
use llmio_core::record::{Bodies, LogEntry, Origin};
use llmio_core::storage::ConfigStore;
use serde_json::Value;

use crate::support::{Entries, Home};

const DAY: Duration = Duration::from_secs(86_400);

/// Whether a request should find an entry.
type Wanted = fn(&LogEntry) -> bool;

#[derive(Debug)]
struct Nobody;

impl Instance for Nobody {
    fn record(&self, _: Vec<LogEntry>) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn about(&self) -> About {
        About::default()
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

    fn config_changed(&self, _: &Config) {
        unreachable!("records change no configuration")
    }

    fn health(&self, _: &str) -> AssociationHealth {
        unreachable!("records have no health")
    }

    fn reset<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), DatabaseError>> {
        unreachable!("records lift no rests")
    }
}

async fn call(home: &Home, call: &str) -> (u16, Value) {
    let (method, path) = call.split_once(' ').unwrap();
    let (status, _, text) = raw(home, method, path, None).await;
    (status, serde_json::from_str(&text).unwrap())
}

async fn raw(home: &Home, method: &str, path: &str, accept: Option<&str>) -> (u16, http::HeaderMap, String) {
    let admin = Admin {
        store: ConfigStore::new(&home.platform, Sealer::new([1; 32])),
        platform: home.platform.clone(),
        instance: Arc::new(Nobody),
        environment: Environment::default(),
    };
    let request = Request::builder().method(method).uri(path);
    let request = accept.into_iter().fold(request, |request, accept| request.header("accept", accept));
    let (parts, body) = handle(&admin, request.body(Bytes::new()).unwrap()).await.into_parts();
    let text = body.read(usize::MAX, 0).await.unwrap();
    (parts.status.as_u16(), parts.headers, String::from_utf8(text.to_vec()).unwrap())
}

/// What reports count that are not asked for more.
fn of_clients(entries: &[LogEntry]) -> Vec<LogEntry> {
    entries.iter().filter(|entry| entry.origin == Origin::Client).cloned().collect()
}

async fn get(home: &Home, path: &str) -> Value {
    let (status, json) = call(home, &format!("GET {path}")).await;
    assert_eq!(status, 200, "{path}: {json}");
    json
}

async fn all_ids(home: &Home, query: &str) -> Vec<String> {
    let mut ids = vec![];
    let mut cursor = String::new();
    loop {
        let page = get(home, &format!("/api/logs?limit=170&{query}{cursor}")).await;
        let data = page["data"].as_array().unwrap();
        ids.extend(data.iter().map(|log| log["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            None => return ids,
            Some(next) => cursor = format!("&cursor={next}"),
        }
    }
}

/// Forty days of requests up to now.
async fn forty_days() -> (Home, Vec<LogEntry>) {
    let home = Home::new().await;
    let mut generator = Entries::new(&home.clock);
    generator.step = Duration::from_secs(3_456);
    let mut entries = generator.requests(1_000);
    entries[0].bodies = Some(Bodies { request: "{\"a\":1}".to_owned(), response: "data: [DONE]\n\n".to_owned() });
    home.clock.advance(generator.now.since(home.clock.now()) + Duration::from_secs(60));
    home.record(entries.clone()).await;
    (home, entries)
}

fn rfc3339(time: Timestamp) -> String {
    time.to_rfc3339()
}
