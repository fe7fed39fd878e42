//! Servers for the tests: the contract's origin, and proxies.

pub(crate) mod origin;
pub(crate) mod proxy;
