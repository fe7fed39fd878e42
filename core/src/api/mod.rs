//! What clients and operators see.

pub mod admin;
