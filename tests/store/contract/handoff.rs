//! A node passes from process to process as a whole, or not at all (laws O-1 and O-2).

use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::node::{OfferNo, Passage, Request};
use vitarad_actors::ports::store::StoreError;

use super::{KEEP, ROLE_LASTS, granted, raced, role};
use crate::fixture::{House, Process};
use crate::samples::{NOW, booking, clinic, slot};

const NODE: &str = "n";

async fn offered(incumbent: &Process) -> OfferNo {
    incumbent.handoff.offer(NODE, incumbent.generation).await.unwrap().expect("it has the node")
}

async fn ask(of: &Process, request: Request) -> bool {
    of.handoff.ask(NODE, request).await.unwrap()
}

async fn passage(incumbent: &Process, successor: &Process) -> Passage {
    let offer = offered(incumbent).await;
    Passage { incumbent: incumbent.generation, successor: successor.generation, offer }
}

/// Only who has the node takes a role.
async fn has_the_node(process: &Process) -> bool {
    process.store.hold_role("probe", process.generation, ROLE_LASTS).await.unwrap().is_some()
}

pub(crate) async fn a_node_passes_with_its_roles_and_comes_back_until_it_is_settled(house: &dyn House) {
    let a = house.process(NODE).await;
    let b = house.process_beside(NODE).await;
    assert!(has_the_node(&a).await && !has_the_node(&b).await);
    let held = role(&*a.store, "sms", a.generation).await;
    let passing = passage(&a, &b).await;
    assert!(ask(&b, Request::Claim(passing)).await);
    assert!(ask(&b, Request::Claim(passing)).await, "who did not hear the answer asks again");
    assert!(has_the_node(&b).await && !has_the_node(&a).await);
    let moved = role(&*b.store, "sms", b.generation).await;
    assert_eq!(moved.fence.0, held.fence.0 + 1, "the role came with the node, and its fence grew once");
    assert_eq!(a.store.purge(&held, KEEP, 1, NOW).await.err(), Some(StoreError::Usurped));

    assert!(ask(&a, Request::TakeBack(passing)).await);
    assert!(has_the_node(&a).await && !has_the_node(&b).await);
    assert!(!ask(&b, Request::Settle(passing)).await, "too late");
    assert!(role(&*a.store, "sms", a.generation).await.fence > moved.fence);

    let c = house.process_beside(NODE).await;
    let again = passage(&a, &c).await;
    assert!(ask(&c, Request::Claim(again)).await && ask(&c, Request::Settle(again)).await);
    assert!(!ask(&a, Request::TakeBack(again)).await, "settled is settled");
    assert!(ask(&c, Request::Settle(again)).await);
    assert!(has_the_node(&c).await && !has_the_node(&a).await);
}

pub(crate) async fn what_was_withdrawn_is_not_claimed_and_no_number_serves_twice(house: &dyn House) {
    let a = house.process(NODE).await;
    let b = house.process_beside(NODE).await;
    let first = passage(&a, &b).await;
    assert!(ask(&a, Request::Withdraw(first)).await);
    assert!(!ask(&b, Request::Claim(first)).await);
    let second = passage(&a, &b).await;
    assert!(second.offer > first.offer);
    assert!(!ask(&b, Request::Claim(first)).await, "an earlier number");
    let made_up = Passage { offer: OfferNo(second.offer.0 + 1), ..second };
    assert!(!ask(&b, Request::Claim(made_up)).await, "a number nobody offered");
    let stranger = Passage { successor: Generation(9_999), ..second };
    assert!(!ask(&b, Request::Claim(stranger)).await, "who does not stand by");
    assert!(has_the_node(&a).await);
    assert!(ask(&b, Request::Claim(second)).await);
    assert!(!ask(&a, Request::Withdraw(second)).await, "claimed before");
    assert_eq!(a.handoff.offer(NODE, a.generation).await.unwrap(), None, "it has nothing left to offer");
    let elsewhere = house.process("m").await;
    let offer = elsewhere.handoff.offer("m", elsewhere.generation).await.unwrap();
    assert!(offer.is_some(), "another node is not touched");
    assert_eq!(a.handoff.offer(NODE, elsewhere.generation).await.unwrap(), None, "nor offered from here");
}

pub(crate) async fn what_a_draining_process_works_at_is_its_own_until_it_is_gone(house: &dyn House) {
    let a = house.process(NODE).await;
    let b = house.process_beside(NODE).await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    let passing = passage(&a, &b).await;
    assert!(ask(&b, Request::Claim(passing)).await && ask(&b, Request::Settle(passing)).await);
    let maple = clinic("maple");
    assert_eq!(b.store.adopt_journal(&maple, b.generation, NOW).await.unwrap(), 0, "a still works at it");
    let late = booking(2, slot(600), a.generation);
    granted(&*a.store, &late).await;
    b.handoff.bury(NODE, a.generation).await.unwrap();
    assert_eq!(b.store.adopt_journal(&maple, b.generation, NOW).await.unwrap(), 2);
    b.handoff.bury(NODE, b.generation).await.unwrap();
    assert!(has_the_node(&b).await, "only who drains is buried");
}

pub(crate) async fn of_400_races_of_a_claim_with_its_withdrawal_each_has_one_winner(house: &dyn House) {
    let mut incumbent = house.process(NODE).await;
    let mut successor = house.process_beside(NODE).await;
    let (mut claims, mut withdrawals) = (0, 0);
    for round in 0..400_u32 {
        let race = passage(&incumbent, &successor).await;
        let claim = ask(&successor, Request::Claim(race));
        let (claimed, withdrawn) = raced(round, claim, ask(&incumbent, Request::Withdraw(race))).await;
        assert_ne!(claimed, withdrawn, "round {round} has one winner");
        assert_eq!(has_the_node(&successor).await, claimed, "round {round}");
        assert_eq!(has_the_node(&incumbent).await, withdrawn, "round {round}");
        if claimed {
            claims += 1;
            assert!(ask(&successor, Request::Settle(race)).await);
            incumbent.handoff.bury(NODE, incumbent.generation).await.unwrap();
            std::mem::swap(&mut incumbent, &mut successor);
            stand_by_again(&mut successor).await;
        } else {
            withdrawals += 1;
        }
    }
    assert!(claims > 0 && withdrawals > 0, "{claims} claims, {withdrawals} withdrawals");
}

pub(crate) async fn of_400_races_of_a_settlement_with_its_taking_back_each_has_one_winner(house: &dyn House) {
    let mut incumbent = house.process(NODE).await;
    let mut successor = house.process_beside(NODE).await;
    let (mut kept, mut returned) = (0, 0);
    for round in 0..400_u32 {
        let race = passage(&incumbent, &successor).await;
        assert!(ask(&successor, Request::Claim(race)).await);
        let settle = ask(&successor, Request::Settle(race));
        let (settled, taken_back) = raced(round, settle, ask(&incumbent, Request::TakeBack(race))).await;
        assert_ne!(settled, taken_back, "round {round} has one winner");
        assert_eq!(has_the_node(&successor).await, settled, "round {round}");
        assert_eq!(has_the_node(&incumbent).await, taken_back, "round {round}");
        // Who asks again, because it did not hear the answer, hears the same.
        assert_eq!(ask(&successor, Request::Settle(race)).await, settled, "round {round}");
        assert_eq!(ask(&incumbent, Request::TakeBack(race)).await, taken_back, "round {round}");
        if settled {
            kept += 1;
            incumbent.handoff.bury(NODE, incumbent.generation).await.unwrap();
            std::mem::swap(&mut incumbent, &mut successor);
        } else {
            returned += 1;
        }
        stand_by_again(&mut successor).await;
    }
    assert!(kept > 0 && returned > 0, "{kept} were kept, {returned} taken back");
}

/// As the node's next process, which finds the store as it is.
async fn stand_by_again(process: &mut Process) {
    process.generation = process.handoff.stand_by(NODE, NOW).await.unwrap();
}
