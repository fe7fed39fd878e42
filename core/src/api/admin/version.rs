//! What is installed, and what it offers.

use http::Method;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Admin, AdminCall, AdminError, AdminRoute, MAX_BODY, Reply, log_export};
use crate::platform::Timestamp;
use crate::record::limits::MAX_BODY_BYTES;
use crate::storage;

pub(super) fn routes() -> Vec<AdminRoute> {
    vec![
        AdminRoute::new(Method::GET, "/api/version", "getVersion", "What is installed, and what it offers", |a, c| {
            Box::pin(version(a, c))
        })
        .answers::<Version>(200),
    ]
}

/// What a console may ask for: it says so where a gateway does not offer one. Each name stays for ever.
const FEATURES: &[&str] = &[
    // Providers and models have notes, a switch; keys their last characters.
    "notes",
    // Reads have an `ETag`, writes take `If-Match`; changes show values and dependants.
    "config_versions",
    "association_order",
    "batch",
    // Metrics by five minutes, association and origin, divided twice; the usage of whole lists.
    "reports",
    // Any filter of the log, facets, histogram, exports; bodies are searched.
    "log_search",
    // Providers that are not saved yet.
    "drafts",
    // Kinds beyond plain, stream and tool_call, transcripts, events, tests of a whole model.
    "tests",
    // A log entry says how its provider was chosen; bodies come alone.
    "decisions",
    // Headers that direct a request of the operator's own.
    "operator_requests",
    "health",
    "activity",
];

/// The running gateway, as far as it is not in the database.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub home: &'static str,
    pub instance: String,
    pub started_at: Timestamp,
    pub has_token: bool,
    /// The largest body of a client's request.
    pub body_bytes: usize,
}

#[derive(Serialize, JsonSchema)]
struct Version {
    /// Of the gateway.
    version: &'static str,
    /// The newest migration.
    schema: &'static str,
    /// Grows with every change of the configuration.
    config_version: i64,
    /// Where it runs: `server`, `worker` or `lambda`.
    home: &'static str,
    /// Of several processes or isolates, the one that answers.
    instance: String,
    /// When that one started.
    started_at: Timestamp,
    auth: Auth,
    /// `sqlite`, `libsql` or `d1`.
    database: &'static str,
    limits: Limits,
    /// Names of what it offers beyond the first version of this API. A console says so where one is missing.
    features: &'static [&'static str],
}

/// Who is let in: whoever has the token, or this computer without one.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Auth {
    Token,
    Loopback,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "VersionLimits")]
struct Limits {
    /// Of a client's request, in bytes, as the next two.
    body_bytes: usize,
    /// Of each body that is recorded; what is longer is cut.
    body_record_bytes: usize,
    /// Of a request to this API.
    admin_body_bytes: usize,
    /// Entries of an export of the log.
    export_rows: usize,
}

async fn version(admin: &Admin, _: AdminCall) -> Result<Reply, AdminError> {
    let about = admin.instance.about();
    Reply::ok(&Version {
        version: env!("CARGO_PKG_VERSION"),
        schema: storage::schema_version(),
        config_version: storage::version(&*admin.platform.database).await?,
        home: about.home,
        instance: about.instance,
        started_at: about.started_at,
        auth: if about.has_token { Auth::Token } else { Auth::Loopback },
        database: admin.platform.database.name(),
        limits: Limits {
            body_bytes: about.body_bytes,
            body_record_bytes: MAX_BODY_BYTES,
            admin_body_bytes: MAX_BODY,
            export_rows: log_export::MAX_ROWS,
        },
        features: FEATURES,
    })
}
