//! The running tree as ractor links it: who is where, who dies with whom, and how to bring it about.

use std::collections::BTreeSet;

use ractor::{ActorCell, ActorId, ActorRef, ActorStatus, Message};
use vitarad_actors::call::CallMsg;
use vitarad_actors::desk::DeskMsg;
use vitarad_actors::emr_link::EmrLinkMsg;
use vitarad_actors::front::FrontMsg;
use vitarad_actors::mailbox::Post;
use vitarad_actors::node::NodeMsg;
use vitarad_actors::singleton::DutyMsg;
use vitarad_actors::supervisor::SupervisorMsg;
use vitarad_actors::testing::Death;
use vitarad_actors::tree::Role;

use super::scene::{BOOKER, CLINICS, Scene, id};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Panic,
    Error,
    Kill,
    Stop,
    ParentStop,
}

impl Way {
    pub(crate) const ALL: [Self; 5] = [Self::Panic, Self::Error, Self::Kill, Self::Stop, Self::ParentStop];
}

/// Where it is that dies: at maple, where there are several, and the call of the booker.
pub(crate) fn cell(scene: &Scene, role: Role) -> ActorCell {
    let directory = &scene.house.house.directory;
    let maple = id("maple");
    match role {
        Role::Root => scene.house.root.actor().get_cell(),
        Role::Node => child_of_root(scene, 0),
        Role::Audit => child_of_root(scene, 1),
        Role::Sms => child_of_root(scene, 2),
        Role::Retention => child_of_root(scene, 3),
        Role::Clinics => child_of_root(scene, 4),
        Role::Front => child_of_root(scene, 5),
        Role::Clinic => cell(scene, Role::Calls).try_get_supervisor().expect("the cell of maple"),
        Role::EmrLink => directory.link(&maple).expect("a connection").actor().get_cell(),
        Role::Desk => directory.desk(&maple).expect("a desk").actor().get_cell(),
        Role::Calls => directory.calls(&maple).expect("a supervisor of calls").get_cell(),
        Role::Call => scene.mailbox(BOOKER).expect("a call").actor().get_cell(),
    }
}

/// By the order in which they were started, which is that of the table.
fn child_of_root(scene: &Scene, nth: usize) -> ActorCell {
    let mut children = scene.house.root.actor().get_children();
    children.sort_by_key(ActorCell::get_id);
    children.swap_remove(nth)
}

pub(crate) fn strike(cell: &ActorCell, role: Role, way: Way) {
    match way {
        Way::Panic => die(cell, role, Death::Panic),
        Way::Error => die(cell, role, Death::Error),
        Way::Kill => cell.kill(),
        Way::Stop => cell.stop(None),
        Way::ParentStop => cell.try_get_supervisor().expect("a parent").stop(None),
    }
}

fn die(cell: &ActorCell, role: Role, death: Death) {
    fn send<M: Message>(cell: &ActorCell, message: M) {
        assert_eq!(cell.is_message_type_of::<M>(), Some(true), "another kind of actor");
        assert!(ActorRef::<M>::from(cell.clone()).send_message(message).is_ok(), "dead already");
    }
    match role {
        Role::Root | Role::Clinics | Role::Clinic | Role::Calls => send(cell, SupervisorMsg::Die(death)),
        Role::Node => send(cell, NodeMsg::Die(death)),
        Role::Audit | Role::Sms | Role::Retention => send(cell, DutyMsg::Die(death)),
        Role::EmrLink => send(cell, Post::own(EmrLinkMsg::Die(death))),
        Role::Desk => send(cell, Post::own(DeskMsg::Die(death))),
        Role::Call => send(cell, Post::own(CallMsg::Die(death))),
        Role::Front => send(cell, FrontMsg::Die(death)),
    }
}

/// An actor and everybody below it.
pub(crate) fn family(of: &ActorCell) -> BTreeSet<ActorId> {
    let mut all = BTreeSet::from([of.get_id()]);
    for child in of.get_children() {
        all.append(&mut family(&child));
    }
    all
}

/// Nobody is listed who is not alive.
pub(crate) fn directory_is_true(scene: &Scene) {
    let directory = &scene.house.house.directory;
    for clinic in CLINICS.map(id) {
        let link = directory.link(&clinic).map(|mailbox| mailbox.actor().get_cell());
        let desk = directory.desk(&clinic).map(|mailbox| mailbox.actor().get_cell());
        let calls = directory.calls(&clinic).map(|actor| actor.get_cell());
        let live = directory.calls_of(&clinic).into_iter().map(|mailbox| mailbox.actor().get_cell());
        for listed in [link, desk, calls].into_iter().flatten().chain(live) {
            assert_eq!(listed.get_status(), ActorStatus::Running, "{clinic}: {} is listed", listed.get_id());
        }
    }
}
