//! The admin API, as far as the suite reads what happened through it.

use core::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::Home;
use crate::process::PATIENCE;

/// A row that is not in the log by then waits in a frozen process.
const LATE: Duration = Duration::from_secs(2);

impl Home {
    /// The log rows of a query (`trace=…&…`), newest first, with every attempt.
    pub async fn logs(&self, query: &str) -> Vec<Value> {
        let answer = self.admin(Method::GET, &format!("/logs?attempts=all&limit=200&{query}"), None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["data"].as_array().cloned().unwrap_or_else(|| panic!("no data: {}", answer.text()))
    }

    /// Every row there is, newest first, with every attempt.
    pub async fn all_logs(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = self.admin(Method::GET, &format!("/logs?attempts=all&limit=200{cursor}"), None).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let page = answer.json();
            rows.extend(page["data"].as_array().cloned().unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return rows,
            }
        }
    }

    /// The rows of one request in the order of its attempts, once its last one is written.
    pub async fn trace(&self, trace: &str) -> Vec<Value> {
        let limit = Instant::now() + PATIENCE;
        let mut wake_at = Instant::now() + LATE;
        loop {
            let mut rows = self.logs(&format!("trace={trace}")).await;
            if rows.iter().any(|row| row["is_final"] == true) {
                rows.sort_by_key(|row| row["attempt"].as_u64());
                return rows;
            }
            assert!(Instant::now() < limit, "the request {trace} is not in the log: {rows:?}");
            if Instant::now() > wake_at {
                self.wake().await;
                wake_at = Instant::now() + LATE;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}
