//! The suite: every promise of the gateway that can be seen over HTTP, as tables.

mod admin;
mod balance;
mod breaker;
mod capabilities;
mod config;
mod database;
mod disconnect;
mod durability;
mod endpoints;
mod errors;
mod faults;
mod instances;
mod parity;
mod recorded;
mod records;
mod relay;
mod schema;
mod tokens;
mod unreachable;
