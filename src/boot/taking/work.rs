//! What takes a successor its time: it is dropped when its step is over.

use std::future::pending;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::ports::store::HandoffStore;

use super::super::furnished::{Furnished, Own};
use super::super::life::{Lifetime, Taken};
use super::super::shelter::in_spite;
use super::super::{NotBegun, socket};
use crate::config::Settings;

/// How long a process may take to be gone once it has hung up: it may have been told to stop, and drain.
const DYING: Duration = Duration::from_secs(12);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Everything that can go wrong goes wrong here, while the other process serves.
pub async fn warm(settings: &Settings) -> Result<(Arc<Furnished>, Generation), NotBegun> {
    let furnished = furnished_with(settings, None).await?;
    let generation = furnished.store.stand_by(&settings.node.name, furnished.clock.now()).await?;
    Ok((furnished, generation))
}

async fn furnished_with(
    settings: &Settings,
    already: Option<Arc<Furnished>>,
) -> Result<Arc<Furnished>, NotBegun> {
    match already {
        Some(furnished) => Ok(furnished),
        None => Furnished::beside(settings).await.map(Arc::new),
    }
}

/// Begins the node anew once its former process is dead. Told to stop meanwhile, whoever waits for it drops it.
pub async fn alone(
    settings: &Settings,
    socket: Option<TcpListener>,
    passed: Option<TcpListener>,
    furnished: Option<Arc<Furnished>>,
) -> Result<(Arc<Furnished>, Own), NotBegun> {
    let life = lock_of_the_dead(settings).await?;
    let socket = socket.map_or_else(|| socket::own(settings, passed), Ok)?;
    let begin = async || {
        let furnished = furnished_with(settings, furnished.clone()).await?;
        let now = furnished.clock.now();
        let generation = furnished.store.begin_generation(&settings.node.name, now).await?;
        Ok((furnished, generation))
    };
    let (furnished, generation) = in_spite(settings, &socket, pending(), begin).await?;
    Ok((furnished, Own { generation, socket, life }))
}

/// A process that dies closes its end of the line and lets go of its lock, but not at one moment.
async fn lock_of_the_dead(settings: &Settings) -> Result<Lifetime, Taken> {
    let give_up = Instant::now() + DYING;
    loop {
        match Lifetime::begin(settings) {
            Err(Taken::Alive { .. }) if Instant::now() < give_up => sleep(LOOK_AGAIN).await,
            outcome => return outcome,
        }
    }
}

/// The socket that the settings ask for, and the node's lock; nothing else.
pub fn looked_at(received: Vec<OwnedFd>, settings: &Settings) -> Option<(TcpListener, Lifetime)> {
    let [socket, lock] = <[OwnedFd; 2]>::try_from(received).ok()?;
    let listens = rustix::net::sockopt::socket_acceptconn(&socket).ok()?;
    let socket = TcpListener::from(socket);
    let is_wanted = socket::is_at(socket.local_addr().ok()?, settings.http.listen);
    let lock = Lifetime::inherited(lock, settings)?;
    (listens && is_wanted).then_some((socket, lock))
}
