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

/// Shows what was measured, also where the test harness keeps the output of what went well to itself.
pub fn report(text: &str) {
    use std::io::Write as _;
    // Nobody is left to tell when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}
