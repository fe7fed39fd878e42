//! What must hold for any bytes that a client, a provider or a database sends.
//!
//! Each target takes bytes and panics where something does not hold. All else that it needs, such as where a stream is
//! cut, follows from the bytes, so that one input always shows the same. `tests/smoke.rs` runs the targets for a moment
//! on stable Rust, `libfuzzer/` for as long as one likes.

mod codecs;
mod config;
mod cuts;
mod frames;
mod hrana;
mod json;
mod meters;
mod sse;
mod unpack;
mod usage;

pub use codecs::codecs;
pub use config::config;
pub use hrana::hrana;
pub use json::json;
pub use meters::meters;
pub use sse::sse;
pub use unpack::unpack;
pub use usage::usage;
