//! A tap on the wire to the EMR: it passes everything on and remembers what was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Tap {
    pub(crate) addr: SocketAddr,
    asked: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    pub(crate) async fn before(emr: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let asked = Arc::<Mutex<Vec<u8>>>::default();
        let heard = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(&emr).await else { continue };
                tokio::spawn(pass_on(client, server, Arc::clone(&heard)));
            }
        });
        Self { addr, asked }
    }

    /// The heads of all requests: their URLs and headers.
    pub(crate) fn heads(&self) -> String {
        let asked = self.text();
        let requests = asked.split("POST ").skip(1);
        let heads: Vec<&str> = requests.filter_map(|request| request.split("\r\n\r\n").next()).collect();
        heads.join("\n")
    }

    /// The keys that were shown.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let asked = self.text();
        let shown = asked.split("#PasswordText\">").skip(1);
        let mut tokens: Vec<String> =
            shown.filter_map(|rest| rest.split_once("</").map(|(token, _)| token.to_owned())).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.asked.lock().expect("pushed bytes")).into_owned()
    }
}

/// Until either side has had enough; the other one learns of it.
async fn pass_on(client: TcpStream, server: TcpStream, asked: Arc<Mutex<Vec<u8>>>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let ask = async {
        let mut piece = [0; 4096];
        while let Ok(size @ 1..) = from_client.read(&mut piece).await {
            asked.lock().expect("pushed bytes").extend_from_slice(&piece[..size]);
            if to_server.write_all(&piece[..size]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = ask => {}
        _ = copy(&mut from_server, &mut to_client) => {}
    }
}
