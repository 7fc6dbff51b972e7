//! Two nodes before one EMR are to it like one, and each tells the other what it has found out.

use secrecy::ExposeSecret;
use serde_json::json;
use tokio::time::{Duration, Instant};
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad::store::Engine;
use vitarad_actors::desk::DeskMsg;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::trouble::{Lasts, Part};
use vitarad_actors::testing::Death;

use crate::flood::Flood;
use crate::house::House;
use crate::pages::{Counters, Report};
use crate::patience::until;
use crate::postgres;
use crate::premises::Premises;
use crate::town::{MAPLE_LINE, Town};

const RATE: u32 = 40;
const BURST: u32 = 10;
const IN_FLIGHT: u32 = 4;
/// Enough that twice the rate would show.
const ENOUGH: usize = 200;

/// On the store that several nodes have. `None`: there is no PostgreSQL here, which has been said, and is allowed.
async fn premises(settings: &[(&str, String)]) -> Option<Premises> {
    let Engine::Postgres { url } = postgres::database().await? else { unreachable!() };
    let mut premises = Premises::around(Town::open().await);
    premises.set("VITARAD_STORE__URL", url.expose_secret());
    for (name, value) in settings {
        premises.set(name, value);
    }
    Some(premises)
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

fn limits() -> [(&'static str, String); 4] {
    [
        ("VITARAD_HTTP__CLINIC_PER_MINUTE", "1000000".to_owned()),
        ("VITARAD_LIMITS__REQUESTS_PER_SECOND", RATE.to_string()),
        ("VITARAD_LIMITS__BURST", BURST.to_string()),
        ("VITARAD_LIMITS__MAX_IN_FLIGHT", IN_FLIGHT.to_string()),
    ]
}

/// What the flooded clinic's EMR was asked, and when.
fn asked(premises: &Premises) -> Vec<Instant> {
    let arrivals = premises.town.maple().0.arrivals().into_iter();
    // For a key of its own, which each process asks once.
    arrivals.filter(|(operation, _)| *operation != "login2").map(|(_, at)| at).collect()
}

async fn asked_more(premises: &Premises, more: usize) {
    let aim = asked(premises).len() + more;
    until("a flood", async || (asked(premises).len() >= aim).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_that_are_flooded_ask_an_emr_no_more_than_it_has_agreed_to() {
    let Some(mut premises) = premises(&limits()).await else { return };
    let houses = two_nodes(&mut premises).await;
    let _floods = houses.each_ref().map(|house| Flood::of(RATE, 1_000, &house.platform));
    asked_more(&premises, ENOUGH).await;
    let beyond = most_beyond_the_rate(&asked(&premises));
    // Those in flight may have been held up on their way.
    assert!(beyond <= f64::from(BURST + IN_FLIGHT), "{beyond}");
}

/// What the flooded clinic's EMR has answered to this node.
async fn answered_to(house: &House) -> usize {
    let answered = ["vitarad_emr_requests_total", "clinic=\"maple\"", "outcome=\"ok\""];
    Counters::of(house).await.total(&answered).try_into().expect("a few")
}

/// Three nodes, each flooded from when it begins; the first leaves before the third comes.
async fn come_and_go_amid_a_flood(premises: &mut Premises, more: usize) {
    let name = premises.environment["VITARAD_NODE__NAME"].clone();
    let mut nodes: Vec<(House, Flood)> = Vec::new();
    for nth in 0..3 {
        premises.set("VITARAD_NODE__NAME", &format!("{name}-{nth}"));
        let house = House::open(premises).await;
        let flood = Flood::of(RATE, 1_000, &house.platform);
        // It asks nothing before the others count it.
        until("its own part", async || (answered_to(&house).await >= more).then_some(())).await;
        nodes.push((house, flood));
        if nodes.len() == 2 {
            let (leaving, flood) = nodes.remove(0);
            drop(flood);
            leaving.close().await;
            asked_more(premises, more).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_join_and_leave_amid_a_flood_ask_an_emr_no_more_than_it_has_agreed_to() {
    let Some(mut premises) = premises(&limits()).await else { return };
    come_and_go_amid_a_flood(&mut premises, ENOUGH / 4).await;
    let beyond = most_beyond_the_rate(&asked(&premises));
    assert!(beyond <= f64::from(BURST + IN_FLIGHT), "{beyond}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_join_and_leave_amid_a_flood_never_ask_an_emr_more_at_once_than_it_has_places() {
    let Some(mut premises) = premises(&limits()).await else { return };
    // Fewer than are asked for, so that every place is wanted and askers give up while the EMR is at work for them.
    premises.town.maple().fail("*", Fault::Latency { ms: 250 }, None);
    come_and_go_amid_a_flood(&mut premises, ENOUGH / 8).await;
    let most = premises.town.maple().most_at_once();
    assert_eq!(most, IN_FLIGHT as usize, "and no fewer while there is one node");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_node_finds_out_about_an_emr_the_other_knows_without_asking_it() {
    let Some(mut premises) = premises(&[("VITARAD_LIMITS__SLOW_MS", "200".to_owned())]).await else { return };
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_rests_on_one_node_is_shown_by_the_other_until_it_rests_no_longer() {
    let Some(mut premises) = premises(&[]).await else { return };
    let name = premises.environment["VITARAD_NODE__NAME"].clone();
    let [first, second] = two_nodes(&mut premises).await;
    let maple = ClinicId::parse("maple").expect("an id");
    let elsewhere = async |house: &House, clinic: &str| {
        Report::of(house).await.clinic(clinic)["resting_elsewhere"].clone()
    };
    assert_eq!(elsewhere(&second, "maple").await, json!([]));
    until("a desk that rests, shown by the other node", async || {
        if let Some(desk) = first.app.house().directory.desk(&maple) {
            let _ = desk.post(DeskMsg::Die(Death::Error));
        }
        (elsewhere(&second, "maple").await == json!([format!("desk on {name}")])).then_some(())
    })
    .await;
    assert_eq!(elsewhere(&second, "cedar").await, json!([]), "no other clinic's");
    assert_eq!(elsewhere(&first, "maple").await, json!([]), "to itself it is not elsewhere");
    let report = Report::of(&second).await;
    assert_eq!(report.clinic("maple")["resting"], json!([]), "nobody rests only because another does");

    // The minute of its rest is cut short.
    let (house, desk) = (first.app.house(), Part::Actor("desk".to_owned()));
    house
        .store
        .tell(&maple, &desk, Lasts::For(Duration::from_secs(1)), house.generation)
        .await
        .expect("a row");
    until("nothing to show", async || (elsewhere(&second, "maple").await == json!([])).then_some(())).await;
}
