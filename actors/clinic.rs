//! `clinic`: the cell of one clinic. Its three children share nothing with those of another clinic.

use std::sync::Arc;

use ractor::{Actor, ActorCell, SpawnErr};

use crate::calls;
use crate::desk::{DeskActor, DeskArgs};
use crate::directory::Cell;
use crate::domain::clinic::Clinic;
use crate::emr_link::{EmrLinkActor, EmrLinkArgs};
use crate::house::House;
use crate::mailbox::Mailbox;
use crate::supervisor::{Child, ChildId, Supervisor, SupervisorArgs};
use crate::tree::Role;

pub async fn start(
    house: &Arc<House>,
    clinic: &Arc<Clinic>,
    parent: ActorCell,
) -> Result<ActorCell, SpawnErr> {
    let cell = house.directory.cell(&clinic.id, || Cell::new(house.settings.sagas_per_clinic));
    let args = SupervisorArgs {
        role: Role::Clinic,
        children: vec![emr_link(house, clinic, &cell), desk(house, clinic, &cell), calls_of(house, clinic)],
        capacity: 3,
        luck: Arc::clone(&house.luck),
        meters: Arc::clone(&house.meters),
        elsewhere: Some(Arc::<House>::clone(house)),
        stopped: None,
    };
    let (actor, _) = Actor::spawn_linked(None, Supervisor, args, parent).await?;
    Ok(actor.get_cell())
}

fn emr_link(house: &Arc<House>, clinic: &Arc<Clinic>, cell: &Arc<Cell>) -> Child {
    let (house, clinic, cell) = (Arc::clone(house), Arc::clone(clinic), Arc::clone(cell));
    let leave = (Arc::clone(&house), clinic.id.clone());
    Child {
        id: ChildId::named(Role::EmrLink, leave.1.as_str()),
        start: Arc::new(move |supervisor| {
            let (house, clinic, cell) = (Arc::clone(&house), Arc::clone(&clinic), Arc::clone(&cell));
            Box::pin(async move {
                let id = clinic.id.clone();
                let args =
                    EmrLinkArgs { house: Arc::clone(&house), clinic, bulkhead: Arc::clone(&cell.bulkhead) };
                let (actor, _) = Actor::spawn_linked(None, EmrLinkActor, args, supervisor).await?;
                let refused = house.meters.refused(Role::EmrLink);
                let mailbox = Mailbox::new(actor.clone(), house.settings.mailbox, refused);
                house.directory.enter_link(id, mailbox);
                Ok(actor.get_cell())
            })
        }),
        on_exit: Some(Arc::new(move |actor| leave.0.directory.leave_link(&leave.1, actor))),
    }
}

fn desk(house: &Arc<House>, clinic: &Arc<Clinic>, cell: &Arc<Cell>) -> Child {
    let (house, clinic, cell) = (Arc::clone(house), Arc::clone(clinic), Arc::clone(cell));
    let leave = (Arc::clone(&house), clinic.id.clone());
    Child {
        id: ChildId::named(Role::Desk, leave.1.as_str()),
        start: Arc::new(move |supervisor| {
            let (house, clinic, cell) = (Arc::clone(&house), Arc::clone(&clinic), Arc::clone(&cell));
            Box::pin(async move {
                let id = clinic.id.clone();
                let args = DeskArgs { house: Arc::clone(&house), clinic, sagas: Arc::clone(&cell.sagas) };
                let (actor, _) = Actor::spawn_linked(None, DeskActor, args, supervisor).await?;
                let mailbox =
                    Mailbox::new(actor.clone(), house.settings.mailbox, house.meters.refused(Role::Desk));
                house.directory.enter_desk(id, mailbox);
                Ok(actor.get_cell())
            })
        }),
        on_exit: Some(Arc::new(move |actor| leave.0.directory.leave_desk(&leave.1, actor))),
    }
}

fn calls_of(house: &Arc<House>, clinic: &Arc<Clinic>) -> Child {
    let (house, clinic) = (Arc::clone(house), Arc::clone(clinic));
    let leave = (Arc::clone(&house), clinic.id.clone());
    Child {
        id: ChildId::named(Role::Calls, leave.1.as_str()),
        start: Arc::new(move |supervisor| {
            let (house, clinic) = (Arc::clone(&house), Arc::clone(&clinic));
            Box::pin(async move { calls::start(&house, &clinic, supervisor).await })
        }),
        on_exit: Some(Arc::new(move |actor| leave.0.directory.leave_calls(&leave.1, actor))),
    }
}
