//! What the server and the Lambda function share: the platform traits of `llmio-core` on tokio, hyper and libSQL.

mod background;
mod clock;
mod database;
mod entropy;
mod histories;
mod home;
mod http_client;
mod original;
mod permission;
mod secret_file;
mod take_over;

pub use background::{Hold, TaskBackground};
pub use clock::TokioClock;
pub use database::LocalDatabase;
pub use entropy::OsEntropy;
pub use histories::Histories;
pub use home::{Home, HomeError, HomeSettings, MadeToken};
pub use http_client::NativeHttpClient;
pub use original::open_original;
pub use take_over::TakenOver;
