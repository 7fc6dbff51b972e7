//! The ways in which people's HTTP clients ask: on connections that they keep, with a new one each time, slowly, after a
//! pause, and by HTTP/2.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use crate::premises::API_KEY;
use crate::whole::whole;

/// So many connections are kept, and used in turn.
const KEPT: usize = 32;
/// As many as one connection may have. What hyper's client makes wait for a stream it forgets when it reads GOAWAY.
const STREAMS: usize = 16;
/// The voice platform waits no longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two pieces of what a slow client sends, and in the middle of its body.
const DRIBBLE: Duration = Duration::from_millis(30);
const PAUSE: Duration = Duration::from_millis(500);
/// Shorter than a drain leaves idle connections to their peers.
const IDLE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    Kept,
    OneShot,
    Slow,
    AfterAPause,
    Http2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Answered,
    /// No connection was to be had.
    Refused,
    /// The connection ended without a whole answer.
    Reset,
    TimedOut,
    /// The door's fault, as it says itself.
    Failed,
    /// With a refusal that has no place on a quiet day.
    Otherwise,
}

pub(crate) struct Clients {
    addr: SocketAddr,
    kept: Mutex<VecDeque<TcpStream>>,
    http2: reqwest::Client,
    streams: Semaphore,
}

/// What came back, and since when it was waited for.
type Exchange = io::Result<(u16, String, Instant)>;

impl Clients {
    pub(crate) fn of(addr: SocketAddr) -> Self {
        let http2 = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build();
        Self {
            addr,
            kept: Mutex::default(),
            http2: http2.expect("a client"),
            streams: Semaphore::new(STREAMS),
        }
    }

    /// How a question that is due fared, and how long its answer was waited for.
    pub(crate) async fn ask(&self, way: Way, question: &str, due: Instant) -> (Fate, Duration, String) {
        let exchange = async {
            match way {
                Way::Kept => self.on_a_kept_connection(question, due).await,
                Way::OneShot => self.on_its_own_connection(question, due).await,
                Way::Slow => self.slowly(question).await,
                Way::AfterAPause => self.after_a_pause(question).await,
                Way::Http2 => self.by_http2(question, due).await,
            }
        };
        match timeout(PATIENCE, exchange).await {
            Ok(Ok((200, body, since))) if body.contains(r#"\"code\":\"OK\""#) => {
                (Fate::Answered, since.elapsed(), body)
            }
            Ok(Ok((status, body, since))) => {
                let fate = if status >= 500 { Fate::Failed } else { Fate::Otherwise };
                (fate, since.elapsed(), format!("{status}: {body}"))
            }
            Ok(Err(failure)) if failure.kind() == io::ErrorKind::ConnectionRefused => {
                (Fate::Refused, due.elapsed(), failure.to_string())
            }
            Ok(Err(failure)) => (Fate::Reset, due.elapsed(), format!("{failure:?}")),
            Err(_) => (Fate::TimedOut, PATIENCE, String::new()),
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.addr).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn on_a_kept_connection(&self, question: &str, due: Instant) -> Exchange {
        let mut stream = match self.kept() {
            Some(stream) => stream,
            None => self.connect().await?,
        };
        stream.write_all(&request(question, "keep-alive")).await?;
        let (answer, body) = answer(&mut stream).await?;
        if !says_close(&answer[..body]) {
            self.kept.lock().expect("nobody panics with it").push_back(stream);
        }
        Ok(told(&answer, body, due))
    }

    /// The longest unused one, once there are enough.
    fn kept(&self) -> Option<TcpStream> {
        let mut kept = self.kept.lock().expect("nobody panics with it");
        if kept.len() < KEPT {
            return None;
        }
        kept.pop_front().filter(is_open)
    }

    async fn on_its_own_connection(&self, question: &str, due: Instant) -> Exchange {
        let mut stream = self.connect().await?;
        stream.write_all(&request(question, "close")).await?;
        let (answer, body) = answer(&mut stream).await?;
        Ok(told(&answer, body, due))
    }

    async fn slowly(&self, question: &str) -> Exchange {
        let mut stream = self.connect().await?;
        let request = request(question, "keep-alive");
        let (first, second) = request.split_at(request.len() - question.len() / 2);
        dribble(&mut stream, first).await?;
        sleep(PAUSE).await;
        dribble(&mut stream, second).await?;
        let since = Instant::now();
        let (answer, body) = answer(&mut stream).await?;
        Ok(told(&answer, body, since))
    }

    /// Twice on one connection, unless the peer has asked to be left.
    async fn after_a_pause(&self, question: &str) -> Exchange {
        let mut stream = self.connect().await?;
        let mut since = Instant::now();
        stream.write_all(&request(question, "keep-alive")).await?;
        let (mut last, mut body) = answer(&mut stream).await?;
        if last[body..].starts_with(b"{\"results\"") && !says_close(&last[..body]) {
            sleep(IDLE).await;
            if is_open(&stream) {
                since = Instant::now();
                stream.write_all(&request(question, "keep-alive")).await?;
                (last, body) = answer(&mut stream).await?;
            }
        }
        Ok(told(&last, body, since))
    }

    async fn by_http2(&self, question: &str, due: Instant) -> Exchange {
        let url = format!("http://{}/api/vapi", self.addr);
        let _stream = self.streams.acquire().await;
        let post = self.http2.post(url).header("x-api-key", API_KEY).body(question.to_owned());
        let failed = |failure: reqwest::Error| {
            let kind =
                if failure.is_connect() { io::ErrorKind::ConnectionRefused } else { io::ErrorKind::Other };
            io::Error::new(kind, failure)
        };
        let reply = post.send().await.map_err(failed)?;
        Ok((reply.status().as_u16(), reply.text().await.map_err(failed)?, due))
    }
}

fn request(question: &str, connection: &str) -> Vec<u8> {
    let length = question.len();
    format!(
        "POST /api/vapi HTTP/1.1\r\nhost: vitarad.example.test\r\nx-api-key: {API_KEY}\r\n\
         connection: {connection}\r\ncontent-length: {length}\r\n\r\n{question}"
    )
    .into_bytes()
}

async fn dribble(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    for piece in bytes.chunks(40) {
        stream.write_all(piece).await?;
        sleep(DRIBBLE).await;
    }
    Ok(())
}

/// A whole answer, and where its body begins.
async fn answer(stream: &mut TcpStream) -> io::Result<(Vec<u8>, usize)> {
    let mut answer = Vec::with_capacity(2048);
    loop {
        if stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some((_, body)) = whole(&answer) {
            return Ok((answer, body));
        }
    }
}

fn told(answer: &[u8], body: usize, since: Instant) -> (u16, String, Instant) {
    let status = whole(answer).map_or(0, |(status, _)| status);
    (status, String::from_utf8_lossy(&answer[body..]).into_owned(), since)
}

fn says_close(head: &[u8]) -> bool {
    String::from_utf8_lossy(head).contains("connection: close\r\n")
}

/// The peer has not closed it, as far as we know.
fn is_open(stream: &TcpStream) -> bool {
    stream.try_read(&mut [0]).is_err_and(|failure| failure.kind() == io::ErrorKind::WouldBlock)
}
