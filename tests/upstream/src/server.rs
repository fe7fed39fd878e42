use core::time::Duration;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::bench::Answers;
use crate::journal::{Exchange, Journal, now_ms};
use crate::play::{PlayBody, ScriptedCut};
use crate::script::{Script, Scripts, When};
use crate::{Behaviour, Dialect, Play, ProviderError, control, provider};

/// How an instance starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// 0 takes a free one.
    pub port: u16,
    /// The only credential it accepts.
    pub key: String,
    pub journal: bool,
    /// Answers these to everything, unchecked.
    pub bench: Option<Answers>,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, key: "sk-upstream".to_owned(), journal: true, bench: None }
    }
}

/// One running provider on a loopback port. Dropped, it stops and closes its connections.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    key: String,
    scripts: Scripts,
    journal: Journal,
    task: AbortHandle,
}

impl Upstream {
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let journal = if options.journal && options.bench.is_none() { Journal::new() } else { Journal::off() };
        let state = State { key: options.key.clone(), scripts: Scripts::default(), journal, bench: options.bench };
        let (scripts, journal) = (state.scripts.clone(), state.journal.clone());
        let task = tokio::spawn(accept(listener, Arc::new(state))).abort_handle();
        Ok(Self { address, key: options.key, scripts, journal, task })
    }

    /// With a key of its own, for tests that tell providers apart by it.
    pub async fn with_key(key: &str) -> io::Result<Self> {
        Self::start(Options { key: key.to_owned(), ..Options::default() }).await
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn key(&self) -> &str {
        &self.key
    }

    /// The base address to configure for a provider of that dialect.
    pub fn base_url(&self, dialect: Dialect) -> String {
        format!("http://{}{}", self.address, dialect.base_path())
    }

    pub fn exchanges(&self) -> Vec<Exchange> {
        self.journal.exchanges()
    }

    pub fn clear_journal(&self) {
        self.journal.clear();
    }

    /// Answers the next requests so, one each, whatever they ask.
    pub fn next(&self, steps: impl IntoIterator<Item = Behaviour>) {
        let steps = steps.into_iter().collect();
        self.script(Script { when: When::default(), steps, repeat_last: false });
    }

    /// Answers all further requests so.
    pub fn always(&self, behaviour: Behaviour) {
        self.scripts.clear();
        self.script(Script { when: When::default(), steps: vec![behaviour], repeat_last: true });
    }

    pub fn script(&self, script: Script) {
        self.scripts.add(script);
    }

    pub fn clear_scripts(&self) {
        self.scripts.clear();
    }

    /// Waits until an exchange satisfies the condition, and returns it; `None` after `limit`.
    pub async fn wait_for(&self, limit: Duration, condition: impl Fn(&Exchange) -> bool) -> Option<Exchange> {
        let deadline = now_ms() + limit.as_millis() as u64;
        loop {
            if let Some(found) = self.exchanges().into_iter().find(|exchange| condition(exchange)) {
                return Some(found);
            }
            if now_ms() >= deadline {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct State {
    key: String,
    scripts: Scripts,
    journal: Journal,
    bench: Option<Answers>,
}

/// Connections end with this task.
async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, Arc::clone(&state)));
            }
            // Out of file descriptors, most likely; others will end.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, state: Arc<State>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let service = service_fn(|request| serve(request, &state));
    // Broken connections are part of the script.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

const MAX_BODY: usize = 128 * 1024 * 1024;

async fn serve(request: Request<Incoming>, state: &State) -> Result<Response<PlayBody>, ScriptedCut> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let play = ProviderError::new(413, "Request body too large.").play(Dialect::Chat);
            return Ok(play.into_response(state.journal.open(&parts, &Bytes::new())));
        }
        Err(_) => return Err(ScriptedCut),
    };
    if let Some(play) = control::answer(&parts.method, parts.uri.path(), &body, &state.scripts, &state.journal) {
        return Ok(play.into_response(Journal::off().open(&parts, &body)));
    }
    let mut tracker = state.journal.open(&parts, &body);
    let play: Play = match &state.bench {
        Some(answers) => answers.choose(parts.uri.path(), &body),
        None => provider::answer(&parts, &body, &state.key, &state.scripts),
    };
    drop(body);
    if let Some(delay) = play.head_delay {
        tokio::time::sleep(delay).await;
    }
    if play.no_answer {
        tracker.cut();
        return Err(ScriptedCut);
    }
    Ok(play.into_response(tracker))
}
