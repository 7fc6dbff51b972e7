//! What nobody settled is found again, by whoever comes next (law O-2).

use vitarad_actors::domain::booking::{EffectState, IntentState};
use vitarad_actors::domain::ids::AppointmentNo;
use vitarad_actors::ports::store::{JournalCounts, JournalRow, LookAgain};

use super::{due, granted, moving, second_half};
use crate::fixture::House;
use crate::samples::{NOW, booked, booking, clinic, done, later, settlement, slot};

pub(crate) async fn a_write_nobody_settled_is_due_after_its_last_arrival_and_comes_back_whole(
    house: &dyn House,
) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    assert!(due(&*a.store, a.generation, later(19)).await.is_empty());
    let rows = due(&*a.store, a.generation, later(20)).await;
    let [row] = rows.as_slice() else { panic!("one row is due") };
    assert!(row.effect == wish.effect && row.intent == wish.intent);
    assert_eq!((row.state, row.intent_state), (EffectState::Announced, IntentState::Open));
    assert_eq!((row.announced_at, row.last_arrival, row.due), (NOW, later(20), later(20)));
    assert_eq!(row.order.tool_call, wish.order.tool_call);
    assert_eq!(row.order.language, wish.order.language);
    assert!(row.order.seen == wish.order.seen && row.order.text_to == wish.order.text_to);
}

pub(crate) async fn an_unknown_write_is_looked_at_again_when_it_says_and_watched_until_it_is_let_go(
    house: &dyn House,
) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    let mut unknown = settlement(&wish, EffectState::Unknown, None);
    unknown.look_again = Some(LookAgain { last_arrival: later(30), due: later(40) });
    a.store.settle(unknown, NOW).await.unwrap();
    assert!(due(&*a.store, a.generation, later(39)).await.is_empty());
    assert_eq!(due(&*a.store, a.generation, later(40)).await[0].last_arrival, later(30));
    a.store.settle(settlement(&wish, EffectState::Unknown, None), later(40)).await.unwrap();
    assert_eq!(due(&*a.store, a.generation, later(40)).await[0].due, later(40), "nothing said: as before");
    let mut absent = settlement(&wish, EffectState::Absent, IntentState::HandedToStaff);
    absent.look_again = Some(LookAgain { last_arrival: later(30), due: later(900) });
    a.store.settle(absent, later(41)).await.unwrap();
    assert!(due(&*a.store, a.generation, later(899)).await.is_empty());
    assert_eq!(due(&*a.store, a.generation, later(900)).await[0].state, EffectState::Absent);
    a.store.settle(settlement(&wish, done(7), None), later(900)).await.unwrap();
    assert!(due(&*a.store, a.generation, later(9_999)).await.is_empty());
}

pub(crate) async fn a_move_that_died_between_its_halves_is_due_at_once_for_its_next_owner(house: &dyn House) {
    let a = house.process("a").await;
    let first = moving(1, a.generation);
    granted(&*a.store, &first).await;
    a.store.settle(settlement(&first, done(7), None), NOW).await.unwrap();
    let rows = due(&*a.store, a.generation, NOW).await;
    assert_eq!(rows.len(), 1, "the newest write of an open intent counts, settled or not");
    let b = house.process("a").await;
    assert!(due(&*b.store, b.generation, later(9_999)).await.is_empty(), "not its own yet");
    assert_eq!(b.store.adopt_journal(&clinic("maple"), b.generation, later(1)).await.unwrap(), 1);
    assert_eq!(b.store.adopt_journal(&clinic("maple"), b.generation, later(1)).await.unwrap(), 0);
    let rows = due(&*b.store, b.generation, later(1)).await;
    assert_eq!((rows.len(), rows[0].state, rows[0].due), (1, done(7), later(1)));
    let mut second = second_half(&first, AppointmentNo(5));
    second.sender = b.generation;
    granted(&*b.store, &second).await;
    let rows = due(&*b.store, b.generation, later(20)).await;
    assert!(rows.iter().any(|row| row.effect.id == second.effect.id), "and now the second half");
}

pub(crate) async fn a_step_that_was_done_is_not_looked_at_once_the_next_one_is_written(house: &dyn House) {
    let a = house.process("a").await;
    let first = moving(1, a.generation);
    granted(&*a.store, &first).await;
    let mut step = settlement(&first, done(7), None);
    // In case this life does not get to the second half.
    step.look_again = Some(LookAgain { last_arrival: NOW, due: later(30) });
    a.store.settle(step, NOW).await.unwrap();
    assert!(due(&*a.store, a.generation, later(29)).await.is_empty());
    assert_eq!(due(&*a.store, a.generation, later(30)).await.len(), 1);
    let second = second_half(&first, AppointmentNo(5));
    granted(&*a.store, &second).await;
    let rows = due(&*a.store, a.generation, later(9_999)).await;
    assert!(matches!(rows.as_slice(), [row] if row.effect.id == second.effect.id), "the newest and no other");
    a.store.settle(settlement(&second, done(5), booked(7)), NOW).await.unwrap();
    assert!(due(&*a.store, a.generation, later(9_999)).await.is_empty());
    let b = house.process("a").await;
    assert_eq!(b.store.adopt_journal(&clinic("maple"), b.generation, NOW).await.unwrap(), 0);
}

pub(crate) async fn an_absent_addition_is_watched_after_its_intent_is_closed_until_it_turns_up(
    house: &dyn House,
) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    let watch = Some(LookAgain { last_arrival: later(30), due: later(60) });
    let mut absent = settlement(&wish, EffectState::Absent, IntentState::HandedToStaff);
    absent.look_again = watch;
    a.store.settle(absent, later(40)).await.unwrap();
    let b = house.process("a").await;
    assert_eq!(b.store.adopt_journal(&clinic("maple"), b.generation, later(50)).await.unwrap(), 1);
    assert_eq!(due(&*b.store, b.generation, later(50)).await.len(), 1);
    let mut turned_up = settlement(&wish, done(7), None);
    turned_up.settler = b.generation;
    turned_up.look_again = watch;
    b.store.settle(turned_up, later(50)).await.unwrap();
    assert!(due(&*b.store, b.generation, later(9_999)).await.is_empty());
}

pub(crate) async fn what_a_living_process_works_at_is_not_adopted(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    granted(&*a.store, &booking(1, slot(540), a.generation)).await;
    assert_eq!(b.store.adopt_journal(&clinic("maple"), b.generation, NOW).await.unwrap(), 0);
    a.store.release(a.generation, false).await.unwrap();
    assert_eq!(
        b.store.adopt_journal(&clinic("birch"), b.generation, NOW).await.unwrap(),
        0,
        "not its clinic"
    );
    assert_eq!(b.store.adopt_journal(&clinic("maple"), b.generation, NOW).await.unwrap(), 1);
}

pub(crate) async fn the_journal_is_read_oldest_first_and_counted(house: &dyn House) {
    let a = house.process("a").await;
    for (no, start) in [(1, 540), (2, 555), (3, 570)] {
        let mut wish = booking(no, slot(start), a.generation);
        wish.last_arrival = later(u64::from(start));
        granted(&*a.store, &wish).await;
        if no == 3 {
            let handed = settlement(&wish, EffectState::HandedToStaff, IntentState::HandedToStaff);
            a.store.settle(handed, NOW).await.unwrap();
        }
    }
    let starts = |rows: &[JournalRow]| -> Vec<u16> {
        rows.iter().map(|row| row.effect.slot().interval.start.get()).collect()
    };
    assert_eq!(starts(&due(&*a.store, a.generation, later(9_999)).await), [540, 555]);
    let one = a.store.due_effects(&clinic("maple"), a.generation, later(9_999), 1).await.unwrap();
    assert_eq!(starts(&one), [540]);
    let counts = a.store.journal_counts(&clinic("maple")).await.unwrap();
    assert_eq!(counts, JournalCounts { unsettled: 2, handed_to_staff: 1 });
    let elsewhere = a.store.journal_counts(&clinic("birch")).await.unwrap();
    assert_eq!(elsewhere, JournalCounts::default());
}
