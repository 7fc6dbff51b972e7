//! A gateway that is slow when the node is passed on.

use std::time::Duration;

use crate::crashpoint::Crashpoints;
use crate::domain::ids::ClinicId;
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::ports::store::SmsDraft;
use crate::testing::{TestHouse, TextRow, TextState, World, clinic};

const BOUND: Duration = Duration::from_secs(2);

/// A house with three texts due, the first of which is at a gateway that takes so long.
async fn texting(takes: Duration) -> (World, TestHouse) {
    let world = World::of(vec![clinic("maple", 1)], &[]);
    for id in 1..=3 {
        let draft = SmsDraft {
            clinic: ClinicId::parse("maple").unwrap(),
            dedupe: format!("text-{id}"),
            to: Phi::new(PhoneNumber::parse("604-555-0142").unwrap()),
            body: Phi::new(format!("text {id}")),
        };
        let due = TextState::Due(world.clock.now());
        world.store.peek().texts.insert(id, TextRow { draft, attempt: 0, state: due });
    }
    world.sms.slow_down(takes);
    let house = world.begin(1, Crashpoints::default()).await;
    house.wait(takes / 2).await;
    assert_eq!(world.sms.sent(), ["text 1"]);
    (world, house)
}

#[tokio::test(start_paused = true)]
async fn a_text_at_the_gateway_is_finished_and_the_others_are_left_to_who_comes_next() {
    let (world, house) = texting(Duration::from_secs(1)).await;
    assert!(house.house.rest.call(BOUND).await);
    let in_doubt = |row: &TextRow| matches!(row.state, TextState::Sending { .. } | TextState::Unknown { .. });
    let due = |row: &TextRow| matches!(row.state, TextState::Due(_));
    let count =
        |what: fn(&TextRow) -> bool| world.store.peek().texts.values().filter(|row| what(row)).count();
    assert_eq!((count(in_doubt), count(due)), (0, 2));
    house.wait(Duration::from_mins(1)).await;
    assert_eq!(world.sms.sent(), ["text 1"], "nothing is begun");

    house.house.rest.end();
    house.wait(Duration::from_secs(10)).await;
    assert_eq!(world.sms.sent(), ["text 1", "text 2", "text 3"], "each is sent once");
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_hangs_does_not_hold_the_node_up() {
    let (world, house) = texting(Duration::from_mins(2)).await;
    assert!(!house.house.rest.call(BOUND).await);
    assert_eq!(world.sms.sent(), ["text 1"]);
}
