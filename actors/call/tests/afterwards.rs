//! What became known too late to be an answer.

use std::time::Duration;

use super::{at_ten, house, key, verify};
use crate::call::CallMsg;
use crate::domain::answer::Answer;
use crate::domain::ids::{ToolCallId, ToolCallKey};
use crate::domain::say::{Language, Situation};
use crate::domain::tool::Tool;
use crate::ports::emr::EmrFailure;
use crate::ports::store::ToolCallStore;
use crate::testing::{Death, Fate, Op, TestHouse, World, clinic};

/// Additions are answered only after the caller's patience.
fn slow_additions(world: &World) {
    world.emr("maple").script(|op| match op {
        Op::Add => Fate::Answered { after: Duration::from_secs(8) },
        _ => Fate::PROMPT,
    });
}

async fn pending(world: &World, house: &TestHouse) {
    verify(house, "c1").await;
    slow_additions(world);
    let answer = house.ask("c1", "t1", Tool::CreateAppointment, at_ten()).await;
    assert_eq!(answer["code"], "PENDING", "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_booking_that_is_confirmed_after_its_deadline_is_said_into_the_call_once() {
    let (world, house) = house().await;
    pending(&world, &house).await;
    assert!(world.voice.said().is_empty());
    house.wait(Duration::from_mins(2)).await;
    let said = world.voice.said();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("You're booked for"), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn who_has_hung_up_or_asked_again_is_not_spoken_to() {
    let (world, house) = house().await;
    pending(&world, &house).await;
    let mailbox = house.house.directory.call(&key("c1")).unwrap();
    assert!(mailbox.post(CallMsg::End).is_ok());
    house.wait(Duration::from_mins(2)).await;
    assert!(world.voice.said().is_empty(), "hung up");

    let (world, house) = super::house().await;
    pending(&world, &house).await;
    house.wait(Duration::from_secs(2)).await;
    let again = house.ask("c1", "t1", Tool::CreateAppointment, at_ten()).await;
    assert_eq!(again["code"], "BOOKED", "{again}");
    house.wait(Duration::from_mins(2)).await;
    assert!(world.voice.said().is_empty(), "it was the answer");
}

#[tokio::test(start_paused = true)]
async fn who_was_told_twice_that_it_is_not_confirmed_hears_the_outcome_once() {
    let (world, house) = house().await;
    verify(&house, "c1").await;
    world.emr("maple").script(|op| match op {
        Op::Add => Fate::Answered { after: Duration::from_secs(12) },
        _ => Fate::PROMPT,
    });
    for _ in 0..2 {
        let answer = house.ask("c1", "t1", Tool::CreateAppointment, at_ten()).await;
        assert_eq!(answer["code"], "PENDING", "{answer}");
    }
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(world.voice.said().len(), 1, "{:?}", world.voice.said());
}

/// The addition never arrives, which is known when it can arrive no more.
async fn lost(open: bool) -> (World, TestHouse) {
    let (world, house) = house().await;
    if open {
        house.wait(Duration::from_hours(2)).await;
    }
    verify(&house, "c1").await;
    let fails = Fate::Fails { after: Duration::from_millis(40), with: EmrFailure::ConnectionLost };
    world.emr("maple").script(move |op| if op == Op::Add { fails } else { Fate::PROMPT });
    let answer = house.ask("c1", "t1", Tool::CreateAppointment, at_ten()).await;
    assert_eq!(answer["code"], "PENDING", "{answer}");
    (world, house)
}

#[tokio::test(start_paused = true)]
async fn a_booking_that_ends_with_staff_puts_its_caller_through_while_somebody_picks_up() {
    let (world, house) = lost(true).await;
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(world.voice.put_through(), [clinic("maple", 2).phone]);
    let said = world.voice.said();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("I couldn't confirm that.") && said[0].contains("putting you through"),
        "{said:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_put_through_is_told_how_the_booking_ended() {
    let (world, house) = lost(true).await;
    world.voice.put_nobody_through();
    house.wait(Duration::from_mins(2)).await;
    assert_eq!(world.voice.said().len(), 1, "the platform refused");
    assert!(!world.voice.said()[0].contains("putting you through"));

    let (world, house) = lost(false).await;
    house.wait(Duration::from_mins(2)).await;
    assert_eq!((world.voice.put_through().len(), world.voice.said().len()), (0, 1), "nobody is there yet");
}

/// A commit that took so long that the caller was answered before it.
async fn refused_meanwhile(world: &World, house: &TestHouse) -> ToolCallKey {
    pending(world, house).await;
    let key = ToolCallKey { call: key("c1"), tool_call: ToolCallId::parse("t1").unwrap() };
    let refusal = Answer::new(Situation::SlotTaken, Language::En, &[]).line();
    world.store.answer(&key, refusal, vec![], house.house.now()).await.unwrap();
    key
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_came_too_late_is_said_to_who_is_on_the_line() {
    let (world, house) = house().await;
    refused_meanwhile(&world, &house).await;
    house.wait(Duration::from_mins(2)).await;
    let said = world.voice.said();
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(world.store.peek().dead_letters.is_empty(), "it was heard");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_nobody_can_hear_any_more_is_for_staff() {
    for way in [CallMsg::End, CallMsg::Die(Death::Error)] {
        let (world, house) = house().await;
        let refused = refused_meanwhile(&world, &house).await;
        assert!(house.house.directory.call(&key("c1")).unwrap().post(way).is_ok());
        house.wait(Duration::from_mins(2)).await;
        assert!(world.voice.said().is_empty());
        let tables = world.store.peek();
        assert!(tables.dead_letters.contains_key(&refused), "who is called");
        let entered = tables.audit.iter().filter(|entry| entry.action.name() == "handed_to_staff");
        assert_eq!(entered.count(), 1);
    }
}
