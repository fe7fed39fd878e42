use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use llmio_core::config::Secret;
use llmio_core::config::file::Environment;
use llmio_core::{Gateway, GatewayOptions, Limits, Upkeep};
use llmio_native::{Histories, Home, MadeToken, TaskBackground};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::chores;
use crate::cli::{HomeArgs, ServeArgs};
use crate::commands::{config_file, import};
use crate::console;
use crate::failure::Failure;
use crate::handler::GatewayHandler;
use crate::http::{Threads, bind};
use crate::output::{note, say};
use crate::signals::Signals;

/// How long running exchanges may take after a request to stop. Within the 30 s that orchestrators commonly grant.
const GRACE: Duration = Duration::from_secs(20);
/// How long the records of the last requests may take to be written.
const FLUSH_GRACE: Duration = Duration::from_secs(4);

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(home: &HomeArgs, args: &ServeArgs) -> Result<(), Failure> {
    let listener = bind(&args.host, args.port).await?;
    let settings = home.settings();
    if let Some(taken) = Home::take_over(&settings).await? {
        import::taken_over(&taken).iter().for_each(note);
    }
    let home = Home::open(&settings)?;
    let token = Token::find(args, &home)?;
    let store = home.store().await?;
    if let Some(file) = args.config.as_deref().filter(|file| !file.as_os_str().is_empty()) {
        config_file::apply_at_start(&store, file).await?;
    }
    if let (true, Some(local)) = (args.vacuum, &home.local) {
        local.vacuum().await?;
    }
    let options = GatewayOptions {
        home: "server",
        admin_token: token.secret(),
        limits: Limits { body_bytes: args.max_body_bytes, ..Limits::default() },
        upkeep: Upkeep::ByHome,
        environment: Environment::new(config_file::variable),
    };
    let gateway = Gateway::open(home.platform.clone(), home.sealer.clone(), options).await?;
    let background = TaskBackground::default();
    let handler = GatewayHandler::new(gateway.clone(), Arc::new(background.clone()), Handle::current());
    let threads = Threads::start(number_of_threads(args.threads))
        .map_err(|cause| Failure::new(format!("the threads that serve clients cannot be started: {cause}")))?;
    let histories = Histories::new(&home, chores::HISTORY_PAUSE);
    let chores = tokio::spawn(chores::run(gateway.clone(), histories));

    let stop = CancellationToken::new();
    let signals = tokio::spawn(stop_on_signal(Signals::register()?, stop.clone()));
    greet(listener.address(), &home, &gateway, &token);
    let cut = listener.run(&threads, Arc::new(handler), args.trusted_proxies.clone(), stop, GRACE).await;
    signals.abort();
    chores.abort();
    if cut > 0 {
        tracing::warn!(connections = cut, "some clients were still being answered and were cut off");
    }
    background.finish(FLUSH_GRACE).await;
    let lost = gateway.recorder().drain(FLUSH_GRACE).await;
    if lost > 0 {
        tracing::error!(rows = lost, "not every request could be recorded in time");
    }
    Ok(())
}

/// As many as were asked for, or one for each core that the system lets this process use.
fn number_of_threads(asked: Option<u16>) -> NonZeroUsize {
    let asked = asked.and_then(|asked| NonZeroUsize::new(asked.into()));
    asked.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// How the administrator is told from others.
enum Token {
    Set(Secret),
    Made(MadeToken),
    /// Not at all.
    Open,
}

impl Token {
    fn find(args: &ServeArgs, home: &Home) -> Result<Self, Failure> {
        match args.token.as_ref().and_then(|token| token.reveal()) {
            Some(_) if args.open => Err(Failure::new(
                "TOKEN is set, but --open (LLMIO_OPEN) asks for a gateway without one; take one of the two away",
            )),
            Some(token) => Ok(Self::Set(Secret::new(token))),
            None if args.open && !is_loopback(&args.host) => Err(Failure::new(format!(
                "an open gateway (--open, LLMIO_OPEN) serves this computer only, but it is asked to listen on {}. Leave \
                 LLMIO_HOST at 127.0.0.1, or leave --open away and use the token",
                args.host
            ))),
            None if args.open => Ok(Self::Open),
            None => Ok(Self::Made(home.made_token()?)),
        }
    }

    fn secret(&self) -> Option<Secret> {
        match self {
            Self::Set(token) | Self::Made(MadeToken { token, .. }) => Some(token.clone()),
            Self::Open => None,
        }
    }

    /// A token that was made now is shown, this one time.
    fn greet(&self, url: &str) {
        match self {
            Self::Set(_) => {}
            Self::Open => {
                say(
                    "OPEN: this gateway asks for no token and no key. Whatever reaches its port from this computer, a proxy",
                );
                say("for instance, may use and administrate it. Leave --open (LLMIO_OPEN) away to close it.");
            }
            Self::Made(MadeToken { token, file: Some(file), is_new: true }) => {
                say(format_args!("The administrator's token is {}", token.reveal()));
                if console::is_built() {
                    // Behind `#` it is sent to no server, and the console takes it out of the address.
                    say(format_args!("  sign in    {url}/sign-in#token={}", token.reveal()));
                }
                say(format_args!("It is shown this once, and kept in {}. TOKEN sets another.", file.display()));
            }
            Self::Made(MadeToken { file: Some(file), .. }) => {
                say(format_args!("The administrator's token is in {}", file.display()));
            }
            Self::Made(MadeToken { token, file: None, .. }) => {
                say(format_args!("The administrator's token, until this server stops, is {}", token.reveal()));
            }
        }
    }
}

/// The first line is for programs, the rest for people.
fn greet(address: SocketAddr, home: &Home, gateway: &Gateway, token: &Token) {
    let url = format!("http://{address}");
    say(format_args!("listening on {url}"));
    say(format_args!("  console    {url}/"));
    say(format_args!("  OpenAI     {url}/v1"));
    say(format_args!("  Anthropic  {url}/anthropic"));
    say(format_args!("  Gemini     {url}/gemini"));
    say(format_args!("  admin API  {url}/api, described at {url}/api/openapi.json"));
    say(format_args!("  database   {}", home.database_place));
    token.greet(&url);
    let program = std::env::args().next().unwrap_or_else(|| "llmio".to_owned());
    if gateway.snapshot().models().is_empty() {
        say("Nothing is configured yet. Describe your providers and models in a file like docs/llmio.example.yaml,");
        say("then store it, in another terminal, and make a key for a client:");
        say(format_args!("  {program} apply llmio.yaml"));
        say(format_args!("  {program} key create my-laptop"));
    } else {
        let key = match token {
            Token::Open => String::new(),
            Token::Made(MadeToken { file: Some(file), .. }) => {
                format!(" -H \"authorization: Bearer $(cat {})\"", file.display())
            }
            Token::Set(_) | Token::Made(_) => " -H \"authorization: Bearer $TOKEN\"".to_owned(),
        };
        say("See what clients can ask for:");
        say(format_args!("  curl {url}/v1/models{key}"));
    }
}

/// A host name counts as this computer only when it is `localhost`; others might resolve to anything.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn stop_on_signal(mut signals: Signals, stop: CancellationToken) {
    signals.next().await;
    tracing::info!("stopping: running requests may finish; stop again to end at once");
    stop.cancel();
    signals.next().await;
    tracing::warn!("stopped before running requests were finished");
    std::process::exit(130);
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_computer_is_loopback() {
        let rows = [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("localhost", true),
            ("LOCALHOST", true),
            ("0.0.0.0", false),
            ("::", false),
            ("192.168.1.2", false),
            ("::ffff:192.168.1.2", false),
            ("localhost.example", false),
            ("", false),
        ];
        for (host, expected) in rows {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
