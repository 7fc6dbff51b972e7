//! A wire to PostgreSQL that breaks at the worst moment: just before a COMMIT arrives, or just before its answer does. And
//! then leads nowhere until it is mended, if it shall.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use vitarad::store::Engine;

const COMMIT: &[u8] = b"COMMIT\0";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Commit = 1,
    Answer = 2,
    /// The COMMIT does not arrive, and neither end notices.
    Swallow = 3,
    /// The COMMIT arrives, and nobody stays to hear the answer.
    Leave = 4,
}

/// Breaks once for each time it is armed.
pub(crate) struct Wire {
    /// The database at the far end.
    pub(crate) engine: Engine,
    trap: Arc<Trap>,
}

#[derive(Default)]
struct Trap {
    armed: AtomicU8,
    /// It breaks, but what the server has to say first is not there yet.
    breaking: AtomicBool,
    for_long: AtomicBool,
    is_down: AtomicBool,
}

impl Wire {
    pub(crate) async fn before(engine: &Engine) -> Self {
        let Engine::Postgres { url } = engine else { panic!("not PostgreSQL") };
        let url = url.expose_secret();
        let (above, rest) = url.split_once('@').expect("a user");
        let (server, database) = rest.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (server, trap) = (server.to_owned(), Arc::<Trap>::default());
        let set = Arc::clone(&trap);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !set.is_down.load(Ordering::SeqCst) {
                    let server = TcpStream::connect(&server).await.unwrap();
                    tokio::spawn(carry(client, server, Arc::clone(&set)));
                }
            }
        });
        let engine = Engine::Postgres { url: format!("{above}@{here}/{database}?sslmode=disable").into() };
        Self { engine, trap }
    }

    pub(crate) fn arm(&self, cut: Cut) {
        self.trap.armed.store(cut as u8, Ordering::SeqCst);
    }

    /// Once it is cut, nothing goes through until it is mended.
    pub(crate) fn arm_for_long(&self, cut: Cut) {
        self.trap.for_long.store(true, Ordering::SeqCst);
        self.arm(cut);
    }

    pub(crate) fn mend(&self) {
        self.trap.is_down.store(false, Ordering::SeqCst);
    }

    pub(crate) fn is_armed(&self) -> bool {
        self.trap.armed.load(Ordering::SeqCst) != 0 || self.trap.breaking.load(Ordering::SeqCst)
    }
}

impl Trap {
    fn sprung(&self) -> u8 {
        let waits_for_more = self.armed.load(Ordering::SeqCst) == Cut::Answer as u8;
        self.breaking.store(waits_for_more, Ordering::SeqCst);
        let cut = self.armed.swap(0, Ordering::SeqCst);
        if cut != 0 && self.for_long.swap(false, Ordering::SeqCst) {
            self.is_down.store(true, Ordering::SeqCst);
        }
        cut
    }
}

/// Until either side ends, or the wire breaks.
async fn carry(mut client: TcpStream, mut server: TcpStream, trap: Arc<Trap>) {
    let (mut asked, mut told) = ([0; 16_384], [0; 16_384]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let commits = asked[..length].windows(COMMIT.len()).any(|window| window == COMMIT);
                let cut = if commits { trap.sprung() } else { 0 };
                if cut == Cut::Swallow as u8 {
                    continue;
                }
                if cut == Cut::Commit as u8 || server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
                if cut == Cut::Leave as u8 {
                    return;
                }
                if cut == Cut::Answer as u8 {
                    let _ = server.read(&mut told).await;
                    trap.breaking.store(false, Ordering::SeqCst);
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
