use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{Shutdown, Terms, serve};
use super::crowd::Crowd;
use super::exchange::Exchanges;
use super::{Handler, Threads, TrustedProxies};

/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 1024;
/// Waiting before accepting again when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound address. Nothing is accepted before [`Listener::run`].
#[derive(Debug)]
pub(crate) struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

/// Why an address could not be bound, and what to do about it.
#[derive(Debug)]
pub(crate) struct BindError {
    host: String,
    port: u16,
    cause: io::Error,
}

/// Binds the address; port 0 takes a free one.
pub(crate) async fn bind(host: &str, port: u16) -> Result<Listener, BindError> {
    let bound = async {
        let listener = listen(host, port).await?;
        let address = listener.local_addr()?;
        Ok(Listener { listener, address })
    };
    bound.await.map_err(|cause| BindError { host: host.to_owned(), port, cause })
}

async fn listen(host: &str, port: u16) -> io::Result<TcpListener> {
    let mut last = None;
    for address in tokio::net::lookup_host((host, port)).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A server that starts again may take the port at once.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        match socket.bind(address).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::new(ErrorKind::AddrNotAvailable, "the name has no address")))
}

impl Listener {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Accepts, and lets the threads serve, until `stop`. Then running exchanges have `grace` to finish; what is still open
    /// after it is cut, as if the client had left. Returns how many connections were cut.
    pub(crate) async fn run<H: Handler>(
        self,
        threads: &Threads,
        handler: Arc<H>,
        proxies: TrustedProxies,
        stop: CancellationToken,
        grace: Duration,
    ) -> usize {
        let terms = Arc::new(Terms::new(proxies));
        let shutdown = Shutdown { stop, ..Shutdown::default() };
        let connections = TaskTracker::new();
        let mut crowd = Crowd::default();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = shutdown.stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    // Without it the last chunk of a stream may wait for the client's delayed acknowledgement.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%peer, %error, "TCP_NODELAY was refused");
                    }
                    let (terms, handler, shutdown) =
                        (Arc::clone(&terms), Arc::clone(&handler), shutdown.of_connection());
                    let (Ok(stream), Some((runtime, burden))) = (stream.into_std(), threads.least_loaded()) else {
                        continue;
                    };
                    let exchanges = Exchanges::new(burden.load());
                    crowd.add(&exchanges, &shutdown.stop, connections.len());
                    connections.spawn_on(serve(terms, stream, peer, handler, shutdown, exchanges, burden), runtime);
                }
                Err(error) if is_of_connection(&error) => {}
                Err(error) => {
                    if crowd.make_room() {
                        tracing::error!(
                            %error,
                            open = connections.len(),
                            "no further connection can be accepted until others end, those that say nothing first; allow \
                             more open files (ulimit -n)"
                        );
                    }
                    tokio::select! {
                        () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                        () = shutdown.stop.cancelled() => break,
                    }
                }
            }
        }
        drop(self.listener);
        connections.close();
        if tokio::time::timeout(grace, connections.wait()).await.is_ok() {
            return 0;
        }
        let open = connections.len();
        shutdown.abort.cancel();
        connections.wait().await;
        open
    }
}

/// Whether the error belongs to the one connection that was to be accepted.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
    )
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, cause } = self;
        match cause.kind() {
            ErrorKind::AddrInUse => write!(
                f,
                "port {port} on {host} is in use, perhaps by another LLMIO. Stop that program, or choose another port \
                 with --port or LLMIO_SERVER_PORT (0 takes a free one)"
            ),
            ErrorKind::PermissionDenied => write!(
                f,
                "port {port} needs more rights than this user has. Choose a port above 1023 with --port or \
                 LLMIO_SERVER_PORT"
            ),
            ErrorKind::AddrNotAvailable => write!(
                f,
                "{host} is no address of this computer. Give one of its own with --host or LLMIO_HOST, or 0.0.0.0 for all"
            ),
            _ => write!(f, "cannot listen on {host}:{port}: {cause}. Check --host and --port"),
        }
    }
}

impl std::error::Error for BindError {}
