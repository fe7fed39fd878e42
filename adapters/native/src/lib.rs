//! What the server and the Lambda function share: the platform traits of `llmio-core` on tokio, hyper and libSQL.

mod database;

pub use database::LocalDatabase;
