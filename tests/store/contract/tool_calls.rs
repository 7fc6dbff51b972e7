//! A tool call is claimed once and answered once (law B-6).

use std::time::Duration;

use futures::future::join_all;
use vitarad_actors::domain::ids::{Fence, ToolCallKey};
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{Claimant, Claimed, HandOver, Lacks, StoreError};

use super::{TOOL, adopt, claim, granted, role};
use crate::fixture::House;
use crate::samples::{NOW, audit, booking, call, clinic, line, slot, tool_call};

fn is_ours(claimed: &Claimed, nth: u32) -> bool {
    matches!(claimed, Claimed::Ours { attempt } if *attempt == nth)
}

pub(crate) async fn of_64_racing_claims_one_is_ours(house: &dyn House) {
    let a = house.process("a").await;
    let other = house.process("b").await;
    let fence = adopt(&*a.store, &call(1), a.generation).await;
    let key = tool_call(&call(1), 1);
    let racers = (0..64).map(|n| {
        let store = if n % 2 == 0 { &a.store } else { &other.store };
        claim(&**store, &key, a.generation, fence)
    });
    let claimed = join_all(racers).await;
    assert_eq!(claimed.iter().filter(|claimed| is_ours(claimed, 1)).count(), 1);
    assert_eq!(claimed.iter().filter(|claimed| matches!(claimed, Claimed::Underway)).count(), 63);
}

pub(crate) async fn a_claim_its_owner_died_on_is_taken_over_and_counted(house: &dyn House) {
    let a = house.process("a").await;
    let key = tool_call(&call(1), 1);
    let former = adopt(&*a.store, &call(1), a.generation).await;
    assert!(is_ours(&claim(&*a.store, &key, a.generation, former).await, 1));
    let b = house.process("a").await;
    let fence = adopt(&*b.store, &call(1), b.generation).await;
    assert!(is_ours(&claim(&*b.store, &key, b.generation, fence).await, 2));
    assert!(matches!(claim(&*b.store, &key, b.generation, fence).await, Claimed::Underway));
    let stale = Claimant { generation: a.generation, fence: former };
    assert_eq!(a.store.claim(&key, TOOL, stale, NOW).await.err(), Some(StoreError::Usurped));
    let new = tool_call(&call(1), 2);
    assert_eq!(a.store.claim(&new, TOOL, stale, NOW).await.err(), Some(StoreError::Usurped));
}

/// Whoever dies or leaves later: it was not of what came to its end before.
pub(crate) async fn a_claim_that_nobody_died_on_is_taken_over_and_not_counted(house: &dyn House) {
    let a = house.process("a").await;
    let [told, cut] = [1, 2].map(|n| tool_call(&call(1), n));
    let fence = adopt(&*a.store, &call(1), a.generation).await;
    let claimant = Claimant { generation: a.generation, fence };
    for key in [&told, &cut] {
        claim(&*a.store, key, a.generation, fence).await;
    }
    let later = Claimant { fence: Fence(fence.0 + 1), ..claimant };
    a.store.absolve(&told, later).await.unwrap();
    a.store.absolve(&told, claimant).await.unwrap();
    let b = house.process("a").await;
    let fence = adopt(&*b.store, &call(1), b.generation).await;
    assert!(is_ours(&claim(&*b.store, &told, b.generation, fence).await, 1), "a came to an end with it");
    assert!(is_ours(&claim(&*b.store, &cut, b.generation, fence).await, 2), "a was killed at it");
    b.store.absolve(&told, claimant).await.unwrap();
    b.store.release(b.generation, false).await.unwrap();
    let c = house.process("c").await;
    let fence = adopt(&*c.store, &call(1), c.generation).await;
    assert!(is_ours(&claim(&*c.store, &told, c.generation, fence).await, 1), "b ended in order");
    assert!(is_ours(&claim(&*c.store, &cut, c.generation, fence).await, 2), "so it did");

    c.store.absolve(&told, Claimant { generation: c.generation, fence }).await.unwrap();
    c.store.release(c.generation, false).await.unwrap();
    let d = house.process("d").await;
    let fence = adopt(&*d.store, &call(1), d.generation).await;
    assert!(is_ours(&claim(&*d.store, &told, d.generation, fence).await, 1), "not forgiven twice");
    d.store.answer(&told, line("done"), vec![], NOW).await.unwrap();
    d.store.absolve(&told, Claimant { generation: d.generation, fence }).await.unwrap();
}

pub(crate) async fn a_claim_of_a_living_process_is_left_to_it_though_the_call_is_anothers(house: &dyn House) {
    let a = house.process("a").await;
    let key = tool_call(&call(1), 1);
    let former = adopt(&*a.store, &call(1), a.generation).await;
    claim(&*a.store, &key, a.generation, former).await;
    let b = house.process("b").await;
    let fence = adopt(&*b.store, &call(1), b.generation).await;
    assert!(matches!(claim(&*b.store, &key, b.generation, fence).await, Claimed::Underway));
    let back = adopt(&*a.store, &call(1), a.generation).await;
    assert!(is_ours(&claim(&*a.store, &key, a.generation, back).await, 2), "its own it may take up again");
}

pub(crate) async fn a_claim_that_became_an_intent_is_left_to_the_intent(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    let key = wish.order.tool_call.clone();
    let fence = adopt(&*a.store, &key.call, a.generation).await;
    claim(&*a.store, &key, a.generation, fence).await;
    granted(&*a.store, &wish).await;
    let b = house.process("b").await;
    let fence = adopt(&*b.store, &key.call, b.generation).await;
    assert!(matches!(claim(&*b.store, &key, b.generation, fence).await, Claimed::Underway));
}

pub(crate) async fn forsaken_is_what_nobody_answers_and_no_intent_will(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    let at_work = wish.order.tool_call.clone();
    let fence = adopt(&*a.store, &at_work.call, a.generation).await;
    claim(&*a.store, &at_work, a.generation, fence).await;
    granted(&*a.store, &wish).await;

    let [lost, answered] = [1, 2].map(|n| tool_call(&call(9), n));
    let fence = adopt(&*a.store, &call(9), a.generation).await;
    claim(&*a.store, &lost, a.generation, fence).await;
    claim(&*a.store, &answered, a.generation, fence).await;
    a.store.answer(&answered, line("done"), vec![], NOW).await.unwrap();
    let maple = clinic("maple");
    let forsaken = async || a.store.forsaken(&maple, NOW, 99).await.unwrap();
    assert!(forsaken().await == [(lost.clone(), TOOL)]);
    assert!(
        a.store.forsaken(&maple, NOW.minus(Duration::from_secs(1)), 99).await.unwrap().is_empty(),
        "it may be at work"
    );
    assert!(a.store.forsaken(&clinic("cedar"), NOW, 99).await.unwrap().is_empty(), "law I-2");
    a.store.answer(&lost, line("handed over"), vec![], NOW).await.unwrap();
    assert!(forsaken().await.is_empty());
}

/// Every process looks for what nobody answers: one hands it over, in one piece, and an answer is never in vain.
pub(crate) async fn what_is_handed_to_staff_is_handed_over_once_and_no_answer_is_lost(house: &dyn House) {
    let (a, b) = (house.process("a").await, house.process("b").await);
    let [lost, answered, retaken] = [1, 2, 3].map(|n| tool_call(&call(9), n));
    let fence = adopt(&*a.store, &call(9), a.generation).await;
    for key in [&lost, &answered, &retaken] {
        claim(&*a.store, key, a.generation, fence).await;
    }
    let wish = booking(1, slot(540), a.generation);
    let intended = wish.order.tool_call.clone();
    let fence = adopt(&*a.store, &intended.call, a.generation).await;
    claim(&*a.store, &intended, a.generation, fence).await;
    granted(&*a.store, &wish).await;
    a.store.answer(&answered, line("done"), vec![], NOW).await.unwrap();

    let handed_over = async |key: &ToolCallKey, hearer: bool, claimed_by: Ts| {
        let race = (0..8).map(|n| {
            let store = if n % 2 == 0 { &a.store } else { &b.store };
            let lacks =
                if hearer { Lacks::Hearer } else { Lacks::Answer { line: line("handed over"), claimed_by } };
            store.hand_over(HandOver { key: key.clone(), tool: TOOL, lacks, audit: audit(1) }, NOW)
        });
        join_all(race).await.into_iter().filter(|won| *won.as_ref().unwrap()).count()
    };
    assert_eq!(handed_over(&retaken, false, NOW.minus(Duration::from_secs(1))).await, 0, "claimed since");
    assert_eq!(handed_over(&intended, false, NOW).await, 0, "its intent brings the answer");
    assert_eq!(handed_over(&answered, false, NOW).await, 0, "it has an answer");
    assert_eq!(handed_over(&lost, false, NOW).await, 1);
    assert_eq!(handed_over(&answered, true, NOW).await, 1, "which nobody can be told");
    let sealer = role(&*a.store, "audit", a.generation).await;
    let announced = 1;
    assert_eq!(
        a.store.seal_audit(&sealer, 99, NOW).await.unwrap(),
        announced + 2,
        "who lost has entered nothing"
    );
    for (key, told) in [(&lost, "handed over"), (&answered, "done")] {
        assert_eq!(a.store.answer_of(key).await.unwrap().unwrap().reveal(), line(told).reveal());
    }
    assert!(a.store.answer_of(&retaken).await.unwrap().is_none());
}

pub(crate) async fn the_first_stored_answer_stays(house: &dyn House) {
    let a = house.process("a").await;
    let key = tool_call(&call(1), 1);
    let fence = adopt(&*a.store, &call(1), a.generation).await;
    claim(&*a.store, &key, a.generation, fence).await;
    assert!(a.store.answer_of(&key).await.unwrap().is_none());
    let first = a.store.answer(&key, line("first"), vec![audit(1)], NOW).await.unwrap();
    let second = a.store.answer(&key, line("second"), vec![], NOW).await.unwrap();
    assert_eq!(first.reveal(), line("first").reveal());
    assert_eq!(second.reveal(), line("first").reveal());
    assert_eq!(a.store.answer_of(&key).await.unwrap().unwrap().reveal(), line("first").reveal());
    match claim(&*a.store, &key, a.generation, fence).await {
        Claimed::Answered(told) => assert_eq!(told.reveal(), line("first").reveal()),
        _ => panic!("an answered claim is answered"),
    }
    let unclaimed = a.store.answer(&tool_call(&call(1), 9), line("x"), vec![], NOW).await;
    assert_eq!(unclaimed.err(), Some(StoreError::Usurped));
    a.store.dead_letter(&key, TOOL, Phi::new("{}".to_owned()), NOW).await.unwrap();
    a.store.dead_letter(&key, TOOL, Phi::new("{}".to_owned()), NOW).await.unwrap();
}
