//! The table: every kind of actor, every way to die, in the middle of calls at two clinics.

use std::time::Duration;

use vitarad_actors::domain::ids::{CallId, CallKey};
use vitarad_actors::ports::store::CallStore;
use vitarad_actors::root::Ended;
use vitarad_actors::supervisor::Exit;
use vitarad_actors::testing::Op;
use vitarad_actors::tree::{Role, TREE, policy};

use super::scene::{AFTERMATH, BOOKER, CLINICS, NEIGHBOUR, READER, Scene, id, until};
use super::tree::{Way, cell, directory_is_true, family, strike};

/// What a caller may hear who asked just before the death, and whether cedar's may hear it too.
struct Heard {
    looking: &'static [&'static str],
    booking: &'static [&'static str],
    everywhere: bool,
}

const NOTHING_AMISS: Heard = Heard { looking: &["SLOT_FOUND"], booking: &["BOOKED"], everywhere: false };

/// What is read is read again in the next life. A booking that has left is waited for under the same tool call, whoever has
/// died; where the connection to read it back is gone, the caller hears that it is not confirmed yet.
const fn heard(role: Role) -> Heard {
    match role {
        Role::Root
        | Role::Node
        | Role::Audit
        | Role::Sms
        | Role::Retention
        | Role::Front
        | Role::Desk
        | Role::Calls
        | Role::Call => NOTHING_AMISS,
        Role::EmrLink => Heard {
            looking: &["SLOT_FOUND", "EMR_UNAVAILABLE"],
            booking: &["BOOKED", "PENDING"],
            ..NOTHING_AMISS
        },
        Role::Clinic => Heard { booking: &["BOOKED", "PENDING"], ..NOTHING_AMISS },
        Role::Clinics => Heard { booking: &["BOOKED", "PENDING"], everywhere: true, ..NOTHING_AMISS },
    }
}

/// Everybody but the root, whose end is the end of the house; stopping the parent of its children is stopping it.
fn deaths() -> impl Iterator<Item = (Role, Way)> {
    let mortal = TREE.iter().filter(|row| row.role != Role::Root);
    mortal.flat_map(|row| {
        let ways =
            Way::ALL.into_iter().filter(|way| *way != Way::ParentStop || row.parent != Some(Role::Root));
        ways.map(|way| (row.role, way))
    })
}

#[tokio::test(start_paused = true)]
async fn every_actor_dies_every_death_as_the_table_says_and_nobody_goes_unanswered() {
    assert_eq!(deaths().count(), 49);
    for (role, way) in deaths() {
        println!("{role:?} dies by {way:?}");
        let scene = Scene::begin().await;
        let victim = in_the_middle(&scene, role, way).await;
        the_tree_is_whole_again(&scene, role, way, &victim).await;
        what_was_begun_is_finished(&scene).await;
        exits_are_counted(&scene, role, way);
        scene.everybody_hangs_up().await;
        directory_is_true(&scene);
        assert_eq!(scene.house.stop().await, Ended::InOrder);
    }
}

struct Victim {
    bereaved: std::collections::BTreeSet<ractor::ActorId>,
    died: std::collections::BTreeSet<ractor::ActorId>,
}

/// Strikes while a search and two bookings are under way, the bookings on the wire.
async fn in_the_middle(scene: &Scene, role: Role, way: Way) -> Victim {
    scene.emrs_take(Duration::from_millis(400));
    let looking = scene.asks(READER.looks());
    let booking = scene.asks(BOOKER.books("book"));
    let neighbour = scene.asks(NEIGHBOUR.books("book"));
    let on_the_wire = || CLINICS.iter().all(|clinic| scene.world.emr(clinic).requests(Op::Add) == 1);
    until("both bookings are on the wire", on_the_wire).await;
    let victim = cell(scene, role);
    let with_parent = way == Way::ParentStop;
    let died =
        if with_parent { family(&victim.try_get_supervisor().expect("a parent")) } else { family(&victim) };
    let everybody = family(&scene.house.root.actor().get_cell());
    strike(&victim, role, way);
    let heard = heard(if with_parent { policy(role).parent.unwrap_or(Role::Root) } else { role });
    let [looking, booking, neighbour] =
        [looking.await, booking.await, neighbour.await].map(|answer| super::scene::code_of(&answer.unwrap()));
    assert!(heard.looking.contains(&looking.as_str()), "{role:?} {way:?}: looking heard {looking}");
    assert!(heard.booking.contains(&booking.as_str()), "{role:?} {way:?}: booking heard {booking}");
    let neighbours = if heard.everywhere { heard.booking } else { NOTHING_AMISS.booking };
    assert!(neighbours.contains(&neighbour.as_str()), "{role:?} {way:?}: cedar heard {neighbour}");
    Victim { bereaved: everybody.difference(&died).copied().collect(), died }
}

async fn the_tree_is_whole_again(scene: &Scene, role: Role, way: Way, victim: &Victim) {
    tokio::time::sleep(AFTERMATH).await;
    let root = scene.house.root.actor().get_cell();
    let now = family(&root);
    assert!(now.is_superset(&victim.bereaved), "{role:?} {way:?}: somebody else died");
    assert!(now.is_disjoint(&victim.died), "{role:?} {way:?}: somebody outlived its death");
    directory_is_true(scene);
    // A call that was not asked for does not come back by itself when those above it went: its next question adopts it.
    for caller in super::scene::CALLERS {
        assert_eq!(
            scene.code(caller.inquires("again")).await,
            "VERIFIED",
            "{role:?} {way:?}: {}",
            caller.call
        );
    }
    let everybody = victim.bereaved.len() + victim.died.len();
    assert_eq!(family(&root).len(), everybody, "{role:?} {way:?}: the tree has its shape again");
}

async fn what_was_begun_is_finished(scene: &Scene) {
    for caller in [BOOKER, NEIGHBOUR] {
        assert_eq!(scene.code(caller.books("book")).await, "BOOKED", "{}", caller.call);
        assert_eq!(scene.emr(caller).requests(Op::Add), 1, "law B-6");
        assert_eq!(scene.emr(caller).live().len(), 1);
        assert_eq!(scene.journal(caller.clinic).await, (0, 0));
    }
    let forgotten = CallKey { clinic: id("maple"), call: CallId::parse("of-last-year").unwrap() };
    let (store, generation) = (&scene.world.store, scene.house.house.generation);
    let last_year = scene.world.clock.now().minus(Duration::from_hours(24 * 365));
    let fence = store.adopt_call(&forgotten, generation, last_year).await.unwrap().fence;
    store.end_call(&forgotten, fence, last_year).await.unwrap();
    tokio::time::sleep(AFTERMATH).await;
    let tables = store.peek();
    assert_eq!(tables.sealed, tables.audit.len(), "the audit log is sealed to its end");
    assert!(!tables.calls.contains_key(&forgotten), "what is past its time is purged");
    assert_eq!(scene.world.sms.sent().len(), 2, "each booking was texted about once");
    assert_eq!(scene.house.door.opened() - scene.house.door.drained(), 1 + fallen_doors(scene));
}

/// A front that fails or is killed has not drained.
fn fallen_doors(scene: &Scene) -> usize {
    let meters = scene.house.meters();
    let fallen = meters.exits(Role::Front, Exit::Failed) + meters.exits(Role::Front, Exit::Killed);
    usize::try_from(fallen).unwrap()
}

/// A failure is counted once, under the role that failed; an end that was asked for is not a failure.
fn exits_are_counted(scene: &Scene, role: Role, way: Way) {
    let expected = match way {
        Way::Panic | Way::Error => Some(Exit::Failed),
        Way::Kill => Some(Exit::Killed),
        Way::Stop | Way::ParentStop => None,
    };
    for row in &TREE {
        for exit in [Exit::Failed, Exit::Killed] {
            let counted = u64::from(row.role == role && Some(exit) == expected);
            assert_eq!(scene.house.meters().exits(row.role, exit), counted, "{:?} {exit:?}", row.role);
        }
    }
}
