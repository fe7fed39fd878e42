//! Core's client of a libSQL server, over the native HTTP client.

use std::sync::Arc;

use llmio_core::config::Secret;
use llmio_core::storage::HranaDatabase;
use llmio_native::{NativeHttpClient, TokioClock};

pub(crate) fn open(url: &str) -> HranaDatabase {
    let http = Arc::new(NativeHttpClient::new());
    HranaDatabase::new(http, Arc::new(TokioClock), url, Some(&Secret::new("any"))).unwrap()
}
