//! Repetition: the same delivery again, the same wish again, the same slot for two callers (laws B-2, B-6).

use futures::future::join_all;
use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::{MARIE, OMAR, WEI};

use crate::patience::until;
use crate::stage::{Stage, code, monday};
use crate::voice::PhoneCall;

#[tokio::test]
async fn eight_copies_of_one_delivery_at_once_get_one_answer_and_one_booking() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let slot = json!({ "slotId": call.earliest().await });
    let copies = (0..8).map(|_| call.ask("book", "create_appointment", slot.clone()));
    let answers = join_all(copies).await;
    assert_eq!(code(&answers[0]), "BOOKED", "{}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(stage.maple().requests()["addAppointment"], 1);
    assert_eq!(call.ask("book", "create_appointment", slot).await, answers[0], "and ever after");
}

#[tokio::test]
async fn every_wish_under_a_new_id_is_answered_by_what_came_of_it() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let mine = call.ask("list", "check_appointments", json!({})).await;
    let mine = &mine["appointments"][0]["appointmentId"];
    let to = json!({ "appointmentId": mine, "slotId": call.earliest().await });
    let moved = call.ask("m1", "update_appointment", to.clone()).await;
    let again = call.ask("m2", "update_appointment", to).await;
    assert_eq!((code(&moved), code(&again)), ("MOVED", "MOVED"), "{again}");
    assert_eq!(moved["appointment"], again["appointment"]);

    let new = json!({ "appointmentId": moved["appointment"]["appointmentId"] });
    for id in ["c1", "c2"] {
        let cancelled = call.ask(id, "cancel_appointment", new.clone()).await;
        assert_eq!(code(&cancelled), "CANCELLED", "{id}: {cancelled}");
    }
    let asked = stage.maple().requests();
    assert_eq!((asked["addAppointment"], asked["updateAppointment"]), (1, 2));
}

#[tokio::test]
async fn a_slot_that_three_callers_want_at_once_is_one_callers() {
    let stage = Stage::open().await;
    let callers = [("call-1", MARIE), ("call-2", WEI), ("call-3", OMAR)];
    let calls = callers.map(|(call, person)| (stage.rings(call, person), person));
    for (call, person) in &calls {
        call.verify(*person).await;
    }
    // None of them was offered it; each model spells it out.
    let wish = json!({ "providerId": "101", "date": monday().to_string(), "startTime": "09:00" });
    stage.maple().clear_the_day("101", monday());
    let asked = calls.iter().map(|(call, _)| call.ask("book", "create_appointment", wish.clone()));
    let mut codes: Vec<String> = join_all(asked).await.iter().map(|answer| code(answer).to_owned()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["BOOKED", "SLOT_TAKEN", "SLOT_TAKEN"]);
    assert_eq!(stage.maple().marked().len(), 1);
    assert!(stage.maple().our_overlaps().is_empty());
}

#[tokio::test]
async fn a_slot_offered_to_one_caller_is_offered_to_nobody_else_until_that_call_ends() {
    let stage = Stage::open().await;
    let marie = stage.rings("call-1", MARIE);
    let offered = async |call: &PhoneCall, id: &str| -> Vec<Value> {
        let found = call.ask(id, "find_earliest_appointment", json!({})).await;
        let slots = found["alternatives"].as_array().expect("a list").iter().chain([&found["slot"]]);
        slots.map(|slot| json!([slot["providerId"], slot["date"], slot["startTime"]])).collect()
    };
    let hers = offered(&marie, "find").await;
    assert_eq!(hers.len(), 3);
    let wei = stage.rings("call-2", WEI);
    let his = offered(&wei, "find").await;
    assert!(his.iter().all(|slot| !hers.contains(slot)), "{hers:?} {his:?}");

    stage.platform().post("/api/vapi", marie.ended().to_string()).await.expect("an answer");
    let omar = stage.rings("call-3", OMAR);
    let mut asked = 0;
    until("her slots to be free again", async || {
        asked += 1;
        let slots = offered(&omar, &format!("find-{asked}")).await;
        slots.iter().any(|slot| hers.contains(slot)).then_some(())
    })
    .await;
}
