//! `calls`: supervises a clinic's live calls and adopts them. Child of the clinic's cell.

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorCell, ActorRef, SpawnErr};
use tokio::time::{Instant, sleep};

use crate::call::CallMsg;
use crate::call::adoption;
use crate::domain::clinic::Clinic;
use crate::domain::ids::CallKey;
use crate::house::House;
use crate::mailbox::Mailbox;
use crate::supervisor::{NotStarted, Supervisor, SupervisorArgs, SupervisorMsg};
use crate::tree::Role;

pub async fn start(
    house: &Arc<House>,
    clinic: &Arc<Clinic>,
    parent: ActorCell,
) -> Result<ActorCell, SpawnErr> {
    let args = SupervisorArgs {
        role: Role::Calls,
        children: Vec::new(),
        capacity: house.settings.live_calls_per_clinic,
        luck: Arc::clone(&house.luck),
        meters: Arc::clone(&house.meters),
        stopped: None,
    };
    let (actor, _) = Actor::spawn_linked(None, Supervisor, args, parent).await?;
    house.directory.enter_calls(clinic.id.clone(), actor.clone());
    Ok(actor.get_cell())
}

/// Why a call has no actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAdopted {
    /// The clinic has as many live calls as it may.
    Full,
    Away,
}

/// A cell that is just starting, or starting again, is worth a moment's patience; a quarantined one is not worth more.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(10);

async fn supervisor_of(house: &House, key: &CallKey, deadline: Instant) -> Option<ActorRef<SupervisorMsg>> {
    let until = deadline.min(Instant::now() + PATIENCE);
    loop {
        match house.directory.calls(&key.clinic) {
            None if Instant::now() + LOOK_EVERY < until => sleep(LOOK_EVERY).await,
            found => return found,
        }
    }
}

/// The call's mailbox; the call is adopted if it has no actor here.
pub async fn reach(
    house: &Arc<House>,
    key: &CallKey,
    deadline: Instant,
) -> Result<Mailbox<CallMsg>, NotAdopted> {
    if let Some(mailbox) = house.directory.call(key) {
        return Ok(mailbox);
    }
    let clinic = house.clinic(&key.clinic).ok_or(NotAdopted::Away)?;
    let calls = supervisor_of(house, key, deadline).await.ok_or(NotAdopted::Away)?;
    let (reply, answer) = tokio::sync::oneshot::channel();
    calls
        .send_message(SupervisorMsg::Start(adoption(house, &clinic, key), reply))
        .map_err(|_| NotAdopted::Away)?;
    match tokio::time::timeout_at(deadline, answer).await {
        Ok(Ok(Ok(()))) => house.directory.call(key).ok_or(NotAdopted::Away),
        Ok(Ok(Err(NotStarted::Full))) => Err(NotAdopted::Full),
        _ => Err(NotAdopted::Away),
    }
}
