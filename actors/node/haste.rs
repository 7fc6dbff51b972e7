//! Beats between the regular ones, while somebody waits to be counted: until then it asks nothing of any EMR. Where
//! processes give each other notice little is gained by them; on SQLite nobody does.

use std::sync::Arc;

use ractor::ActorRef;
use tokio::time::sleep;

use super::NodeMsg;
use crate::house::House;

/// Ends when nobody is left to beat.
pub async fn hurry(house: Arc<House>, node: ActorRef<NodeMsg>) {
    let often = house.settings.pace.beat_every() / 10;
    let membership = || *house.membership.borrow();
    while !membership().is_counted {
        sleep(often).await;
        if node.send_message(NodeMsg::Beat).is_err() {
            return;
        }
    }
    loop {
        house.rest.turns(true).await;
        // Whoever claims the node is one more, and counted by the very beat that shows it.
        let before = membership().processes;
        while house.rest.is_called() && membership().processes == before {
            if node.send_message(NodeMsg::Beat).is_err() {
                return;
            }
            sleep(often).await;
        }
        house.rest.turns(false).await;
    }
}
