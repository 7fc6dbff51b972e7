//! How an upgrade ended, told to who asked for it. It goes over a line of its own, which the successor finds at its standard
//! input: its words may name a setting or a file, and nothing but numbers and fixed words goes over the handoff's.

use std::io::{self, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::handoff::Refusal;

use super::Line;

/// Longer than any list of what is wrong with a configuration.
const LONGEST: u64 = 256 << 10;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum Report {
    Serving {
        generation: Generation,
        follows: Option<Generation>,
    },
    /// With the code that the successor exits with.
    Failed {
        code: u8,
        why: String,
    },
    NotStarted {
        why: String,
    },
    /// As it is said to a successor.
    Refused {
        reason: Refusal,
    },
}

/// Who asked for an upgrade, and waits to hear of it. By default, nobody.
#[derive(Debug, Default)]
pub struct Asker(Option<UnixStream>);

impl Asker {
    pub fn on(line: Line) -> io::Result<Self> {
        let stream = line.into_stream().into_std()?;
        stream.set_nonblocking(false)?;
        Ok(Self(Some(stream)))
    }

    pub fn at_stdin() -> Self {
        Self(io::stdin().as_fd().try_clone_to_owned().ok().map(UnixStream::from))
    }

    /// For the standard input of who will tell.
    pub fn passed_on(&self) -> Option<OwnedFd> {
        self.0.as_ref().and_then(|stream| stream.as_fd().try_clone_to_owned().ok())
    }

    /// Once. Who asked may have left.
    pub fn tell(&self, report: &Report) {
        let Some(mut stream) = self.0.as_ref() else { return };
        if let Ok(text) = serde_json::to_vec(report) {
            let _ = stream.write_all(&text);
        }
        let _ = stream.shutdown(Shutdown::Both);
    }
}

/// What the line brings until it ends. `None`: whoever had it died without a word, or does not know how to be asked.
pub async fn awaited(line: Line) -> Option<Report> {
    let mut text = Vec::new();
    // Its end may be a reset; what came before counts.
    let _ = line.into_stream().take(LONGEST).read_to_end(&mut text).await;
    serde_json::from_slice(&text).ok()
}
