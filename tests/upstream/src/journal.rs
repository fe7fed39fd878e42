//! What was received, and how each exchange ended.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::request::Parts;
use serde::{Serialize, Serializer};

/// One request as it arrived. Times are milliseconds since 1970.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    pub id: u64,
    pub at_ms: u64,
    pub method: String,
    /// With the query.
    pub path: String,
    /// In their order on the wire; names in lower case.
    pub headers: Vec<(String, String)>,
    #[serde(serialize_with = "as_base64")]
    pub body: Bytes,
    /// Of the answer, once its head was sent.
    pub status: Option<u16>,
    pub end: End,
    pub ended_at_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Open,
    /// The answer was handed over whole.
    Finished,
    /// The script cut it.
    Cut,
    /// The caller left first.
    Aborted,
}

impl Exchange {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

fn as_base64<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&BASE64_STANDARD.encode(bytes))
}

/// The last exchanges, bounded in count and in bytes. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    shared: Option<Arc<Mutex<Shared>>>,
}

#[derive(Debug, Default)]
struct Shared {
    next_id: u64,
    bytes: usize,
    exchanges: VecDeque<Exchange>,
}

const MAX_EXCHANGES: usize = 20_000;
const MAX_BYTES: usize = 512 * 1024 * 1024;

impl Journal {
    pub fn new() -> Self {
        Self { shared: Some(Arc::default()) }
    }

    /// Keeps nothing.
    pub fn off() -> Self {
        Self { shared: None }
    }

    pub fn exchanges(&self) -> Vec<Exchange> {
        self.lock().map(|shared| shared.exchanges.iter().cloned().collect()).unwrap_or_default()
    }

    pub fn clear(&self) {
        if let Some(mut shared) = self.lock() {
            shared.exchanges.clear();
            shared.bytes = 0;
        }
    }

    pub(crate) fn open(&self, parts: &Parts, body: &Bytes) -> Tracker {
        let Some(mut shared) = self.lock() else { return Tracker { journal: Self::off(), id: 0, done: true } };
        let id = shared.next_id;
        shared.next_id += 1;
        shared.bytes += body.len();
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        shared.exchanges.push_back(Exchange {
            id,
            at_ms: now_ms(),
            method: parts.method.to_string(),
            path: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            headers: parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
            body: body.clone(),
            status: None,
            end: End::Open,
            ended_at_ms: None,
        });
        while shared.exchanges.len() > MAX_EXCHANGES || shared.bytes > MAX_BYTES {
            let Some(oldest) = shared.exchanges.pop_front() else { break };
            shared.bytes -= oldest.body.len();
        }
        Tracker { journal: self.clone(), id, done: false }
    }

    fn update(&self, id: u64, change: impl FnOnce(&mut Exchange)) {
        if let Some(mut shared) = self.lock()
            && let Some(exchange) = shared.exchanges.iter_mut().rev().find(|exchange| exchange.id == id)
        {
            change(exchange);
        }
    }

    fn lock(&self) -> Option<MutexGuard<'_, Shared>> {
        self.shared.as_ref().map(|shared| shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Follows one exchange to its end; dropped before that, the caller has left.
#[derive(Debug)]
pub(crate) struct Tracker {
    journal: Journal,
    id: u64,
    done: bool,
}

impl Tracker {
    pub(crate) fn head(&self, status: u16) {
        self.journal.update(self.id, |exchange| exchange.status = Some(status));
    }

    pub(crate) fn finished(&mut self) {
        self.end(End::Finished);
    }

    pub(crate) fn cut(&mut self) {
        self.end(End::Cut);
    }

    fn end(&mut self, end: End) {
        if !self.done {
            self.done = true;
            self.journal.update(self.id, |exchange| {
                exchange.end = end;
                exchange.ended_at_ms = Some(now_ms());
            });
        }
    }
}

impl Drop for Tracker {
    fn drop(&mut self) {
        self.end(End::Aborted);
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_millis() as u64)
}
