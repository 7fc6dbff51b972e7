//! Somebody cancels, and the time goes to somebody who waits for it. This house has no gateway that delivers, so it goes
//! there by way of the clinic's staff.

use serde_json::json;
use vitarad::sandbox::oscar::demo::{MARIE, WEI};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::slot_offer::OfferState;
use vitarad_actors::ports::store::{AuditAction, AuditEntry, OfferRow};

use crate::patience::until;
use crate::stage::{Stage, code};

async fn offers(stage: &Stage) -> Vec<OfferRow> {
    let house = stage.house.app.house();
    let clinic = ClinicId::parse("maple").expect("an id");
    let audit = AuditEntry {
        at: house.now(),
        clinic: clinic.clone(),
        call: None,
        action: AuditAction::OffersRead,
        patients: vec![],
        outcome: "OK",
    };
    house.store.offers(&clinic, audit).await.expect("the store")
}

async fn marie_cancels_while_somebody_waits(settings: &[(&str, &str)]) -> Stage {
    let stage = Stage::with(settings).await;
    let marie = stage.rings("call-1", MARIE);
    marie.verify(MARIE).await;
    let listed = marie.ask("list", "check_appointments", json!({})).await;
    let hers = json!({ "appointmentId": listed["appointments"][0]["appointmentId"] });
    let other = stage.rings("call-2", WEI);
    other.verify(WEI).await;
    let waits = json!({ "smsConsent": true });
    let waiting = other.ask("wait", "add_to_waitlist", waits).await;
    assert_eq!(code(&waiting), "WAITLISTED", "{waiting}");
    assert!(waiting["say"].as_str().is_some_and(|say| say.contains("Somebody will call")), "{waiting}");
    assert_eq!(code(&marie.ask("cancel", "cancel_appointment", hers).await), "CANCELLED");
    stage
}

#[tokio::test]
async fn time_that_comes_free_is_put_on_the_list_beside_the_first_who_waits_and_can_be_booked() {
    let on = [("VITARAD_SLOT_OFFERS__ENABLED", "true"), ("VITARAD_SLOT_OFFERS__LEAST_NOTICE_MINUTES", "0")];
    let stage = marie_cancels_while_somebody_waits(&on).await;
    let made = until("an offer", async || offers(&stage).await.pop()).await;
    assert_eq!(made.state, OfferState::ToBeCalled);
    let freed = stage.maple().rows_of(MARIE).into_iter().find(|row| !row.occupies()).expect("her old one");
    assert_eq!(
        (made.slot.date, made.slot.provider.as_str()),
        (freed.date, freed.details.provider_no.as_str())
    );
    let other = stage.rings("call-3", WEI);
    other.verify(WEI).await;
    let it = json!({
        "providerId": made.slot.provider.as_str(),
        "date": made.slot.date.to_string(),
        "startTime": made.slot.interval.start.to_string(),
    });
    let booked = other.ask("book", "create_appointment", it).await;
    assert_eq!(code(&booked), "BOOKED", "nothing is kept from whoever the clinic calls: {booked}");
}
