use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use llmio_core::Gateway;
use llmio_core::platform::{Body, BoxFuture, Clock, RequestContext, Timestamp};
use llmio_core::testing::HeldBackground;

use crate::Error;
use crate::measure::median;

pub(super) const TOKEN: &str = "token-of-the-bench";

/// A clock that began to run at a time of the log.
#[derive(Debug)]
pub(super) struct Since {
    at: Timestamp,
    began: Instant,
}

impl Since {
    pub(super) fn new(at: Timestamp) -> Self {
        Self { at, began: Instant::now() }
    }
}

impl Clock for Since {
    fn now(&self) -> Timestamp {
        self.at.plus(self.began.elapsed())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// What the console asks of its pages: the ranges that people look at, and filters of which one finds nothing.
pub(super) fn questions(newest: Timestamp) -> Vec<String> {
    let ago = |days: u32| newest.minus(Duration::from_secs(86_400) * days).to_rfc3339();
    let (day, week, month, quarter) = (ago(1), ago(7), ago(30), ago(89));
    let hours = newest.minus(Duration::from_secs(21_600)).to_rfc3339();
    // Midnight is where a third of a day begins, and where none does.
    let (east, west) = ("tz_offset_minutes=480", "tz_offset_minutes=-300");
    let (key, association) = ("019ac0e1-0000-7000-8000-000000000003", "019ac0e0-0000-7000-8000-000003000004");
    vec![
        format!("/api/metrics/summary?{east}"),
        "/api/health".to_owned(),
        format!("/api/metrics?interval=5m&from={hours}&group_by=model&limit=8"),
        format!("/api/metrics?interval=hour&from={day}&group_by=model&limit=8"),
        format!("/api/metrics?interval=hour&from={week}&group_by=model&limit=8"),
        format!("/api/metrics?interval=day&from={month}&group_by=model&limit=8&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=model&limit=8&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=key&limit=20&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=association&model=model-3&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=model&limit=8&{west}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=key&limit=20&{west}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=model&then_by=provider&limit=20&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=key&model=model-3&limit=20&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=key&model=model-3&limit=20&{west}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=key&provider=provider-4&limit=20&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=key&dialect=gemini&limit=20&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=key&association={association}&limit=20&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=key&provider_model=vendor/model-3&limit=20&{east}"),
        format!(
            "/api/metrics?interval=day&from={quarter}&group_by=key&model=model-3&provider=provider-4&limit=20&{east}"
        ),
        format!("/api/metrics?interval=day&from={quarter}&group_by=model&key={key}&limit=20&{east}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=association&key={key}&limit=20&{west}"),
        format!("/api/metrics?interval=day&from={quarter}&group_by=key&then_by=model&limit=20&{east}"),
        format!("/api/metrics?interval=hour&from={week}&group_by=key&limit=20"),
        format!("/api/metrics?interval=hour&from={week}&group_by=key&model=model-3&limit=20"),
        format!("/api/metrics?interval=5m&from={hours}&group_by=key&model=model-3&limit=20"),
        format!("/api/keys/{key}/usage?{east}"),
        format!("/api/metrics/summary?{west}"),
        format!("/api/usage?by=key&{east}"),
        format!("/api/usage?by=model&{east}"),
        format!("/api/usage?by=association&{east}"),
        "/api/logs".to_owned(),
        "/api/logs?model=model-29".to_owned(),
        "/api/logs?status=5xx".to_owned(),
        "/api/logs?not_outcome=success&provider=provider-3".to_owned(),
        "/api/logs?key=019ac0e1-0000-7000-8000-000000000059".to_owned(),
        "/api/logs?key=no-such-key".to_owned(),
        "/api/logs?q=no%20such%20text".to_owned(),
        "/api/logs/facets?field=model&field=key&field=provider".to_owned(),
        "/api/logs/facets?field=user_agent&field=status".to_owned(),
        format!("/api/logs/histogram?from={quarter}"),
        format!("/api/logs/histogram?from={month}&model=model-3"),
        format!("/api/logs/histogram?from={month}&status=4xx"),
    ]
}

#[derive(Debug)]
pub(super) struct Asked {
    path: String,
    pub(super) cold: Duration,
    pub(super) warm: Vec<Duration>,
    /// Of all threads of the gateway, for each warm answer.
    cpu: Vec<Duration>,
    bytes: usize,
    is_partial: bool,
}

impl Asked {
    pub(super) fn new(path: String) -> Self {
        Self { path, cold: Duration::ZERO, warm: Vec::new(), cpu: Vec::new(), bytes: 0, is_partial: false }
    }

    pub(super) async fn ask_again(&mut self, gateway: &Gateway) -> Result<(), Error> {
        let (time, cpu) = self.ask(gateway).await?;
        self.warm.push(time);
        self.cpu.push(cpu);
        Ok(())
    }

    /// How long the answer took, and what of the processors' time.
    pub(super) async fn ask(&mut self, gateway: &Gateway) -> Result<(Duration, Duration), Error> {
        let request = Request::builder()
            .uri(&self.path)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("host", "bench")
            .body(Body::from(Bytes::new()))?;
        let context =
            RequestContext { remote_addr: None, ends_at: None, background: Arc::new(HeldBackground::default()) };
        let (began, before) = (Instant::now(), cpu_time()?);
        let (parts, answer) = gateway.handle(request, context).await.into_parts();
        let llmio_core::Answer::Body(body) = answer else { return Err("a relayed answer".into()) };
        let body = body.read(usize::MAX, 0).await.map_err(|error| format!("{error:?}"))?;
        let (time, cpu) = (began.elapsed(), cpu_time()?.saturating_sub(before));
        if !parts.status.is_success() {
            return Err(format!("{}: {}: {}", self.path, parts.status, String::from_utf8_lossy(&body)).into());
        }
        self.bytes = body.len();
        let answer: serde_json::Value = serde_json::from_slice(&body)?;
        self.is_partial = answer["scanned_to"].is_string() || answer["approximate"] == true;
        Ok((time, cpu))
    }

    pub(super) fn row(&self) -> String {
        let (warm, cpu) = (median_and_p99(&self.warm), median_and_p99(&self.cpu));
        // The times of the log say nothing to the reader.
        let path = self.path.split('&').filter(|part| !part.starts_with("from=")).collect::<Vec<_>>().join("&");
        let range = self.path.split('&').find(|part| part.contains("from=")).map(range).unwrap_or_default();
        format!(
            "| `{}`{range} | {:.1} ms | {:.1} ms | {:.1} ms | {:.1} ms | {:.1} ms | {:.1} kB{} |",
            path.split("?from=").next().unwrap_or_default(),
            self.cold.as_secs_f64() * 1e3,
            warm.0,
            warm.1,
            cpu.0,
            cpu.1,
            self.bytes as f64 / 1e3,
            if self.is_partial { ", partial" } else { "" },
        )
    }
}

/// In milliseconds.
fn median_and_p99(times: &[Duration]) -> (f64, f64) {
    let mut millis: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e3).collect();
    millis.sort_by(f64::total_cmp);
    let p99 = millis.get((millis.len() * 99).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
    (median(millis), p99)
}

fn range(part: &str) -> String {
    format!(" since {}", part.split("from=").nth(1).unwrap_or_default().get(..10).unwrap_or_default())
}

fn cpu_time() -> Result<Duration, Error> {
    Ok(nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// Drops the file from the system's memory.
pub(super) fn forget(file: &Path) -> Result<(), Error> {
    for end in ["", "-wal"] {
        let path = format!("{}{end}", file.display());
        if let Ok(file) = std::fs::File::open(path) {
            file.sync_all()?;
            nix::fcntl::posix_fadvise(&file, 0, 0, nix::fcntl::PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
        }
    }
    Ok(())
}
