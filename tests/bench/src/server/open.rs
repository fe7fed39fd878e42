//! Streams that stay open: what each of them takes, and how long an event is on its way.

use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Instant;

use llmio_upstream::Dialect;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at, sleep};

use super::target::{Gateway, Nginx};
use crate::Error;
use crate::gateway::configuration;
use crate::load::KEY;
use crate::measure::{Target as _, median, micros};
use crate::process::Process;

/// So many streams, with an event of each after such a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowd {
    pub(crate) streams: usize,
    pub(crate) every: Duration,
}

/// 10,000 events a second of the few, 4,000 of the many.
pub(crate) const CROWDS: [Crowd; 2] = [
    Crowd { streams: 1_000, every: Duration::from_millis(100) },
    Crowd { streams: 4_000, every: Duration::from_millis(1_000) },
];

/// How long events are watched.
const WATCHED: Duration = Duration::from_secs(5);
/// Until all streams are open, at most.
const PATIENCE: Duration = Duration::from_secs(60);
/// What comes once a process is at rest again.
const SETTLES: Duration = Duration::from_secs(2);
const NAME: &str = "open-all";

/// What one target did with a crowd.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    /// Resident memory above that of the idle process, per stream, in bytes; 0 for the provider itself.
    pub(crate) bytes: f64,
    /// All of its resident memory, in bytes.
    pub(crate) memory: f64,
    /// CPU time per event, in microseconds.
    pub(crate) cpu_us: f64,
    /// From the provider's write to the client's read, in microseconds.
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// The medians of a crowd: of the provider itself, nginx, the gateway, and the gateway with one thread.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) crowd: Crowd,
    pub(crate) held: [Held; 4],
}

pub(crate) async fn measure(gateway: &Path, nginx: &Path, at: &Path, rounds: usize) -> Result<Vec<Measured>, Error> {
    let mut all = Vec::new();
    for crowd in CROWDS {
        let provider = Provider::start(crowd.every).await?;
        let served = [(NAME, Dialect::Chat, provider.address.port())];
        let mut taken: [Vec<Held>; 4] = Default::default();
        // A process that has held many streams keeps some of their memory, so each round has new ones.
        for _ in 0..rounds {
            taken[0].push(held(provider.address, None, crowd).await?);
            let proxy = Nginx::start(nginx, at, &served).await?;
            taken[1].push(held(proxy.first(), proxy.process(), crowd).await?);
            drop(proxy);
            for (index, is_single) in [(2, false), (3, true)] {
                let (target, _) = Gateway::start(gateway, at, &configuration(&served), is_single).await?;
                taken[index].push(held(target.at(), target.process(), crowd).await?);
                target.stop().await?;
            }
        }
        let of = |held: &Vec<Held>| {
            let value = |value: fn(&Held) -> f64| median(held.iter().map(value).collect());
            Held {
                bytes: value(|it| it.bytes),
                memory: value(|it| it.memory),
                cpu_us: value(|it| it.cpu_us),
                p50_us: value(|it| it.p50_us),
                p99_us: value(|it| it.p99_us),
            }
        };
        all.push(Measured { crowd, held: taken.each_ref().map(of) });
    }
    Ok(all)
}

async fn held(address: SocketAddr, process: Option<&Process>, crowd: Crowd) -> Result<Held, Error> {
    let memory = || process.map_or(Ok(0), Process::memory);
    let cpu = || process.map_or(Ok(Duration::ZERO), Process::cpu_time);
    // Its first request opens what a process has once.
    let watch = Arc::new(Watch::default());
    let mut first = JoinSet::new();
    first.spawn(client(address, Arc::clone(&watch)));
    watch.wait_for(1, &mut first).await?;
    drop(first);
    sleep(SETTLES).await;
    let idle = memory()?;

    let watch = Arc::new(Watch::default());
    let mut clients = JoinSet::new();
    for number in 0..crowd.streams {
        clients.spawn(client(address, Arc::clone(&watch)));
        // A listener's queue is short.
        if number % 100 == 99 {
            watch.wait_for(number + 1, &mut clients).await?;
        }
    }
    watch.wait_for(crowd.streams, &mut clients).await?;
    sleep(SETTLES).await;
    let before = cpu()?;
    watch.is_on.store(true, Ordering::Relaxed);
    sleep(WATCHED).await;
    watch.is_on.store(false, Ordering::Relaxed);
    let used = cpu()?.saturating_sub(before);
    let memory = memory()?;
    if let Some(ended) = clients.try_join_next() {
        ended??;
        return Err("a stream ended".into());
    }
    let mut delays = std::mem::take(&mut *watch.delays.lock().unwrap_or_else(PoisonError::into_inner));
    delays.sort_unstable();
    let percentile = |percent: usize| delays.get(delays.len() * percent / 100).copied().unwrap_or_default() as f64;
    Ok(Held {
        bytes: memory.saturating_sub(idle) as f64 / crowd.streams as f64,
        memory: memory as f64,
        cpu_us: micros(used) / delays.len().max(1) as f64,
        p50_us: percentile(50),
        p99_us: percentile(99),
    })
}

/// What the clients see.
#[derive(Debug, Default)]
struct Watch {
    open: AtomicUsize,
    is_on: AtomicBool,
    /// In microseconds.
    delays: Mutex<Vec<u64>>,
}

impl Watch {
    /// Until so many streams have begun.
    async fn wait_for(&self, streams: usize, clients: &mut JoinSet<Result<(), Error>>) -> Result<(), Error> {
        let limit = Instant::now() + PATIENCE;
        while self.open.load(Ordering::Relaxed) < streams {
            if let Some(ended) = clients.try_join_next() {
                ended??;
                return Err("a stream ended".into());
            }
            if Instant::now() > limit {
                return Err(
                    format!("of {streams} streams only {} have begun", self.open.load(Ordering::Relaxed)).into()
                );
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

/// The time, for both ends.
fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Asks for a stream, and reads it until it is dropped.
async fn client(address: SocketAddr, watch: Arc<Watch>) -> Result<(), Error> {
    let body = format!(r#"{{"model":"{NAME}","stream":true,"messages":[{{"role":"user","content":"Hello"}}]}}"#);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {KEY}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.write_all((head + &body).as_bytes()).await?;
    let mut buffer = [0; 1024];
    let mut is_open = false;
    loop {
        let count = stream.read(&mut buffer).await?;
        let Some(text) = buffer.get(..count).filter(|text| !text.is_empty()) else { return Ok(()) };
        let text = String::from_utf8_lossy(text);
        let sent = text.rsplit_once("sent at ").and_then(|(_, rest)| rest.split_once(' ')?.0.parse::<u64>().ok());
        let Some(sent) = sent else {
            if text.starts_with("HTTP/1.1") && !text.starts_with("HTTP/1.1 200") {
                return Err(text.into_owned().into());
            }
            continue;
        };
        if !std::mem::replace(&mut is_open, true) {
            watch.open.fetch_add(1, Ordering::Relaxed);
        }
        if watch.is_on.load(Ordering::Relaxed) {
            let delay = now().saturating_sub(sent);
            watch.delays.lock().unwrap_or_else(PoisonError::into_inner).push(delay);
        }
    }
}

/// Answers everything with a stream that does not end. It is a part of this process, for its clock's sake.
#[derive(Debug)]
struct Provider {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Provider {
    async fn start(every: Duration) -> Result<Self, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            let mut streams = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                // Its asker leaves some time.
                streams.spawn(async move { _ = stream_to(stream, every).await });
                while streams.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, task })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn stream_to(mut stream: TcpStream, every: Duration) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    while !request.ends_with(b"}]}") && !request.ends_with(b"}}") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    drop(request);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let mut ticks = interval_at(tokio::time::Instant::now(), every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut byte = [0];
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stream.read(&mut byte) => return Ok(()),
        }
        let event = format!(
            "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"bench\",\
             \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"sent at {} \"}},\"finish_reason\":null}}]}}\n\n",
            now()
        );
        stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).await?;
    }
}
