//! Small proxies that ask for a user `me` with the password `pass word`, and count the tunnels they open.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Proxy {
    pub address: String,
    pub tunnels: Arc<AtomicUsize>,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Http,
    Socks5,
}

pub(crate) async fn start(kind: Kind) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let tunnels = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&tunnels);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let counter = Arc::clone(&counter);
            tokio::spawn(async move {
                match kind {
                    Kind::Http => http(stream, &counter).await,
                    Kind::Socks5 => socks5(stream, &counter).await,
                }
            });
        }
    });
    Proxy { address, tunnels }
}

async fn http(stream: TcpStream, tunnels: &AtomicUsize) -> io::Result<()> {
    let mut client = BufReader::new(stream);
    let (mut target, mut allowed) = (String::new(), false);
    loop {
        let mut line = String::new();
        client.read_line(&mut line).await?;
        match line.trim_end() {
            "" => break,
            line if line.starts_with("CONNECT ") => target = line.split(' ').nth(1).unwrap().to_owned(),
            // `me:pass word` in Base64.
            line => allowed |= line.eq_ignore_ascii_case("proxy-authorization: Basic bWU6cGFzcyB3b3Jk"),
        }
    }
    if !allowed {
        return client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await;
    }
    let mut origin = TcpStream::connect(target).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    tunnels.fetch_add(1, Ordering::SeqCst);
    copy_bidirectional(&mut client, &mut origin).await.map(drop)
}

/// RFC 1928 with the user name and password of RFC 1929.
async fn socks5(mut client: TcpStream, tunnels: &AtomicUsize) -> io::Result<()> {
    let mut head = [0; 2];
    client.read_exact(&mut head).await?;
    let mut methods = vec![0; head[1].into()];
    client.read_exact(&mut methods).await?;
    if !methods.contains(&2) {
        return client.write_all(&[5, 0xff]).await;
    }
    client.write_all(&[5, 2]).await?;
    assert_eq!(client.read_u8().await?, 1);
    let user = text(&mut client).await?;
    let password = text(&mut client).await?;
    if (user.as_str(), password.as_str()) != ("me", "pass word") {
        return client.write_all(&[1, 1]).await;
    }
    client.write_all(&[1, 0]).await?;
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = match request[3] {
        1 => {
            let mut address = [0; 4];
            client.read_exact(&mut address).await?;
            std::net::Ipv4Addr::from(address).to_string()
        }
        _ => text(&mut client).await?,
    };
    let port = client.read_u16().await?;
    let mut origin = TcpStream::connect((host, port)).await?;
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    tunnels.fetch_add(1, Ordering::SeqCst);
    copy_bidirectional(&mut client, &mut origin).await.map(drop)
}

async fn text(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut bytes).await?;
    Ok(String::from_utf8(bytes).unwrap())
}
