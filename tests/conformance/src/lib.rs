//! The harness of the conformance suite: a running [`Home`], a small HTTP [`client`], configurations, and what a
//! request looks like in each dialect. The cases are in `tests/suite`; they know the gateway by its HTTP alone.

pub mod admin;
pub mod client;
pub mod config;
pub mod dialect;
mod home;
pub mod process;
pub mod sqld;
pub mod sse;

pub use home::{Home, Kind, Setup, TOKEN};
