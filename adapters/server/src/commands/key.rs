use llmio_core::config::{ClientKey, client_key_prefix, client_key_suffix, generate_client_key, hash_client_key};
use llmio_core::platform::Timestamp;
use llmio_core::storage::StorageError;
use llmio_native::Home;

use crate::cli::KeyCommand;
use crate::failure::Failure;
use crate::output::say;

pub(crate) async fn run(home: &Home, command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Create { name, models, expires_at, log_io } => {
            create(home, &name, models, expires_at.as_deref(), log_io).await
        }
        KeyCommand::List => list(home).await,
        KeyCommand::Revoke { name } => revoke(home, &name).await,
    }
}

async fn create(
    home: &Home,
    name: &str,
    models: Vec<String>,
    expires_at: Option<&str>,
    log_io: bool,
) -> Result<(), Failure> {
    let expires_at = expires_at
        .map(|text| {
            Timestamp::parse_rfc3339(text)
                .ok_or_else(|| Failure::new(format!("`{text}` is no time: write it like 2027-01-31T00:00:00Z")))
        })
        .transpose()?;
    let store = home.store().await?;
    let secret = generate_client_key(&*home.platform.entropy);
    let key = ClientKey {
        id: store.new_id(),
        name: name.to_owned(),
        hash: hash_client_key(secret.reveal()),
        prefix: client_key_prefix(secret.reveal()),
        suffix: client_key_suffix(secret.reveal()),
        note: String::new(),
        enabled: true,
        models: Some(models).filter(|models| !models.is_empty()),
        expires_at,
        log_io,
        strict: false,
        created_at: home.platform.clock.now(),
    };
    store
        .edit(|config| {
            config.keys.push(key.clone());
            Ok::<_, StorageError>(())
        })
        .await?;
    // Only the key goes to standard output, so that a script can take it.
    say(secret.reveal());
    crate::output::note(format_args!("This is the only time that the key `{name}` is shown. Give it to a client now."));
    Ok(())
}

async fn list(home: &Home) -> Result<(), Failure> {
    let config = home.store().await?.load().await?;
    if config.keys.is_empty() {
        crate::output::note("There are no keys yet. `llmio key create NAME` makes one.");
    }
    let now = home.platform.clock.now();
    for key in &config.keys {
        let state = match key.expires_at {
            _ if !key.enabled => "off".to_owned(),
            Some(end) if end <= now => format!("expired {}", end.to_rfc3339()),
            Some(end) => format!("until {}", end.to_rfc3339()),
            None => "on".to_owned(),
        };
        let models = key.models.as_ref().map_or_else(|| "all models".to_owned(), |models| models.join(", "));
        say(format_args!("{}\t{}…\t{state}\t{models}", key.name, key.prefix));
    }
    Ok(())
}

async fn revoke(home: &Home, name: &str) -> Result<(), Failure> {
    let removed = home
        .store()
        .await?
        .edit(|config| {
            let before = config.keys.len();
            config.keys.retain(|key| key.name != name);
            Ok::<_, StorageError>(config.keys.len() < before)
        })
        .await?;
    if !removed.output {
        return Err(Failure::new(format!("there is no key `{name}`; `llmio key list` shows them")));
    }
    say(format_args!("revoked {name}; a running server refuses it within seconds"));
    Ok(())
}
