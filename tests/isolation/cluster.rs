//! Two nodes before one EMR are to it like one.

use serde_json::json;
use tokio::time::Instant;
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;

use crate::flood::Flood;
use crate::house::House;
use crate::pages::Report;
use crate::patience::until;
use crate::premises::Premises;
use crate::town::{MAPLE_LINE, Town};

const RATE: u32 = 40;
const BURST: u32 = 10;
const IN_FLIGHT: u32 = 4;
/// Enough that twice the rate would show.
const ENOUGH: usize = 200;

async fn premises(settings: &[(&str, &str)]) -> Premises {
    let mut premises = Premises::around(Town::open().await);
    for (name, value) in settings {
        premises.set(name, value);
    }
    premises
}

/// On one store, under different names.
async fn two_nodes(premises: &mut Premises) -> [House; 2] {
    let name = premises.environment["VITARAD_NODE__NAME"].clone();
    let first = House::open(premises).await;
    premises.set("VITARAD_NODE__NAME", &format!("{name}-too"));
    [first, House::open(premises).await]
}

/// The most that came in any stretch of time beyond what the rate gives in it.
fn most_beyond_the_rate(arrivals: &[Instant]) -> f64 {
    let (mut most, mut lowest) = (0.0_f64, 0.0_f64);
    for (before, at) in (0_u32..).zip(arrivals) {
        let given = at.duration_since(arrivals[0]).as_secs_f64() * f64::from(RATE);
        lowest = lowest.min(f64::from(before) - given);
        most = most.max(f64::from(before + 1) - given - lowest);
    }
    most
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_are_flooded_ask_an_emr_no_more_than_it_has_agreed_to() {
    let settings = [
        ("VITARAD_HTTP__CLINIC_PER_MINUTE", "1000000"),
        ("VITARAD_LIMITS__REQUESTS_PER_SECOND", &RATE.to_string()),
        ("VITARAD_LIMITS__BURST", &BURST.to_string()),
        ("VITARAD_LIMITS__MAX_IN_FLIGHT", &IN_FLIGHT.to_string()),
    ];
    let mut premises = premises(&settings).await;
    let houses = two_nodes(&mut premises).await;
    let _floods = houses.each_ref().map(|house| Flood::of(RATE, 1_000, &house.platform));
    let asked = || {
        let arrivals = premises.town.maple().0.arrivals().into_iter();
        // For a key of its own, which each process asks once.
        arrivals.filter(|(operation, _)| *operation != "login2").map(|(_, at)| at).collect::<Vec<_>>()
    };
    let arrivals = until("a flood", async || Some(asked()).filter(|asked| asked.len() > ENOUGH)).await;
    let beyond = most_beyond_the_rate(&arrivals);
    // Those in flight may have been held up on their way.
    assert!(beyond <= f64::from(BURST + IN_FLIGHT), "{beyond}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_finds_out_about_an_emr_the_other_knows_without_asking_it() {
    let mut premises = premises(&[("VITARAD_LIMITS__SLOW_MS", "200")]).await;
    let [first, second] = two_nodes(&mut premises).await;
    premises.town.maple().fail("*", Fault::Hang, None);
    let shut = async |house: &House| {
        let report = Report::of(house).await;
        (report.clinic("maple")["shut"] == json!(["soap.demographic"])).then_some(())
    };
    for id in ["a", "b", "c"] {
        let call = first.platform.call(id, MAPLE_LINE, Some(MARIE.phone));
        call.ask("find", "search_patient_by_phone", json!({})).await;
    }
    until("a breaker that shuts", async || shut(&first).await).await;
    until("another that follows", async || shut(&second).await).await;
    let before = premises.town.maple().requests();
    let call = second.platform.call("d", MAPLE_LINE, Some(MARIE.phone));
    let answer = call.ask("find", "search_patient_by_phone", json!({})).await;
    assert_eq!(answer["code"], "EMR_UNAVAILABLE", "{answer}");
    assert_eq!(premises.town.maple().requests(), before);
}
