//! The rounds: staff write before the callers, after them, and in the same moment.

use futures::future::join_all;
use vitarad::sandbox::oscar::{Fault, FaultRule, Flavour};

use crate::callers::{Caller, crowd};
use crate::day::{Day, SLOTS};
use crate::house::House;
use crate::premises::Premises;
use crate::town::{Emr, Town, world};
use crate::verdict::{Tally, judge};

/// Enough that sixty-four of them have a birthday to themselves.
const PATIENTS: usize = 200;
const DAY_READ: &str = "getAppointmentsForDateRangeAndProvider2";

struct Race {
    premises: Premises,
    _house: House,
    callers: Vec<Caller>,
    day: Day,
}

impl Race {
    /// Everybody is on the line and known; nobody has asked for a slot yet. The bounds against floods are lifted: this
    /// flood is the test.
    async fn ready() -> Self {
        let town = Town::of(vec![("maple", world(Flavour::Maple).with_patients(PATIENTS))]).await;
        let mut premises = Premises::around(town);
        for (setting, value) in [
            ("HTTP__TOOL_DEADLINE_MS", "15000"),
            ("HTTP__CLINIC_PER_MINUTE", "100000"),
            ("HTTP__CLINIC_BURST", "10000"),
            ("LIMITS__REQUESTS_PER_SECOND", "10000"),
            ("LIMITS__BURST", "10000"),
            ("LIMITS__QUEUE", "1000"),
            ("STORE__SYNCHRONOUS", "off"),
        ] {
            premises.set(&format!("VITARAD_{setting}"), value);
        }
        let house = House::open(&premises).await;
        let callers = crowd(&house.platform, &premises.town.maple());
        join_all(callers.iter().map(Caller::verify)).await;
        Self { premises, _house: house, callers, day: Day::ahead() }
    }

    fn emr(&self) -> Emr {
        self.premises.town.maple()
    }

    fn fault(&self, fault: Fault, times: u32, probability: Option<f64>) {
        let rule =
            FaultRule { operation: "addAppointment".to_owned(), fault, times: Some(times), probability };
        self.emr().0.add_fault(rule).expect("a rule that can strike");
    }

    /// All of them at once, each for a favourite of their own first.
    async fn run(&self) -> Tally {
        let asking = self.callers.iter().enumerate().map(|(place, caller)| caller.book(&self.day, place));
        let heard = join_all(asking).await;
        judge(&self.emr(), &self.day, &heard)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_staff_the_ten_slots_are_ten_callers() {
    let race = Race::ready().await;
    assert_eq!(race.run().await, Tally { callers: SLOTS, staff: 0, yielded: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_staff_wrote_a_moment_before_is_seen_and_never_written_over() {
    let race = Race::ready().await;
    for slot in [0, 4, 9] {
        assert!(race.day.staff_take(&race.emr(), slot));
    }
    assert_eq!(race.run().await, Tally { callers: SLOTS - 3, staff: 3, yielded: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_staff_take_between_our_look_and_our_write_is_theirs_and_the_caller_hears_it() {
    let race = Race::ready().await;
    race.fault(Fault::ClerkTakesSlotBefore, 4, None);
    assert_eq!(race.run().await, Tally { callers: SLOTS - 4, staff: 4, yielded: 4 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_staff_take_right_after_our_write_is_theirs_and_the_caller_hears_it() {
    let race = Race::ready().await;
    race.fault(Fault::ClerkTakesSlotAfter, 4, None);
    assert_eq!(race.run().await, Tally { callers: SLOTS - 4, staff: 4, yielded: 4 });
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_who_book_in_the_same_moment_and_the_callers_share_the_day_without_a_double_booking() {
    for (operation, every) in [("addAppointment", 1), (DAY_READ, 3), (DAY_READ, 8)] {
        let race = Race::ready().await;
        let emr = race.emr();
        let (tally, ()) = tokio::join!(race.run(), race.day.staff_keep_pace(&emr, operation, every, 4));
        assert_eq!(tally.callers + tally.staff, SLOTS, "{operation}: {tally:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_who_are_before_after_and_beside_us_in_turn_get_what_they_took() {
    let race = Race::ready().await;
    assert!(race.day.staff_take(&race.emr(), 5));
    race.fault(Fault::Latency { ms: 5 }, 50, None);
    race.fault(Fault::ClerkTakesSlotBefore, 2, Some(0.5));
    race.fault(Fault::ClerkTakesSlotAfter, 2, Some(0.5));
    let emr = race.emr();
    let (tally, ()) = tokio::join!(race.run(), race.day.staff_keep_pace(&emr, "addAppointment", 2, 2));
    assert_eq!(tally.callers + tally.staff, SLOTS, "{tally:?}");
    assert!(tally.yielded > 0 && tally.staff > 1, "staff came in our way: {tally:?}");
}
