//! The incumbent's side of a handoff: listens for successors, and talks to one at a time.

mod talk;

use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use vitarad_actors::handoff::{Refusal, ToSuccessor};
use vitarad_actors::house::House;

use self::talk::Talk;
use super::life::Lifetime;
use super::succession::Succession;
use crate::front::listener::Gate;
use crate::handoff::{Asker, HandoffMeters, Line, Place, Report};
use crate::store::SqlStore;

/// Without descriptors to spare every accepting fails at once.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(20);

pub struct Giver {
    pub node: String,
    pub house: Arc<House>,
    pub store: Arc<SqlStore>,
    pub gate: Gate,
    pub socket: io::Result<TcpListener>,
    pub life: Lifetime,
    pub place: Place,
    pub meters: HandoffMeters,
    /// Cancelled when this process is told to stop.
    pub stopping: CancellationToken,
    pub succession: Succession,
}

/// How this process and its node part.
pub enum Parted {
    /// It was told to stop, and nobody is about to have the node.
    Alone,
    /// The node is a successor's: its line is kept until our end, which is how it learns of it.
    Given(Line),
    /// The node is no longer ours, and perhaps nobody's.
    Left,
}

/// `None`: the node is still ours.
type Talking<'a> = Pin<Box<dyn Future<Output = Option<Parted>> + Send + 'a>>;

impl Giver {
    /// Resolves when this process is to end.
    pub async fn give(self) -> Parted {
        let listener = match self.place.listen() {
            Ok(listener) => listener,
            Err(failure) => {
                tracing::warn!(%failure, "no successor can take over from this process");
                self.stopping.cancelled().await;
                return Parted::Alone;
            }
        };
        let mut talk: Option<Talking> = None;
        loop {
            let is_stopping = self.stopping.is_cancelled();
            if is_stopping && talk.is_none() {
                return Parted::Alone;
            }
            let refusal = match talk {
                _ if is_stopping => Some(Refusal::Draining),
                Some(_) => Some(Refusal::AnotherSuccessor),
                None => None,
            };
            let talking = async {
                match &mut talk {
                    Some(talk) => talk.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                parted = talking => {
                    talk = None;
                    if let Some(parted) = parted {
                        return parted;
                    }
                }
                () = self.stopping.cancelled(), if !is_stopping => {}
                met = meet(&listener, refusal) => {
                    if let Some(line) = met {
                        talk = Some(Box::pin(Talk::on(&self, line).run()));
                    }
                }
            }
        }
    }

    /// From then on it is the successor's to tell how it ends.
    fn upgrade(&self, line: Line) {
        let Ok(asker) = Asker::on(line) else { return };
        if let Err(failure) = self.succession.start(asker.passed_on()) {
            asker.tell(&Report::NotStarted { why: failure.to_string() });
        }
    }
}

/// A successor to talk to. The others are told why not.
async fn meet(listener: &UnixListener, refusal: Option<Refusal>) -> Option<Line> {
    let Ok((stream, _)) = listener.accept().await else {
        sleep(PAUSE_AFTER_ERROR).await;
        return None;
    };
    let line = Line::new(stream);
    let refusal = if line.is_from_our_user() { refusal } else { Some(Refusal::OtherUser) };
    let Some(reason) = refusal else { return Some(line) };
    tracing::warn!(handoff.refusal = %reason, "a successor is refused");
    let _ = line.say(&ToSuccessor::Refused { reason }).await;
    None
}

/// While a process ends without a successor.
pub async fn turn_away(place: Place) {
    let Ok(listener) = place.listen() else { return };
    loop {
        meet(&listener, Some(Refusal::Draining)).await;
    }
}
