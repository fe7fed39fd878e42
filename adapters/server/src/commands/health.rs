use std::time::Duration;

use llmio_core::platform::{HttpClient, Payload, SendOptions};
use llmio_native::NativeHttpClient;

use crate::cli::ServeArgs;
use crate::failure::Failure;
use crate::output::say;

const LIMIT: Duration = Duration::from_secs(3);

/// Asks `/healthz` of the server that runs with the same settings.
pub(crate) async fn run(args: &ServeArgs) -> Result<(), Failure> {
    let host = match args.host.as_str() {
        "0.0.0.0" => "127.0.0.1".to_owned(),
        "::" => "[::1]".to_owned(),
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    };
    let request = http::Request::get(format!("http://{host}:{}/healthz", args.port)).body(Payload::default())?;
    let options = SendOptions { header_timeout: Some(LIMIT), ..SendOptions::default() };
    let answer = NativeHttpClient::new().send(request, options).await?;
    if !answer.status().is_success() {
        return Err(Failure::new(format!("the server answers {}", answer.status())));
    }
    say("ok");
    Ok(())
}
