//! The request log: entries, prices, rollups, and the queue between the hot path and the database.

pub(crate) mod blocks;
mod decision;
mod entry;
pub mod fold;
mod id;
pub mod latency;
pub mod limits;
pub mod metrics;
pub(crate) mod pack;
mod pack_v1;
mod packed;
mod price;
mod queue;
pub(crate) mod ranks;
mod repair;
pub mod retention;
pub(crate) mod rollup;
mod sums;
mod translated;

pub use decision::{Considered, DecidedBy, Decision, Excluded};
pub use entry::{Bodies, LogEntry, Operation, Origin, Outcome};
pub use id::TraceId;
pub use metrics::{InFlight, Metrics};
pub use price::CostParts;
pub use queue::{MAX_QUEUED_BODY_BYTES, MAX_QUEUED_ENTRIES, Recorder, RecorderStatus};
pub use rollup::Counts;
pub use sums::{Detail, Histogram, Sums, Unpriced};
pub use translated::{MAX_TRANSLATED, Translated, TranslatedKind};

pub(crate) use id::first_id_at;
pub(crate) use sums::Rank;
