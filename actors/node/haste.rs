//! Beats between the regular ones, while somebody waits to be counted, or for places that are not free yet: until then it
//! asks nothing of that EMR. Where processes give each other notice little is gained by them; on SQLite nobody does.

use std::sync::Arc;

use ractor::ActorRef;
use tokio::time::sleep;

use super::NodeMsg;
use crate::house::House;

/// Ends when nobody is left to beat.
pub async fn hurry(house: Arc<House>, node: ActorRef<NodeMsg>) {
    tokio::join!(until_all_have_their_parts(&house, &node), while_the_node_is_passed_on(&house, &node));
}

async fn until_all_have_their_parts(house: &House, node: &ActorRef<NodeMsg>) {
    let mut membership = house.membership.subscribe();
    while !membership.borrow_and_update().is_counted {
        if !beats(house, node).await {
            return;
        }
    }
    loop {
        // There is more of a process in flight than its part only where that has just become smaller.
        while !membership.borrow_and_update().crowded.is_empty() || !house.crowds().is_empty() {
            if !beats(house, node).await {
                return;
            }
        }
        if membership.changed().await.is_err() {
            return;
        }
    }
}

async fn while_the_node_is_passed_on(house: &House, node: &ActorRef<NodeMsg>) {
    let processes = || house.membership.borrow().processes;
    loop {
        house.rest.turns(true).await;
        // Whoever claims the node is one more, and counted by the very beat that shows it.
        let before = processes();
        while house.rest.is_called() && processes() == before {
            if !beats(house, node).await {
                return;
            }
        }
        house.rest.turns(false).await;
    }
}

/// `false`: nobody is left to beat.
async fn beats(house: &House, node: &ActorRef<NodeMsg>) -> bool {
    let is_there = node.send_message(NodeMsg::Beat).is_ok();
    sleep(house.settings.pace.beat_every() / 10).await;
    is_there
}
