//! The contracts of [`crate::platform`]'s traits, runnable: an adapter's tests call each suite with its own value.

pub mod database;
