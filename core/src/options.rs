use core::time::Duration;

use crate::config::Secret;
use crate::config::file::Environment;

/// What a home decides for its gateway.
#[derive(Clone, Debug)]
pub struct GatewayOptions {
    /// Its name, for people: `server`, `worker`, `lambda`.
    pub home: &'static str,
    /// The admin's token, which is also a client's key to every model. Without it everybody is let in: a home must
    /// then not be reachable from elsewhere.
    pub admin_token: Option<Secret>,
    pub limits: Limits,
    pub upkeep: Upkeep,
    /// What a configuration file that is sent to the admin API may read.
    pub environment: Environment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest request body, also after decompression.
    pub body_bytes: usize,
    /// The bodies of all requests in flight together; what does not fit is turned away for the moment.
    pub buffered_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body_bytes: 64 << 20, buffered_bytes: 192 << 20 }
    }
}

/// Who looks after a gateway between its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// The home calls [`crate::Gateway::flush`] and [`crate::Gateway::refresh`] all the time.
    ByHome,
    /// Requests do, for homes that freeze between them. A request that finds a configuration older than 4 s waits for
    /// the stored one, for a second at most; one older than 2 s is renewed in the request's background work, and the
    /// log is written there.
    WithRequests {
        /// How long an entry of the log waits for others, to be written together with them. Zero where the client
        /// waits for background work.
        linger: Duration,
    },
}
