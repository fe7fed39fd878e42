//! Servers for the tests: the contract's origin, proxies, and one that follows a script.

pub(crate) mod origin;
pub(crate) mod proxy;
pub(crate) mod scripted;
