//! Test doubles of the platform, and the contract suites that every adapter runs. Behind the feature `testing`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod background;
mod clock;
pub mod contract;
mod current_file;
mod entropy;
mod grammar;
mod http;
mod unpack;

pub use background::HeldBackground;
pub use clock::ManualClock;
pub use current_file::current_file;
pub use entropy::FixedEntropy;
pub use grammar::check_stream;
pub use http::{Reply, ScriptedHttp, SentRequest};
pub use unpack::unpacked;
