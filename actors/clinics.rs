//! `clinics`: supervises one cell per clinic; all of them start, and stop, without regard to each other.

use std::sync::Arc;

use ractor::{Actor, ActorCell, SpawnErr};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::clinic;
use crate::desk::DeskMsg;
use crate::domain::clinic::Clinic;
use crate::domain::ids::ClinicId;
use crate::house::House;
use crate::mailbox::Post;
use crate::ports::store::LATEST_COMMIT;
use crate::supervisor::{Child, ChildId, Supervisor, SupervisorArgs, SupervisorMsg};
use crate::tree::Role;

pub async fn start(house: &Arc<House>, parent: ActorCell) -> Result<ActorCell, SpawnErr> {
    let children: Vec<Child> = house.roster.load().clinics().map(|clinic| cell(house, clinic)).collect();
    let args = SupervisorArgs {
        role: Role::Clinics,
        children,
        capacity: usize::MAX,
        luck: Arc::clone(&house.luck),
        meters: Arc::clone(&house.meters),
        elsewhere: Some(Arc::<House>::clone(house)),
        stopped: None,
    };
    let (actor, _) = Actor::spawn_linked(None, Supervisor, args, parent).await?;
    house.directory.enter_clinics(actor.clone());
    Ok(actor.get_cell())
}

/// Starts the cells of these clinics anew, after their declaration has changed. Calls that are on are adopted by the new
/// cell with their next message; what was being written is in the journal.
pub async fn renew(house: &Arc<House>, changed: &[ClinicId]) {
    let Some(clinics) = house.directory.clinics() else { return };
    for id in changed {
        let (reply, stopped) = oneshot::channel();
        let child = ChildId::named(Role::Clinic, id.as_str());
        if clinics.send_message(SupervisorMsg::Stop(child, reply)).is_ok() {
            let _ = stopped.await;
        }
        if let Some(clinic) = house.clinic(id) {
            let (reply, started) = oneshot::channel();
            if clinics.send_message(SupervisorMsg::Start(cell(house, &clinic), reply)).is_ok() {
                let _ = started.await;
            }
        }
    }
}

/// A process that shared this one's store is gone: every desk looks for what it left, now and once more when what was
/// still being committed is there, or never.
pub fn adopt_now_and_later(house: &Arc<House>) {
    adopt_again(house);
    let house = Arc::downgrade(house);
    tokio::spawn(async move {
        sleep(LATEST_COMMIT).await;
        if let Some(house) = house.upgrade() {
            adopt_again(&house);
        }
    });
}

fn adopt_again(house: &House) {
    for clinic in house.roster.load().clinics() {
        // A desk that is not there adopts when it starts.
        if let Some(desk) = house.directory.desk(&clinic.id) {
            let _ = desk.actor().send_message(Post::own(DeskMsg::AdoptAgain));
        }
    }
}

fn cell(house: &Arc<House>, clinic: &Arc<Clinic>) -> Child {
    let (house, clinic) = (Arc::clone(house), Arc::clone(clinic));
    Child {
        id: ChildId::named(Role::Clinic, clinic.id.as_str()),
        start: Arc::new(move |supervisor| {
            let (house, clinic) = (Arc::clone(&house), Arc::clone(&clinic));
            Box::pin(async move { clinic::start(&house, &clinic, supervisor).await })
        }),
        on_exit: None,
    }
}
