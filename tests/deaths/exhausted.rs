//! Who dies more often than its budget allows: the house goes down with it, or it rests alone and nobody else does.

use std::collections::BTreeSet;
use std::time::Duration;

use ractor::{ActorCell, ActorId};
use tokio::time::sleep;
use vitarad_actors::root::Ended;
use vitarad_actors::tree::{Exhausted, Policy, Role, TREE};

use super::scene::{BOOKER, NEIGHBOUR, READER, SILENT, Scene, until};
use super::tree::{Way, cell, directory_is_true, family, strike};

fn ids(cells: &[ActorCell]) -> BTreeSet<ActorId> {
    cells.iter().map(ActorCell::get_id).collect()
}

/// Kills it as often as its budget allows, each time as soon as it is back; then once more. Returns its supervisor.
async fn exhaust(scene: &Scene, row: &Policy) -> ActorCell {
    let mut victim = cell(scene, row.role);
    let parent = victim.try_get_supervisor().expect("a parent");
    for _ in 0..row.budget.failures {
        let before = ids(&parent.get_children());
        strike(&victim, row.role, Way::Kill);
        let newcomer = || parent.get_children().into_iter().find(|child| !before.contains(&child.get_id()));
        until("it is back", || newcomer().is_some()).await;
        victim = newcomer().expect("it is back");
    }
    strike(&victim, row.role, Way::Kill);
    parent
}

#[tokio::test(start_paused = true)]
async fn a_role_the_house_cannot_do_without_takes_it_down_when_its_budget_is_spent() {
    let escalating = TREE.iter().filter(|row| row.exhausted == Exhausted::Escalate && row.parent.is_some());
    let mut roles = Vec::new();
    for row in escalating {
        roles.push(row.role);
        let mut scene = Scene::begin().await;
        exhaust(&scene, row).await;
        assert_eq!(scene.house.root.ended().await, Ended::Failed, "{:?}", row.role);
    }
    assert_eq!(roles, [Role::Node, Role::Audit, Role::Sms, Role::Clinics, Role::Front]);
}

/// What maple's callers hear while a role rests: who asks what is known, who looks, who books.
const fn heard_meanwhile(role: Role) -> [&'static str; 3] {
    match role {
        Role::Clinic | Role::Calls => ["INTERNAL_ERROR"; 3],
        Role::EmrLink => ["VERIFIED", "EMR_UNAVAILABLE", "HELD"],
        Role::Desk => ["VERIFIED", "SLOT_FOUND", "EMR_UNAVAILABLE"],
        _ => ["VERIFIED", "SLOT_FOUND", "BOOKED"],
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_in_quarantine_rests_alone_and_comes_back() {
    for row in &TREE {
        let Exhausted::Quarantine(rest) = row.exhausted else { continue };
        let scene = Scene::begin().await;
        let parent = exhaust(&scene, row).await;
        // Past every pause between restarts: what is not back by now, rests.
        sleep(row.backoff.cap.min(rest / 2)).await;
        let siblings = ids(&parent.get_children());
        directory_is_true(&scene);
        let heard = [
            scene.code(SILENT.inquires("meanwhile")).await,
            scene.code(READER.looks()).await,
            scene.code(BOOKER.books("meanwhile")).await,
        ];
        assert_eq!(heard, heard_meanwhile(row.role), "{:?}", row.role);
        assert_eq!(scene.code(NEIGHBOUR.books("meanwhile")).await, "BOOKED", "{:?}: law I-1", row.role);
        sleep(rest).await;
        let after = ids(&parent.get_children());
        assert!(after.is_superset(&siblings), "{:?}: its siblings were not touched", row.role);
        assert_eq!(after.len(), siblings.len() + 1, "{:?}: it is back", row.role);
        assert_eq!(scene.code(SILENT.inquires("after")).await, "VERIFIED", "{:?}", row.role);
        assert_eq!(scene.code(BOOKER.books("after")).await, "BOOKED", "{:?}", row.role);
        assert_eq!(scene.emr(BOOKER).live().len(), 1, "law B-6");
        assert_eq!(scene.house.stop().await, Ended::InOrder);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_dies_too_often_is_forgotten_until_its_next_question() {
    let scene = Scene::begin().await;
    let row = vitarad_actors::tree::policy(Role::Call);
    let everybody = family(&scene.house.root.actor().get_cell()).len();
    let parent = exhaust(&scene, row).await;
    sleep(Duration::from_mins(5)).await;
    assert_eq!(parent.get_children().len(), 2, "the two other calls of maple");
    directory_is_true(&scene);
    assert_eq!(scene.code(BOOKER.books("after")).await, "BOOKED", "it knows what it knew");
    assert_eq!(family(&scene.house.root.actor().get_cell()).len(), everybody);
    scene.everybody_hangs_up().await;
}
