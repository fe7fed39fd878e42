use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use llmio_core::config::Secret;
use llmio_core::config::file::Environment;
use llmio_core::platform::{Background, Body};
use llmio_core::{Answer, Gateway, GatewayOptions, Limits, RequestContext, Upkeep};
use llmio_native::{Home, TaskBackground};
use tokio_util::sync::CancellationToken;

use crate::chores;
use crate::cli::{HomeArgs, ServeArgs};
use crate::commands::config_file;
use crate::failure::Failure;
use crate::http::{Client, Handler, bind};
use crate::output::say;
use crate::signals::Signals;

/// How long running exchanges may take after a request to stop. Within the 30 s that orchestrators commonly grant.
const GRACE: Duration = Duration::from_secs(20);
/// How long the records of the last requests may take to be written.
const FLUSH_GRACE: Duration = Duration::from_secs(4);

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(home: &HomeArgs, args: &ServeArgs) -> Result<(), Failure> {
    let token = args.token.as_ref().and_then(|token| token.reveal());
    if token.is_none() && !is_loopback(&args.host) {
        return Err(Failure::new(format!(
            "without a TOKEN the server answers this computer only, but it is asked to listen on {}. Set TOKEN to a \
             long random text (for example what `openssl rand -hex 24` prints), or leave LLMIO_HOST at 127.0.0.1",
            args.host
        )));
    }
    let listener = bind(&args.host, args.port).await?;
    let home = Home::open(&home.settings())?;
    let store = home.store().await?;
    if let Some(file) = args.config.as_deref().filter(|file| !file.as_os_str().is_empty()) {
        config_file::apply_at_start(&store, file).await?;
    }
    if let (true, Some(local)) = (args.vacuum, &home.local) {
        local.vacuum().await?;
    }
    let options = GatewayOptions {
        home: "server",
        admin_token: token.map(Secret::new),
        limits: Limits { body_bytes: args.max_body_bytes, ..Limits::default() },
        upkeep: Upkeep::ByHome,
        environment: Environment::new(config_file::variable),
    };
    let gateway = Gateway::open(home.platform.clone(), home.sealer.clone(), options).await?;
    let background = TaskBackground::default();
    let handler = Arc::new(GatewayHandler { gateway: gateway.clone(), background: Arc::new(background.clone()) });
    let chores = tokio::spawn(chores::run(gateway.clone()));

    let stop = CancellationToken::new();
    let signals = tokio::spawn(stop_on_signal(Signals::register()?, stop.clone()));
    greet(listener.address(), &home, &gateway, token.is_some());
    let cut = listener.run(handler, stop, GRACE).await;
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

/// The first line is for programs, the rest for people.
fn greet(address: SocketAddr, home: &Home, gateway: &Gateway, has_token: bool) {
    let url = format!("http://{address}");
    say(format_args!("listening on {url}"));
    say(format_args!("  OpenAI     {url}/v1"));
    say(format_args!("  Anthropic  {url}/anthropic"));
    say(format_args!("  Gemini     {url}/gemini"));
    say(format_args!("  admin API  {url}/api, described at {url}/api/openapi.json"));
    say(format_args!("  database   {}", home.database_place));
    if !has_token {
        say("No TOKEN is set: this server answers this computer only, and asks for no key.");
    }
    let program = std::env::args().next().unwrap_or_else(|| "llmio".to_owned());
    if gateway.snapshot().models().is_empty() {
        say("Nothing is configured yet. Describe your providers and models in a file like docs/llmio.example.yaml,");
        say("then store it, in another terminal, and make a key for a client:");
        say(format_args!("  {program} apply llmio.yaml"));
        say(format_args!("  {program} key create my-laptop"));
    } else {
        let key = if has_token { " -H \"authorization: Bearer $TOKEN\"" } else { "" };
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

struct GatewayHandler {
    gateway: Gateway,
    background: Arc<dyn Background>,
}

impl Handler for GatewayHandler {
    async fn handle(&self, request: Request<Body>, client: Client) -> Response<Body> {
        let Client { address, doubt } = client;
        let background = Arc::clone(&self.background);
        let context = RequestContext { remote_addr: Some(address), ends_at: None, background };
        self.gateway.handle(request, context).await.map(|mut answer| {
            if let Answer::Relay(relay) = &mut answer {
                relay.watch(doubt);
            }
            answer.into_body()
        })
    }
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
