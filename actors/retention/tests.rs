//! When the voice platform is asked for what it did not tell.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use crate::crashpoint::Crashpoints;
use crate::domain::call_record::{CallFacts, CallStage};
use crate::domain::ids::{CallId, CallKey, ClinicId};
use crate::domain::phi::Phi;
use crate::domain::time::Ts;
use crate::ports::reports::{Asked, CallReports};
use crate::ports::store::{AuditAction, CallEvent, CallStore};
use crate::testing::{TestHouse, World, clinic};

const MINUTE: Duration = Duration::from_mins(1);

/// A platform that says the same of every call, and remembers who was asked about.
struct Says {
    what: fn(&CallKey) -> Asked,
    asked: Mutex<Vec<CallId>>,
}

#[async_trait]
impl CallReports for Says {
    fn is_ready(&self) -> bool {
        true
    }

    async fn report(&self, call: &CallKey) -> Asked {
        self.asked.lock().unwrap().push(call.call.clone());
        (self.what)(call)
    }
}

fn key(call: &str) -> CallKey {
    CallKey { clinic: ClinicId::parse("maple").unwrap(), call: CallId::parse(call).unwrap() }
}

fn message(call: &CallKey, kind: &str, stage: CallStage) -> CallEvent {
    CallEvent {
        key: call.clone(),
        kind: kind.to_owned(),
        digest: kind.to_owned(),
        body: Phi::new(b"{}".to_vec()),
        facts: CallFacts { stage: Some(stage), ..CallFacts::default() },
        audited: (kind == CallEvent::REPORT).then_some(AuditAction::ReportFetched),
    }
}

/// A house whose platform says this, and a call that was last heard of when the house began.
async fn house(what: fn(&CallKey) -> Asked) -> (World, TestHouse, Arc<Says>) {
    let mut world = World::of(vec![clinic("maple", 1)], &[]);
    let says = Arc::new(Says { what, asked: Mutex::default() });
    world.reports = Arc::<Says>::clone(&says);
    // Days are to pass, and not second by second.
    (world.settings.duty_every, world.settings.look_every) = (MINUTE / 2, MINUTE * 60);
    world.settings.pace.dead_after = MINUTE * 60;
    let heard = message(&key("c1"), "status-update", CallStage::InProgress);
    world.store.keep_event(heard, world.clock.now()).await.unwrap();
    let house = world.begin(1, Crashpoints::default()).await;
    (world, house, says)
}

fn times_asked(says: &Says) -> usize {
    says.asked.lock().unwrap().len()
}

async fn stage(world: &World) -> Option<CallStage> {
    world.store.call_record(&key("c1")).await.unwrap().unwrap().stage
}

#[tokio::test(start_paused = true)]
async fn a_call_that_fell_silent_is_asked_for_once_and_its_record_completed_and_audited() {
    let found = |call: &CallKey| Asked::Report(Box::new(message(call, CallEvent::REPORT, CallStage::Ended)));
    let (world, house, says) = house(found).await;
    house.wait(MINUTE * 9).await;
    assert_eq!((times_asked(&says), stage(&world).await), (0, Some(CallStage::InProgress)));
    house.wait(MINUTE * 2).await;
    assert_eq!((times_asked(&says), stage(&world).await), (1, Some(CallStage::Ended)));
    house.wait(MINUTE * 60 * 48).await;
    assert_eq!(times_asked(&says), 1);
    let audited =
        world.store.peek().audit.iter().filter(|entry| entry.action == AuditAction::ReportFetched).count();
    assert_eq!(audited, 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_goes_on_is_asked_for_less_and_less_and_given_up_after_a_day() {
    let (_world, house, says) = house(|_| Asked::Unfinished).await;
    house.wait(MINUTE * 31).await;
    assert_eq!(times_asked(&says), 2, "after ten minutes, and twenty more");
    house.wait(MINUTE * 60 * 24).await;
    let asked = times_asked(&says);
    house.wait(MINUTE * 60 * 48).await;
    assert_eq!((asked, times_asked(&says)), (8, 8));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_platform_does_not_know_or_that_is_another_clinics_is_not_asked_for_again() {
    for what in [(|_| Asked::Unknown) as fn(&CallKey) -> Asked, |_| Asked::Elsewhere] {
        let (world, house, says) = house(what).await;
        house.wait(MINUTE * 60 * 48).await;
        assert_eq!(times_asked(&says), 1);
        assert_eq!(stage(&world).await, Some(CallStage::InProgress));
    }
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_is_away_costs_a_call_none_of_its_attempts() {
    let (world, house, says) = house(|_| Asked::Away).await;
    house.wait(MINUTE * 60).await;
    assert!(times_asked(&says) > 50, "{}", times_asked(&says));
    let row = &world.store.peek().records[&key("c1")];
    assert_eq!(row.report_asked, 0);
    assert!(row.report_due.is_some_and(|due| due < Ts(i64::MAX)));
}

#[tokio::test(start_paused = true)]
async fn a_report_that_comes_by_itself_is_not_asked_for() {
    let (world, house, says) = house(|_| Asked::Unknown).await;
    house.wait(MINUTE).await;
    let report = message(&key("c1"), CallEvent::REPORT, CallStage::Ended);
    world.store.keep_event(report, world.clock.now()).await.unwrap();
    house.wait(MINUTE * 60).await;
    assert_eq!(times_asked(&says), 0);
}
