//! HTTP by hand: from a chosen source address, with heads that no client would send, heard as far as the status.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpSocket;
use tokio::time::{Duration, timeout};

/// Longer than any balancer waits for a node.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whom nobody has heard of.
pub(crate) const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 5));
pub(crate) const ANOTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 6));
pub(crate) const OPERATOR: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The status of the answer, or what was heard instead.
pub(crate) async fn status(from: IpAddr, to: SocketAddr, request: &str) -> u16 {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(from, 0)).expect("an address of this machine");
    let mut stream = socket.connect(to).await.expect("somebody listens");
    // Who is refused early need not have been heard out.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut line = String::new();
    let read = timeout(PATIENCE, BufReader::new(stream).read_line(&mut line)).await;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.unwrap_or_else(|| panic!("no answer but {line:?}, {read:?} to {request}"))
}

pub(crate) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: voice.example.test\r\nconnection: close\r\n\r\n")
}

/// The head of a webhook, up to and without its empty line.
pub(crate) fn head(path: &str, more: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: voice.example.test\r\nconnection: close\r\n{more}")
}
