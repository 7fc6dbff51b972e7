//! An input that kills what handles it: twice, and it is put aside with an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;
use vitarad_actors::crashpoint::{Crashpoint, Crashpoints};
use vitarad_actors::domain::ids::ToolCallKey;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::supervisor::Exit;
use vitarad_actors::switchboard::ToolCall;
use vitarad_actors::testing::{Fate, Op, visit_day};
use vitarad_actors::tree::Role;

use super::scene::{BOOKER, NEIGHBOUR, READER, SILENT, Scene, code_of};
use super::tree::{Way, cell, strike};

fn set_aside(scene: &Scene) -> Vec<ToolCallKey> {
    scene.world.store.peek().dead_letters.keys().cloned().collect()
}

fn key(tool_call: &ToolCall) -> ToolCallKey {
    ToolCallKey { call: tool_call.call.clone(), tool_call: tool_call.id.clone() }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_kills_its_call_twice_is_put_aside_and_answered() {
    let scene = Scene::begin().await;
    let house = Arc::clone(&scene.house.house);
    let reader = READER.key();
    // Whoever reads a day sheet for this call, does not live to see it.
    scene.emr(READER).script(move |op| {
        if op == Op::DayRows
            && let Some(call) = house.directory.call(&reader)
        {
            call.actor().kill();
        }
        Fate::PROMPT
    });
    assert_eq!(scene.code(READER.looks()).await, "INTERNAL_ERROR");
    assert_eq!(set_aside(&scene), [key(&READER.looks())]);
    let meters = scene.house.meters();
    assert_eq!(meters.exits(Role::Call, Exit::Killed), 2, "asked twice, and not a third time");
    assert!(scene.metrics().contains("dead_letters_total{clinic=\"maple\"} 1\n"));
    scene.emrs_take(Duration::from_millis(20));
    for caller in [READER, SILENT, NEIGHBOUR] {
        assert_eq!(
            scene.code(caller.inquires("after")).await,
            "VERIFIED",
            "{}: what it knew is kept",
            caller.call
        );
    }
    assert_eq!(scene.code(READER.looks()).await, "SLOT_FOUND", "it was the question, not the caller");
    scene.everybody_hangs_up().await;
}

#[tokio::test(start_paused = true)]
async fn a_change_that_kills_two_lives_of_its_call_is_put_aside_before_it_is_tried_again() {
    let deadly = Arc::new(AtomicBool::new(false));
    let armed = Arc::clone(&deadly);
    let crashpoints = Crashpoints::armed(move |point| {
        assert!(point != Crashpoint::Claimed || !armed.load(Ordering::SeqCst), "told to die");
    });
    let scene = Scene::on(Scene::world(), crashpoints).await;
    deadly.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        assert_eq!(scene.code(BOOKER.books("deadly")).await, "INTERNAL_ERROR");
        assert_eq!(scene.code(BOOKER.books("deadly")).await, "PENDING", "the same life does not try again");
        strike(&scene.mailbox(BOOKER).unwrap().actor().get_cell(), Role::Call, Way::Kill);
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(set_aside(&scene), []);
    assert_eq!(scene.code(BOOKER.books("deadly")).await, "HANDED_TO_STAFF");
    assert_eq!(set_aside(&scene), [key(&BOOKER.books("deadly"))]);
    assert!(scene.metrics().contains("dead_letters_total{clinic=\"maple\"} 1\n"));
    deadly.store(false, Ordering::SeqCst);
    assert_eq!(scene.code(BOOKER.books("deadly")).await, "HANDED_TO_STAFF", "law B-6");
    assert_eq!(scene.emr(BOOKER).requests(Op::Add), 0);
    assert_eq!(scene.code(BOOKER.books("another")).await, "BOOKED", "the caller may go on");
}

/// It may have died of it, and nobody can tell.
#[tokio::test(start_paused = true)]
async fn a_change_that_was_with_the_desk_at_two_deaths_is_put_aside_before_it_is_tried_again() {
    let scene = Scene::begin().await;
    for time in ["11:00", "13:00"] {
        let slow = Fate::Answered { after: Duration::from_secs(6) };
        scene.emr(BOOKER).script(move |op| if op == Op::Add { slow } else { Fate::PROMPT });
        let ahead = json!({ "date": visit_day().to_string(), "startTime": time, "providerId": "021" });
        let ahead = scene.asks(SILENT.asks(time, Tool::CreateAppointment, ahead));
        sleep(Duration::from_millis(500)).await;
        let waits = scene.asks(BOOKER.books("unlucky"));
        sleep(Duration::from_millis(500)).await;
        strike(&cell(&scene, Role::Desk), Role::Desk, Way::Kill);
        assert_eq!(code_of(&waits.await.unwrap()), "PENDING");
        ahead.await.unwrap();
        strike(&cell(&scene, Role::Call), Role::Call, Way::Kill);
        sleep(Duration::from_secs(15)).await;
    }
    assert_eq!(scene.code(BOOKER.books("unlucky")).await, "HANDED_TO_STAFF");
    assert_eq!(set_aside(&scene), [key(&BOOKER.books("unlucky"))]);
}
