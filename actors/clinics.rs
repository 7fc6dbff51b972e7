//! `clinics`: supervises one cell per clinic; all of them start, and stop, without regard to each other.

use std::sync::Arc;

use ractor::{Actor, ActorCell, SpawnErr};

use crate::clinic;
use crate::domain::clinic::Clinic;
use crate::house::House;
use crate::supervisor::{Child, ChildId, Supervisor, SupervisorArgs};
use crate::tree::Role;

pub async fn start(house: &Arc<House>, parent: ActorCell) -> Result<ActorCell, SpawnErr> {
    let children: Vec<Child> = house.roster.load().clinics().map(|clinic| cell(house, clinic)).collect();
    let args = SupervisorArgs {
        role: Role::Clinics,
        children,
        capacity: usize::MAX,
        luck: Arc::clone(&house.luck),
        meters: Arc::clone(&house.meters),
        stopped: None,
    };
    let (actor, _) = Actor::spawn_linked(None, Supervisor, args, parent).await?;
    Ok(actor.get_cell())
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
