//! What the server and the Lambda function share: the platform traits of `llmio-core` on tokio, hyper and libSQL.

mod background;
mod clock;
mod database;
mod entropy;
mod http_client;

pub use background::TaskBackground;
pub use clock::TokioClock;
pub use database::LocalDatabase;
pub use entropy::OsEntropy;
pub use http_client::NativeHttpClient;
