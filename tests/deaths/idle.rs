//! A call nobody is talking to: its actor comes back after a failure, and does not after an end.

use std::time::Duration;

use tokio::time::sleep;
use vitarad_actors::domain::ids::Fence;
use vitarad_actors::tree::Role;

use super::scene::{SILENT, Scene, until};
use super::tree::{Way, strike};

fn fence(scene: &Scene) -> Fence {
    scene.world.store.peek().calls[&SILENT.key()].fence
}

#[tokio::test(start_paused = true)]
async fn a_silent_call_that_fails_is_adopted_again_without_being_asked() {
    for way in [Way::Panic, Way::Error, Way::Kill] {
        let scene = Scene::begin().await;
        let (former, victim) = (fence(&scene), scene.mailbox(SILENT).unwrap().actor().get_cell());
        strike(&victim, Role::Call, way);
        let is_new =
            || scene.mailbox(SILENT).is_some_and(|mailbox| mailbox.actor().get_id() != victim.get_id());
        until("the next life is listed", is_new).await;
        until("it owns its row", || fence(&scene) == Fence(former.0 + 1)).await;
        assert_eq!(scene.code(SILENT.inquires("again")).await, "VERIFIED", "{way:?}");
        assert_eq!(fence(&scene), Fence(former.0 + 1), "{way:?}: adopted once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_call_that_ends_is_left_in_the_store_until_it_is_asked() {
    for way in [Way::Stop, Way::ParentStop] {
        let scene = Scene::begin().await;
        let (former, victim) = (fence(&scene), scene.mailbox(SILENT).unwrap().actor().get_cell());
        strike(&victim, Role::Call, way);
        sleep(Duration::from_mins(2)).await;
        assert!(scene.mailbox(SILENT).is_none(), "{way:?}");
        assert_eq!(fence(&scene), former, "{way:?}: nobody has adopted it");
        assert_eq!(scene.code(SILENT.inquires("again")).await, "VERIFIED", "{way:?}");
        assert_eq!(fence(&scene), Fence(former.0 + 1), "{way:?}");
    }
}
