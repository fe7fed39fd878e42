//! A strict scripted provider of the four dialects, for tests and benchmarks.
//!
//! It refuses what the real providers refuse, with their status and their error body, and what a gateway must never
//! send (a client's own credential, hop-by-hop headers). What it answers is decided by the requested model's name
//! ([`Behaviour::from_model`]) or by a queue of steps ([`script`]), and depends on nothing else: the same request with
//! the same behaviour gets the same bytes. What it received stands in a [`journal`].
//!
//! It shares no code with the gateway, so that a mistake in one does not hide in the other.

pub mod answer;
mod behaviour;
pub mod bench;
mod control;
mod dialect;
mod error;
mod fault;
pub mod journal;
mod json;
mod play;
pub mod ports;
mod provider;
pub mod replay;
mod route;
pub mod script;
mod seal;
mod server;
mod strict;

pub use behaviour::{Behaviour, ToolCall, UsageSpec};
pub use dialect::Dialect;
pub use error::ProviderError;
pub use fault::Fault;
pub use play::{Play, Step};
pub use server::{Options, Upstream};
