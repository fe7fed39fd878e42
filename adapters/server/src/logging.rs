use std::fmt;
use std::io::{self, IsTerminal};

use jiff::ZonedDateTime;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// Logs to standard error, one line an event. `RUST_LOG` chooses what (default `info`), `TZ` the time zone, and
/// `NO_COLOR` turns colours off.
pub(crate) fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .with_timer(LocalTime)
        .compact()
        .init();
}

struct LocalTime;

impl FormatTime for LocalTime {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        write!(writer, "{}", ZonedDateTime::now().strftime("%Y-%m-%dT%H:%M:%S%.3f%:z"))
    }
}
