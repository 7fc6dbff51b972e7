//! `calls`: supervises a clinic's live calls and adopts them. Child of the clinic's cell.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ractor::{Actor, ActorCell, SpawnErr};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};

use crate::call::CallMsg;
use crate::call::adoption;
use crate::domain::clinic::Clinic;
use crate::domain::ids::CallKey;
use crate::house::House;
use crate::mailbox::Mailbox;
use crate::supervisor::{NotStarted, Supervisor, SupervisorArgs, SupervisorMsg};
use crate::tree::{Role, policy};

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
        elsewhere: None,
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

/// A cell that is starting, or stopping to start again, is waited for as long as it may take to stop; one that is not back
/// by then rests in quarantine.
const PATIENCE: Duration = policy(Role::Clinic).stop_within;
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The call's mailbox; the call is adopted if it has no actor here.
pub async fn reach(
    house: &Arc<House>,
    key: &CallKey,
    deadline: Instant,
) -> Result<Mailbox<CallMsg>, NotAdopted> {
    let clinic = house.clinic(&key.clinic).ok_or(NotAdopted::Away)?;
    let until = deadline.min(Instant::now() + PATIENCE);
    loop {
        if let Some(mailbox) = house.directory.call(key) {
            return Ok(mailbox);
        }
        match adopt(house, &clinic, key, deadline).await {
            Err(NotAdopted::Away) if Instant::now() + LOOK_EVERY < until => sleep(LOOK_EVERY).await,
            outcome => return outcome,
        }
    }
}

async fn adopt(
    house: &Arc<House>,
    clinic: &Arc<Clinic>,
    key: &CallKey,
    deadline: Instant,
) -> Result<Mailbox<CallMsg>, NotAdopted> {
    let calls = house.directory.calls(&key.clinic).ok_or(NotAdopted::Away)?;
    let (reply, answer) = oneshot::channel();
    calls
        .send_message(SupervisorMsg::Start(adoption(house, clinic, key), reply))
        .map_err(|_| NotAdopted::Away)?;
    match timeout_at(deadline, answer).await {
        Ok(Ok(Ok(()))) => house.directory.call(key).ok_or(NotAdopted::Away),
        Ok(Ok(Err(NotStarted::Full))) => {
            house.meters.refused(Role::Calls).fetch_add(1, Ordering::Relaxed);
            Err(NotAdopted::Full)
        }
        _ => Err(NotAdopted::Away),
    }
}
