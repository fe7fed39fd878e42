//! What a field is when it is not given, in a file as in the API.

/// Three further attempts: enough to pass a few bad providers, few enough to fail while somebody still waits.
pub(crate) const fn max_retry() -> u32 {
    3
}

pub(crate) const fn weight() -> u32 {
    1
}

/// Capabilities, breakers, affinity and `enabled`.
pub(crate) const fn yes() -> bool {
    true
}
