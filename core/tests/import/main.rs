//! A database of the original LLMIO becomes ours.

mod bed;
mod configuration;
#[path = "../support/explaining.rs"]
mod explaining;
mod history;
