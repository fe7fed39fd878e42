use std::path::PathBuf;

use clap::builder::{FalseyValueParser, OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use llmio_core::config::Secret;
use llmio_native::HomeSettings;

use crate::http::TrustedProxies;
use crate::secret::Hidden;

const AFTER_HELP: &str = "\
First steps:
  llmio                          serve on http://127.0.0.1:7070, database in db/llmio.db
  llmio check llmio.yaml --live  look through a configuration and reach every provider
  llmio apply llmio.yaml         store it; a running server takes it over
  llmio key create my-laptop     make a client key; it is shown once
Then give any OpenAI, Anthropic or Gemini client the base URL and that key:
  curl http://127.0.0.1:7070/v1/chat/completions -H 'authorization: Bearer sk-llmio-…' \\
       -H 'content-type: application/json' -d '{\"model\":\"gpt-5\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'
Every option can be set by the environment variable shown beside it; an option given here wins.";

/// An LLM gateway: one address for OpenAI, Anthropic and Gemini clients, balanced over your providers.
#[derive(Debug, Parser)]
#[command(name = "llmio", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) serve: ServeArgs,

    #[command(flatten)]
    pub(crate) home: HomeArgs,
}

/// Where everything is kept. For every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct HomeArgs {
    /// `file:PATH`, or `libsql://HOST`, `https://HOST` or `http://HOST` of a libSQL server (Turso, sqld). Without it:
    /// `llmio.db` in the database folder.
    #[arg(long, global = true, env = "LLMIO_DATABASE_URL", value_name = "URL")]
    pub(crate) database_url: Option<String>,

    /// The folders that may hold the database file, divided by commas: it is in the first that is there, else in the last.
    #[arg(
        long,
        global = true,
        env = "LLMIO_DATABASE_FOLDERS",
        default_value = "db",
        value_delimiter = ',',
        value_name = "FOLDERS"
    )]
    pub(crate) database_folders: Vec<PathBuf>,

    /// The libSQL server's access token.
    #[arg(long, global = true, env = "LLMIO_DATABASE_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) database_token: Option<Hidden>,

    /// Seals the providers' keys in the database: 32 bytes as hex or Base64, or a long text. Without it, a key file
    /// is made beside the database file.
    #[arg(long, global = true, env = "LLMIO_SECRET_KEY", hide_env_values = true, value_name = "KEY")]
    pub(crate) secret_key: Option<Hidden>,
}

impl HomeArgs {
    pub(crate) fn settings(&self) -> HomeSettings {
        let secret = |hidden: &Option<Hidden>| hidden.as_ref().and_then(Hidden::reveal).map(Secret::new);
        HomeSettings {
            database_url: self.database_url.clone().unwrap_or_else(|| self.in_folder()),
            database_token: secret(&self.database_token),
            secret_key: secret(&self.secret_key),
        }
    }

    fn in_folder(&self) -> String {
        let folders = &self.database_folders;
        let folder = folders.iter().find(|folder| folder.is_dir()).or(folders.last());
        let file = folder.map_or_else(|| "llmio.db".into(), |folder| folder.join("llmio.db"));
        format!("file:{}", file.display())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the gateway (what happens without any command).
    Serve,
    /// Store the configuration of a YAML or JSON file; `${VAR}` in it reads the environment.
    Apply {
        /// The file, or `-` for standard input.
        file: PathBuf,
        /// Only show what would change.
        #[arg(long)]
        dry_run: bool,
    },
    /// Print the stored configuration as YAML, without secrets.
    Export {
        /// Print JSON instead.
        #[arg(long)]
        json: bool,
    },
    /// Make, list and revoke client keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Take over what another gateway has stored.
    #[command(subcommand)]
    Import(ImportCommand),
    /// Create the database or bring it up to date.
    Migrate {
        /// Only show which steps would be applied.
        #[arg(long)]
        dry_run: bool,
    },
    /// Look through a configuration file without storing anything.
    Check {
        /// The file, or `-` for standard input.
        file: PathBuf,
        /// Also ask every provider in it for its models.
        #[arg(long)]
        live: bool,
    },
    /// Ask a server on this computer whether it is well; exits with 1 when not. For container health checks.
    Health,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it, this one time.
    Create {
        /// A name to know it by.
        name: String,
        /// A model the key may use; repeat for several. Without it: all.
        #[arg(long = "model", value_name = "MODEL")]
        models: Vec<String>,
        /// When it ends: RFC 3339, for example 2027-01-31T00:00:00Z. Without it: never.
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
        /// Store the bodies of this key's requests and answers in the request log.
        #[arg(long)]
        log_io: bool,
    },
    /// List the keys.
    List,
    /// Delete a key; clients that use it are refused from then on.
    Revoke {
        /// Its name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Import a database of the original LLMIO: its providers, models, keys and settings, and its history. The file is only
    /// read; where it lies at the database's own place, it is set aside first. Again, it brings what came since.
    Llmio {
        /// The file, usually `db/llmio.db` where the original ran.
        path: PathBuf,
        /// Only show what would come.
        #[arg(long)]
        dry_run: bool,
        /// Write providers, models, keys and settings to this new file instead, with all secrets in it, for `llmio apply` and for
        /// Cloudflare. The history stays behind.
        #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
        export: Option<PathBuf>,
    },
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Serving")]
pub(crate) struct ServeArgs {
    /// The administrator's token, for /api. Without it one is made and kept in a file beside the database.
    #[arg(long, global = true, env = "TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub(crate) token: Option<Hidden>,

    /// Ask for no token and no key, and serve programs of this computer only (`1` or `true`). Never behind a proxy.
    #[arg(
        long,
        global = true,
        env = "LLMIO_OPEN",
        default_value_t = false,
        default_missing_value = "true",
        num_args = 0..=1,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) open: bool,

    /// Reverse proxies whose `X-Forwarded-For` is believed: addresses and networks, divided by commas.
    #[arg(
        long,
        global = true,
        env = "LLMIO_TRUSTED_PROXIES",
        default_value = "127.0.0.0/8,::1",
        value_name = "NETWORKS"
    )]
    pub(crate) trusted_proxies: TrustedProxies,

    /// The address to listen on.
    #[arg(long, global = true, env = "LLMIO_HOST", default_value = "127.0.0.1")]
    pub(crate) host: String,

    /// The port to listen on; 0 takes a free one.
    #[arg(long, global = true, env = "LLMIO_SERVER_PORT", default_value_t = 7070)]
    pub(crate) port: u16,

    /// A configuration file that is applied at every start.
    // An empty variable is as good as none.
    #[arg(
        long,
        global = true,
        env = "LLMIO_CONFIG",
        value_name = "FILE",
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    pub(crate) config: Option<PathBuf>,

    /// How many threads serve clients. Without it: one for each core that this process may use; a container's CPU limit counts.
    #[arg(
        long,
        global = true,
        env = "LLMIO_THREADS",
        value_name = "NUMBER",
        value_parser = clap::value_parser!(u16).range(1..=512)
    )]
    pub(crate) threads: Option<u16>,

    /// The largest request body that is accepted, after decompression.
    #[arg(long, global = true, env = "LLMIO_MAX_BODY_BYTES", default_value_t = 64 * 1024 * 1024, value_name = "BYTES")]
    pub(crate) max_body_bytes: usize,

    /// Give the room of deleted rows back to the file system at start (`1` or `true`).
    #[arg(
        long,
        global = true,
        env = "DB_VACUUM",
        default_value_t = false,
        default_missing_value = "true",
        num_args = 0..=1,
        value_parser = FalseyValueParser::new()
    )]
    pub(crate) vacuum: bool,
}
