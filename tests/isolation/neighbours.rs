//! The Maple clinic in trouble, the Cedar clinic beside it.

use futures::future::join_all;
use jiff::ToSpan;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::{MARIE, OMAR, WEI};
use vitarad::store::Engine;

use crate::flood::Flood;
use crate::house::House;
use crate::pages::{Counters, Report};
use crate::patience::until;
use crate::postgres;
use crate::premises::Premises;
use crate::quiet_day;
use crate::town::{MAPLE_LINE, Town, today};

/// Ten times the 300 a minute that `http.clinic_per_minute` allows.
const TEN_TIMES: u32 = 50;

/// What is full stays full: what hangs keeps its place until its caller's deadline, a write for longer than any test, and no
/// breaker mends that.
const LASTING: &str = "id = \"maple\"\nlimits = { slow_ms = 15000, write_timeout_ms = 120000 }";

async fn premises(settings: &[(&str, &str)]) -> Premises {
    let mut premises = Premises::around(Town::open().await);
    premises.write_config(&premises.config().replace("id = \"maple\"", LASTING));
    for (name, value) in settings {
        premises.set(name, value);
    }
    premises
}

async fn is_stuck(house: &House) -> bool {
    Report::of(house).await.maple_is_stuck()
}

/// A day at Cedar beside a Maple in trouble counts what a quiet one does: no error, no refusal, no request to the EMR more;
/// and nothing of Cedar's is left waiting. Returns what was reported afterwards.
async fn is_as_quiet_as_ever(house: &House, premises: &Premises) -> Report {
    quiet_day::at_cedar(&house.platform).await;
    let (counters, report) = (Counters::of(house).await, Report::newer(house).await);

    let elsewhere = self::premises(&[]).await;
    let quiet_house = House::open(&elsewhere).await;
    quiet_day::at_cedar(&quiet_house.platform).await;
    let quiet = Counters::of(&quiet_house).await;
    let asked = quiet.total(&["emr_requests", "cedar"]);
    assert_eq!(quiet.total(&["emr_requests", "cedar", "outcome=\"ok\""]), asked, "a quiet day is quiet");
    assert_eq!(counters.of_clinic("cedar"), quiet.of_clinic("cedar"));
    assert_eq!(premises.town.cedar().requests(), elsewhere.town.cedar().requests());
    for incident in ["laws_broken", "actor_exits", "door_refusals", "turned_away"] {
        assert_eq!(counters.total(&[incident]), 0, "{incident}");
    }
    let cedar = report.clinic("cedar");
    assert_eq!(cedar["shut"], json!([]));
    for queue in ["waiting", "in_flight", "unsettled", "handed_to_staff"] {
        assert_eq!(cedar[queue], 0, "{queue}");
    }
    report
}

async fn hangs_and_is_flooded(store: Option<SecretString>) {
    // What the door lets through at first must find room before the EMR; else it is refused there, and when the first give
    // up nobody stands behind them.
    let mut settings = vec![("VITARAD_HTTP__CLINIC_BURST", "40")];
    settings.extend(store.as_ref().map(|url| ("VITARAD_STORE__URL", url.expose_secret())));
    let premises = premises(&settings).await;
    let house = House::open(&premises).await;
    premises.town.maple().fail("*", Fault::Hang, None);
    let _flood = Flood::of(TEN_TIMES, 1_000, &house.platform);
    until("a clinic over its rate, whose EMR is stuck", async || {
        let limited = Counters::of(&house).await.total(&["door_tool_calls", "maple", "limited"]);
        (limited > 0 && is_stuck(&house).await).then_some(())
    })
    .await;
    let report = is_as_quiet_as_ever(&house, &premises).await;
    assert!(report.maple_is_stuck(), "the trouble lasted: {report:?}");
    assert_eq!(Counters::of(&house).await.total(&["mailbox_refusals"]), 0, "the flood ends at the door");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clinic_that_hangs_and_is_flooded_costs_its_neighbour_on_sqlite_nothing() {
    hangs_and_is_flooded(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clinic_that_hangs_and_is_flooded_costs_its_neighbour_on_postgresql_nothing() {
    if let Some(Engine::Postgres { url }) = postgres::database().await {
        hangs_and_is_flooded(Some(url)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_that_the_door_lets_in_fills_the_queues_of_its_own_clinic_only() {
    let premises = premises(&[
        ("VITARAD_HTTP__CLINIC_PER_MINUTE", "1000000"),
        ("VITARAD_HTTP__CLINIC_BURST", "1000000"),
        ("VITARAD_HOUSE__LIVE_CALLS_PER_CLINIC", "96"),
        // Fewer than `limits.queue`, so that it is the mailbox that is full.
        ("VITARAD_HOUSE__MAILBOX", "48"),
    ])
    .await;
    let house = House::open(&premises).await;
    premises.town.maple().fail("*", Fault::Hang, None);
    let _flood = Flood::of(2 * TEN_TIMES, 192, &house.platform);
    until("full queues", async || {
        let counters = Counters::of(&house).await;
        let refusing = |role: &&str| counters.total(&["mailbox_refusals", role]) > 0;
        let refusing = ["\"emr_link\"", "\"calls\""].iter().all(refusing);
        (refusing && is_stuck(&house).await).then_some(())
    })
    .await;
    let report = is_as_quiet_as_ever(&house, &premises).await;
    assert!(report.maple_is_stuck(), "the trouble lasted: {report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_that_hang_at_one_clinic_take_no_place_from_those_at_another() {
    let premises = premises(&[("VITARAD_HOUSE__SAGAS_PER_CLINIC", "2")]).await;
    let house = House::open(&premises).await;
    let mut ready = Vec::new();
    // On different days: whoever books holds the provider's day.
    for (week, person) in (1..).zip([MARIE, OMAR, WEI]) {
        let call = house.platform.call(&format!("maple-{week}"), MAPLE_LINE, Some(person.phone));
        call.verify(person).await;
        let from = json!({ "startDate": today().saturating_add(week.weeks()).to_string() });
        let found = call.ask("find", "find_earliest_appointment", from).await;
        assert_eq!(found["code"], "SLOT_FOUND", "{found}");
        ready.push((json!({ "slotId": found["slot"]["slotId"] }), call));
    }
    premises.town.maple().fail("addAppointment", Fault::Hang, None);
    let asked = ready.into_iter().map(|(slot, call)| async move {
        call.ask("book", "create_appointment", slot).await["code"].clone()
    });
    let mut codes = join_all(asked).await;
    codes.sort_by_key(ToString::to_string);
    assert_eq!(codes, ["BUSY", "PENDING", "PENDING"], "Maple has no place left");
    let report = is_as_quiet_as_ever(&house, &premises).await;
    assert_eq!(report.clinic("maple")["unsettled"], 2, "they hang still");
}
