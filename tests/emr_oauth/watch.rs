//! A token's end is told of before it comes: morning and evening, by the clinic's own clocks.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::EmrToken;
use vitarad_actors::testing::{TestHouse, World, clinic};

use crate::log::Log;

const HOUR: Duration = Duration::from_hours(1);
const SOON: &str = "the clinic's EMR token ends soon";
const ENDED: &str = "the clinic's EMR token has ended";

/// How often each of the two messages was logged.
fn said(log: &Log) -> (usize, usize) {
    let text = log.text();
    (text.matches(SOON).count(), text.matches(ENDED).count())
}

fn grant(world: &World, id: &str, expires_at: Option<Ts>) {
    let token = EmrToken {
        clinic: ClinicId::parse(id).unwrap(),
        granted_at: world.clock.now(),
        expires_at,
        watched_at: None,
    };
    world.store.peek().emr_tokens.push(token);
}

fn metrics(house: &TestHouse) -> String {
    let (mut registry, mut page) = (Registry::default(), String::new());
    house.house.meters.register(&mut registry);
    encode(&mut page, &registry).unwrap();
    page
}

/// The world begins at eight in the morning.
#[tokio::test(start_paused = true)]
async fn an_end_is_told_of_twice_a_day_from_three_days_before_and_a_token_without_end_never() {
    let log = Log::default();
    let sink = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || sink.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let mut world = World::of(vec![clinic("maple", 1), clinic("cedar", 1)], &[]);
    // Days are to pass, and not second by second.
    (world.settings.duty_every, world.settings.look_every) = (HOUR / 4, HOUR);
    world.settings.pace.dead_after = HOUR * 10;
    let end = world.clock.now().plus(HOUR * 24 * 4);
    grant(&world, "maple", Some(end));
    grant(&world, "cedar", None);
    grant(&world, "gone", Some(end));
    let house = world.begin(1, Crashpoints::default()).await;

    house.wait(HOUR * 25).await;
    assert_eq!(said(&log), (0, 0), "more than three days before");
    house.wait(HOUR * 10).await;
    assert_eq!(said(&log), (1, 0), "at six in the evening of the second day");
    house.wait(HOUR * 24).await;
    assert_eq!(said(&log), (3, 0));
    let page = metrics(&house);
    let gauge = format!("emr_token_ends_timestamp_seconds{{clinic=\"maple\"}} {}", end.0 / 1_000_000);
    assert!(
        page.contains(&gauge) && !page.contains("emr_token_ends_timestamp_seconds{clinic=\"cedar\"}"),
        "{page}"
    );
    house.stop().await;

    let next = world.begin(2, Crashpoints::default()).await;
    next.wait(HOUR / 2).await;
    assert_eq!(said(&log), (3, 0), "a restart does not say it again");
    next.wait(HOUR * 48).await;
    assert_eq!(said(&log), (6, 1), "and that it has come");
    next.stop().await;
}
