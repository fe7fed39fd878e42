//! The contracts of [`crate::platform`]'s traits, runnable: an adapter's tests call each suite with its own value.

pub mod background;
pub mod clock;
pub mod database;
pub mod entropy;
pub mod http;
