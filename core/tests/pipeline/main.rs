//! Requests from start to end, in one process: providers that answer from a script, and time that moves by hand.

mod additions;
mod addresses;
mod affinity;
mod bed;
mod client;
mod counting;
mod decisions;
mod health;
mod judgement;
mod operators;
mod overview;
mod planning;
mod relay;
mod responses;
mod rests;
mod retries;
mod secrets;
mod shown;
mod silences;
mod strict;
mod support;
mod tiers;
mod timeouts;
mod translation;
mod uploads;
mod wires;
