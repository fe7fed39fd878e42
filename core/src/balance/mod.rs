//! Which provider is asked next: strategies, circuit breakers, cool-downs, latency averages.
//!
//! Everything is a pure function of its state and of the time it is given; [`Balancer`] only keeps the states.

mod affinity;
mod association;
mod balancer;
mod breaker;
mod cooldown;
mod health;
mod latency;
mod rest;
mod retry_after;
mod selection;
mod verdict;

pub(crate) use affinity::{conversation, lot};
pub use balancer::{AssociationHealth, Balancer, Pair, Standing};
pub use breaker::Breaker;
pub use cooldown::Cooldown;
pub use health::{Cause, Health, Report, Resting};
pub use latency::LatencyAverage;
pub use rest::{Reset, Rest};
pub use retry_after::retry_after;
pub use selection::{Contender, Selection};
pub use verdict::{Verdict, verdict, verdict_in_answer};

#[cfg(test)]
mod tests;
