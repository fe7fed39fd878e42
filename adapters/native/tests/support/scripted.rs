//! A server that does with each request what a script says, in HTTP/1.1 or, frame by frame, in HTTP/2.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The end of every request's body, by which it is seen to be complete.
pub(crate) const END: &[u8] = b"!";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// 200 without a body.
    Answer,
    /// Closes the connection.
    Close,
    /// Sends a part of a head, then closes.
    Part,
    /// Says nothing; HTTP/2's pings are answered.
    Think,
    /// From now on this connection says nothing, whatever comes.
    Freeze,
    /// `REFUSED_STREAM`.
    Refuse,
    /// A GOAWAY that leaves out this request.
    GoAway,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub requests: AtomicUsize,
    pub connections: AtomicUsize,
    pub pings: AtomicUsize,
    /// The bytes of HTTP/1.1 requests.
    pub texts: Mutex<Vec<Vec<u8>>>,
}

impl Seen {
    /// Connections and requests.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.connections.load(Ordering::SeqCst), self.requests.load(Ordering::SeqCst))
    }
}

/// The script has a row for each connection and an act for each of its requests; what is past its end is answered.
/// With TLS it speaks HTTP/2. Returns its URL.
pub(crate) async fn start(tls: Option<TlsAcceptor>, script: &'static [&'static [Act]]) -> (String, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let seen = Arc::new(Seen::default());
    let shared = Arc::clone(&seen);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let seen = Arc::clone(&shared);
            let number = seen.connections.fetch_add(1, Ordering::SeqCst);
            let acts = script.get(number).copied().unwrap_or_default();
            let tls = tls.clone();
            tokio::spawn(async move {
                match tls {
                    None => http1(stream, acts, &seen).await,
                    Some(tls) => http2(tls.accept(stream).await?, acts, &seen).await,
                }
            });
        }
    });
    (format!("{scheme}://{address}/"), seen)
}

async fn http1(mut stream: impl AsyncRead + AsyncWrite + Unpin, acts: &[Act], seen: &Seen) -> io::Result<()> {
    for turn in 0.. {
        let mut text = Vec::new();
        while !text.ends_with(END) {
            if stream.read_buf(&mut text).await? == 0 {
                return Ok(());
            }
        }
        seen.requests.fetch_add(1, Ordering::SeqCst);
        seen.texts.lock().unwrap().push(text);
        match acts.get(turn).unwrap_or(&Act::Answer) {
            Act::Answer => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?,
            Act::Part => return stream.write_all(b"HTTP/1.1 2").await,
            Act::Close => return Ok(()),
            _ => std::future::pending().await,
        }
    }
    Ok(())
}

const SETTINGS: u8 = 4;
const PING: u8 = 6;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;

async fn http2(mut stream: impl AsyncRead + AsyncWrite + Unpin, acts: &[Act], seen: &Seen) -> io::Result<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    let (mut turn, mut is_frozen) = (0, false);
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, w, x, y, z] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload).await?;
        let id = u32::from_be_bytes([w, x, y, z]);
        // HEADERS or DATA that end a request.
        let is_request = kind < 2 && flags & END_STREAM != 0;
        seen.requests.fetch_add(usize::from(is_request), Ordering::SeqCst);
        if kind == PING {
            seen.pings.fetch_add(1, Ordering::SeqCst);
        }
        let answer = match (kind, is_request) {
            _ if is_frozen => continue,
            (SETTINGS | PING, _) if flags & ACK == 0 => frame(kind, ACK, 0, if kind == PING { &payload } else { &[] }),
            (_, true) => {
                turn += 1;
                match acts.get(turn - 1).unwrap_or(&Act::Answer) {
                    // `:status 200`, with the ends of the headers and of the stream.
                    Act::Answer => frame(1, 4 | END_STREAM, id, &[0x88]),
                    Act::Refuse => frame(3, 0, id, &7_u32.to_be_bytes()),
                    Act::GoAway => frame(7, 0, 0, &[(id - 2).to_be_bytes(), 0_u32.to_be_bytes()].concat()),
                    Act::Close | Act::Part => return Ok(()),
                    act => {
                        is_frozen = *act == Act::Freeze;
                        continue;
                    }
                }
            }
            _ => continue,
        };
        stream.write_all(&answer).await?;
    }
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &id.to_be_bytes(), payload].concat()
}
