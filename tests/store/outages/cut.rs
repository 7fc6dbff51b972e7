//! A wire to PostgreSQL that breaks at the worst moment: just before a COMMIT arrives, or just before its answer does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vitarad::store::Engine;

const COMMIT: &[u8] = b"COMMIT\0";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Commit = 1,
    Answer = 2,
}

/// Breaks once for each time it is armed.
pub(crate) struct Wire {
    /// The database at the far end.
    pub(crate) engine: Engine,
    armed: Arc<AtomicU8>,
}

impl Wire {
    pub(crate) async fn before(engine: &Engine) -> Self {
        let Engine::Postgres { url } = engine else { panic!("not PostgreSQL") };
        let url = url.expose_secret();
        let (above, rest) = url.split_once('@').expect("a user");
        let (server, database) = rest.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let armed = Arc::new(AtomicU8::new(0));
        let (server, trap) = (server.to_owned(), Arc::clone(&armed));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&trap)));
            }
        });
        let engine = Engine::Postgres { url: format!("{above}@{here}/{database}?sslmode=disable").into() };
        Self { engine, armed }
    }

    pub(crate) fn arm(&self, cut: Cut) {
        self.armed.store(cut as u8, Ordering::SeqCst);
    }

    pub(crate) fn is_armed(&self) -> bool {
        self.armed.load(Ordering::SeqCst) != 0
    }
}

/// Until either side ends, or the wire breaks.
async fn carry(mut client: TcpStream, mut server: TcpStream, trap: Arc<AtomicU8>) {
    let (mut asked, mut told) = ([0; 16_384], [0; 16_384]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let commits = asked[..length].windows(COMMIT.len()).any(|window| window == COMMIT);
                let cut = if commits { trap.swap(0, Ordering::SeqCst) } else { 0 };
                if cut == Cut::Commit as u8 || server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
                if cut == Cut::Answer as u8 {
                    let _ = server.read(&mut told).await;
                    return;
                }
            }
            read = server.read(&mut told) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&told[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
