//! The suite: every promise of the gateway that can be seen over HTTP, as tables.

mod admin;
mod answers;
mod balance;
mod blame;
mod breaker;
mod capabilities;
mod config;
mod database;
mod disconnect;
mod durability;
mod endpoints;
mod ends;
mod errors;
mod faults;
mod instances;
mod keepalive;
mod parity;
mod recorded;
mod records;
mod relay;
mod rests;
mod retries;
mod schema;
mod scripted;
mod tokens;
mod unreachable;
