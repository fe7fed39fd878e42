//! Addresses at which something is wrong.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A loopback port that was free a moment ago, for a server that is about to start.
pub fn free() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A loopback address where every connection is refused, for as long as the value lives.
///
/// The port stays bound without listening, so that nobody else gets it meanwhile.
#[derive(Debug)]
pub struct Refused {
    address: SocketAddr,
    _socket: tokio::net::TcpSocket,
}

impl Refused {
    pub fn new() -> io::Result<Self> {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: socket.local_addr()?, _socket: socket })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A loopback address that answers a TLS greeting with something else.
#[derive(Debug)]
pub struct NotTls {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl NotTls {
    pub async fn new() -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut greeting = [0; 512];
                    if stream.read(&mut greeting).await.is_ok() {
                        // A caller that left has nothing to be told.
                        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await;
                    }
                });
            }
        });
        Ok(Self { address, task })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for NotTls {
    fn drop(&mut self) {
        self.task.abort();
    }
}
