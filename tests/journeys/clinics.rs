//! Two clinics in one house: nobody at one of them ever meets a patient of the other (law I-2). Their EMRs make it as easy as
//! they can: chart 4760 and provider 101 are different people in each.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::{MARIE, ONLY_AT_CEDAR, ONLY_AT_MAPLE, Person};
use vitarad::sandbox::vapi::{Caller, NoAnswer, Platform as SigningPlatform, Signing};

use crate::engine::around;
use crate::premises::WEBHOOK_SECRET;
use crate::stage::{Stage, code, full_name};
use crate::town::{CEDAR_LINE, MAPLE_LINE, Town};
use crate::voice::PhoneCall;

const CEDARS_KEY: &str = "cedar-9b2f64d1c07e8a35";
const CEDARS_SECRET: &str = "cedar-1f6e0c2d8b774e5f";

/// Asks for a person in every way there is.
async fn everything_known_about(call: &PhoneCall, person: Person) -> Vec<Value> {
    let born = json!({ "dateOfBirth": person.birth.to_string() });
    let chart = json!({ "patientId": person.demographic_no.to_string() });
    let booking = json!({
        "patientId": person.demographic_no, "providerId": "101", "date": "2030-01-07", "startTime": "10:00"
    });
    vec![
        call.ask("a", "search_patient_by_phone", json!({})).await,
        call.ask("b", "search_patient_by_phone", born).await,
        call.ask("c", "search_patient", full_name(person)).await,
        call.ask("d", "get_patient", chart.clone()).await,
        call.ask("e", "check_appointments", chart).await,
        call.ask("f", "create_appointment", booking).await,
    ]
}

#[tokio::test]
async fn a_patient_of_the_other_clinic_is_not_found_by_number_name_or_chart() {
    let stage = Stage::open().await;
    for (call, stranger) in [
        (stage.rings("call-1", ONLY_AT_CEDAR), ONLY_AT_CEDAR),
        (stage.rings_cedar("call-2", ONLY_AT_MAPLE), ONLY_AT_MAPLE),
    ] {
        let answers = everything_known_about(&call, stranger).await;
        let codes: Vec<&str> = answers.iter().map(code).collect();
        let nobody = "PATIENT_NOT_FOUND";
        assert_eq!(codes, [nobody, nobody, nobody, "NOT_VERIFIED", "NOT_VERIFIED", "NOT_VERIFIED"]);
    }
    // The same person is found where they belong.
    stage.rings("call-3", ONLY_AT_MAPLE).verify(ONLY_AT_MAPLE).await;
    stage.rings_cedar("call-4", ONLY_AT_CEDAR).verify(ONLY_AT_CEDAR).await;
}

#[tokio::test]
async fn the_same_call_id_the_same_chart_and_the_same_provider_are_two_bookings_in_two_emrs() {
    let stage = Stage::open().await;
    for (call, person, provider) in [
        (stage.rings("call-1", ONLY_AT_MAPLE), ONLY_AT_MAPLE, "Dr. Anita Chow"),
        (stage.rings_cedar("call-1", ONLY_AT_CEDAR), ONLY_AT_CEDAR, "Dr. Robert Okafor"),
    ] {
        call.verify(person).await;
        let booked = call.ask("book", "create_appointment", json!({ "slotId": call.earliest().await })).await;
        assert_eq!((code(&booked), &booked["appointment"]["providerName"]), ("BOOKED", &json!(provider)));
    }
    for (emr, person) in [(stage.maple(), ONLY_AT_MAPLE), (stage.cedar(), ONLY_AT_CEDAR)] {
        let marked = emr.marked();
        assert_eq!(marked.len(), 1);
        let name = format!("{},{}", person.last_name, person.first_name).to_uppercase();
        assert_eq!(marked[0].details.name, Some(name));
    }
}

/// A house whose Cedar clinic has credentials of its own.
async fn with_cedars_own_credentials() -> Stage {
    let premises = around(Town::open().await).await;
    let emr = format!("emr = {{ url = \"{}\"", premises.town.url("cedar"));
    let own = format!(
        "webhook = [\n  {{ scheme = \"api_key\", secrets = [\"{CEDARS_KEY}\"] }},\n  \
         {{ scheme = \"hmac\", secrets = [\"{CEDARS_SECRET}\"] }},\n]\n{emr}"
    );
    premises.write_config(&premises.config().replace(&emr, &own));
    Stage::on(premises).await
}

#[tokio::test]
async fn a_credential_of_one_clinic_opens_nothing_of_another() {
    let stage = with_cedars_own_credentials().await;
    let (platform, cedars) = (stage.platform().clone(), stage.platform().with("x-api-key", CEDARS_KEY));
    let body = |line| {
        let call = platform.call("call-1", line, Some(MARIE.phone));
        call.tool_calls(&[("a", "search_patient", full_name(MARIE))]).to_string()
    };
    let unproven = (401, None);
    let unknown = (200, Some("CLINIC_UNKNOWN".to_owned()));
    for (sender, path, line, expected) in [
        (&platform, "/api/vapi", CEDAR_LINE, &unproven),
        (&platform, "/clinics/cedar/api/vapi", CEDAR_LINE, &unproven),
        (&platform, "/clinics/cedar/api/vapi", MAPLE_LINE, &unproven),
        (&platform, "/clinics/maple/api/vapi", CEDAR_LINE, &unknown),
        (&cedars, "/api/vapi", MAPLE_LINE, &unproven),
        (&cedars, "/clinics/maple/api/vapi", MAPLE_LINE, &unproven),
        (&cedars, "/clinics/maple/api/vapi", CEDAR_LINE, &unproven),
        (&cedars, "/clinics/cedar/api/vapi", MAPLE_LINE, &unknown),
    ] {
        let reply = sender.post(path, body(line)).await.expect("an answer");
        let told = (reply.status == 200).then(|| code(&reply.answer()).to_owned());
        assert_eq!((reply.status, told), *expected, "{path} {line}");
    }
    assert_eq!((stage.maple().requests(), stage.cedar().requests()), (BTreeMap::new(), BTreeMap::new()));

    let at_home = cedars.post("/api/vapi", body(CEDAR_LINE)).await.expect("an answer");
    assert_eq!(code(&at_home.answer()), "VERIFIED");
}

#[tokio::test]
async fn a_signature_of_one_clinic_opens_nothing_of_another() {
    let stage = with_cedars_own_credentials().await;
    let signed = async |secret: &str, line: &str| {
        let platform = SigningPlatform {
            url: format!("http://{}/api/vapi", stage.house.app.addr()),
            signing: Signing::Hmac(secret.into()),
            now: || vitarad::clock::now().as_second(),
        };
        let mut caller = Caller::dial(platform, "call-1", line, Some(MARIE.phone)).expect("a line");
        caller.tool("get_clinic_info", &json!({})).await.map(|answer| answer["clinic"]["name"].clone())
    };
    assert_eq!(signed(CEDARS_SECRET, CEDAR_LINE).await, Ok(json!("Cedar Street Clinic")));
    assert_eq!(signed(WEBHOOK_SECRET, MAPLE_LINE).await, Ok(json!("Maple Family Practice")));
    assert_eq!(signed(CEDARS_SECRET, MAPLE_LINE).await, Err(NoAnswer::Status(401)));
    assert_eq!(signed(WEBHOOK_SECRET, CEDAR_LINE).await, Err(NoAnswer::Status(401)));
}
