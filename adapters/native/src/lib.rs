//! What the server and the Lambda function share: the platform traits of `llmio-core` on tokio, hyper and libSQL.

mod background;
mod clock;
mod database;
mod entropy;
mod home;
mod http_client;
mod secret_file;

pub use background::{Hold, TaskBackground};
pub use clock::TokioClock;
pub use database::LocalDatabase;
pub use entropy::OsEntropy;
pub use home::{Home, HomeError, HomeSettings, MadeToken};
pub use http_client::NativeHttpClient;
