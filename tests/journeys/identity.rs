//! Who is calling: two factors that agree, or nothing is said (law I-3).

use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::{
    DECEASED, HOUSEHOLD, MARIE, MERGED, MERGED_INTO, NAMESAKES, OMAR, Person, TWINS, WITHHELD, ZOE,
};

use crate::stage::{Stage, code, full_name};
use crate::town::MAPLE_LINE;

fn born(person: Person) -> Value {
    json!({ "dateOfBirth": person.birth.to_string() })
}

/// Nothing in an answer tells whose file was looked at.
fn is_silent_about(answer: &Value, person: Person) -> bool {
    let text = answer.to_string();
    ![person.first_name, person.last_name, person.hin].into_iter().any(|part| text.contains(part))
}

#[tokio::test]
async fn a_number_alone_or_a_name_alone_says_nothing_about_its_owner() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    let by_number = call.ask("a", "search_patient_by_phone", json!({})).await;
    assert_eq!((code(&by_number), &by_number["patient"]), ("VERIFICATION_NEEDED", &Value::Null));
    let nameless = json!({ "firstName": MARIE.first_name, "lastName": MARIE.last_name });
    let by_name = call.ask("b", "search_patient", nameless).await;
    assert_eq!(code(&by_name), "VALIDATION_ERROR");
    let unverified = call.ask("c", "check_appointments", json!({ "patientId": "4711" })).await;
    assert_eq!(code(&unverified), "NOT_VERIFIED");
    assert!([by_number, by_name, unverified].iter().all(|answer| is_silent_about(answer, MARIE)));
}

#[tokio::test]
async fn a_household_is_told_apart_by_birth_date_and_twins_only_by_name() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", HOUSEHOLD[0]);
    for (id, person) in [("a", HOUSEHOLD[1]), ("b", HOUSEHOLD[0])] {
        let found = call.ask(id, "search_patient_by_phone", born(person)).await;
        assert_eq!(found["patient"]["firstName"], person.first_name, "{found}");
    }
    let both = call.ask("c", "check_appointments", json!({})).await;
    assert_eq!(code(&both), "WHICH_PATIENT", "two are verified");

    let call = stage.rings("call-2", TWINS[0]);
    let twins = call.ask("a", "search_patient_by_phone", born(TWINS[0])).await;
    assert_eq!(code(&twins), "PATIENT_AMBIGUOUS");
    assert!(TWINS.into_iter().all(|twin| is_silent_about(&twins, twin)), "{twins}");
    let named = call.ask("b", "search_patient", full_name(TWINS[1])).await;
    assert_eq!(named["patient"]["firstName"], TWINS[1].first_name, "{named}");
}

#[tokio::test]
async fn people_are_found_however_their_chart_was_typed() {
    let stage = Stage::open().await;
    // A work number; an old chart's newer one; accents; two people of one name.
    for (call, person) in [("c1", OMAR), ("c2", MERGED_INTO), ("c3", ZOE), ("c4", NAMESAKES[1])] {
        stage.rings(call, person).verify(person).await;
    }
    let plain =
        json!({ "firstName": "zoe", "lastName": "Cote Belanger", "dateOfBirth": ZOE.birth.to_string() });
    let found = stage.rings("c5", MARIE).ask("a", "search_patient", plain).await;
    assert_eq!(found["patient"]["firstName"], ZOE.first_name, "{found}");
}

#[tokio::test]
async fn whoever_withholds_the_number_is_found_by_name_and_a_chart_that_is_closed_finds_nobody() {
    let stage = Stage::open().await;
    let withheld = stage.platform().call("call-1", MAPLE_LINE, None);
    let asked = withheld.ask("a", "search_patient_by_phone", born(WITHHELD)).await;
    assert_eq!(code(&asked), "NO_CALLER_NUMBER");
    let found = withheld.ask("b", "search_patient", full_name(WITHHELD)).await;
    assert_eq!(found["patient"]["firstName"], WITHHELD.first_name, "{found}");

    let closed = stage.rings("call-2", DECEASED);
    assert_eq!(code(&closed.ask("a", "search_patient_by_phone", born(DECEASED)).await), "PATIENT_NOT_FOUND");
    let merged = stage.rings("call-3", MERGED);
    assert_eq!(code(&merged.ask("a", "search_patient", full_name(MERGED)).await), "PATIENT_NOT_FOUND");
    let by_number = merged.ask("b", "search_patient_by_phone", born(MERGED)).await;
    assert_eq!(by_number["patient"]["lastName"], MERGED_INTO.last_name, "the chart that counts: {by_number}");
}

#[tokio::test]
async fn three_wrong_guesses_close_the_call_to_a_right_one_and_another_call_is_open() {
    let stage = Stage::open().await;
    let call = stage.rings("call-1", MARIE);
    for (id, guess) in [("a", "1979-04-08"), ("b", "1979-07-04"), ("c", "1980-04-07")] {
        let wrong = call.ask(id, "search_patient_by_phone", json!({ "dateOfBirth": guess })).await;
        assert_eq!(code(&wrong), "PATIENT_NOT_FOUND");
    }
    let asked = stage.maple().requests();
    assert_eq!(code(&call.ask("d", "search_patient_by_phone", born(MARIE)).await), "VERIFICATION_LOCKED");
    assert_eq!(code(&call.ask("e", "search_patient", full_name(MARIE)).await), "VERIFICATION_LOCKED");
    assert_eq!(stage.maple().requests(), asked, "the EMR is not asked any more");
    stage.rings("call-2", MARIE).verify(MARIE).await;
}
