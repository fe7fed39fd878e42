//! Everything that is LLMIO, over abstract HTTP and storage. See `ARCHITECTURE.md`.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod activity;
pub mod api;
pub mod balance;
pub mod config;
pub mod dialect;
mod fingerprint;
mod freshness;
mod gateway;
pub mod import;
mod makers;
mod options;
pub mod pipeline;
pub mod platform;
pub mod probe;
pub mod provider;
pub mod record;
mod refusals;
mod room;
mod shared;
pub mod storage;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod upkeep;
pub mod wire;

pub use gateway::Gateway;
pub use options::{GatewayOptions, Limits, Upkeep};
pub use pipeline::Answer;
pub use platform::RequestContext;
