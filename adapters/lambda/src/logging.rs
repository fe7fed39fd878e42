use tracing_subscriber::EnvFilter;

/// Logs to standard error, which Lambda hands to CloudWatch with a time of its own. `RUST_LOG` chooses what (default
/// `info`).
pub(crate) fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .compact()
        .init();
}
