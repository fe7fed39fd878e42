use llmio_core::storage::schema_version;
use llmio_native::Home;

use crate::failure::Failure;
use crate::output::say;

pub(crate) async fn run(home: &Home, dry_run: bool) -> Result<(), Failure> {
    if dry_run {
        for name in home.pending().await? {
            say(format_args!("would apply {name}"));
        }
        return Ok(());
    }
    let applied = home.migrate().await?;
    for name in &applied.names {
        say(format_args!("applied {name}"));
    }
    say(format_args!("{} is at {}", home.database_place, schema_version()));
    Ok(())
}
