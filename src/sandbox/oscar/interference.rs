//! Staff who touch the very appointment we are working on, at the worst possible instant.

use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan};

use super::faults::Fault;
use super::world::{Draft, StaffBooking, StaffChange, World};

/// What staff do an instant before a request is carried out, which wants this appointment written.
pub(super) fn staff_before(
    world: &mut World,
    wanted: impl Fn(&World) -> Option<Draft>,
    faults: &[Fault],
    now: Timestamp,
) {
    for fault in faults {
        let Some(draft) = wanted(world) else { return };
        let now = world.wall(now);
        match (fault, draft.start.zip(draft.end), draft.provider_no) {
            (Fault::ClerkTakesSlotBefore, Some((start, end)), Some(provider_no)) => {
                take_slot(world, provider_no, start, end, now);
            }
            (Fault::ClerkCancelsBeforeUpdate, ..) => {
                let cancelled = StaffChange { status: Some("C".to_owned()), ..StaffChange::default() };
                // An unknown number is the request's own mistake and will be answered as such.
                let _ = world.staff_change(draft.id.unwrap_or_default(), cancelled, now);
            }
            _ => {}
        }
    }
}

/// What staff do an instant after a request about one appointment was carried out.
pub(super) fn staff_after(world: &mut World, id: i32, faults: &[Fault], now: Timestamp) {
    for fault in faults {
        let Some(row) = world.book.get(id).cloned() else { return };
        let now = world.wall(now);
        match fault {
            Fault::ClerkTakesSlotAfter => {
                let ends = row.ends(world.schedule.slot_minutes(&row.details.provider_no, row.date));
                let start = row.date.to_datetime(row.start);
                let end = row.date.at(0, 0, 0, 0).saturating_add(ends.minutes());
                take_slot(world, row.details.provider_no, start, end, now);
            }
            Fault::ClerkMovesAfter => {
                let moved = StaffChange { date: row.date.tomorrow().ok(), ..StaffChange::default() };
                let _ = world.staff_change(id, moved, now);
            }
            _ => {}
        }
    }
}

fn take_slot(world: &mut World, provider_no: String, start: DateTime, end: DateTime, now: DateTime) {
    let minutes = end.duration_since(start).as_mins();
    let booking = StaffBooking {
        provider_no,
        date: start.date(),
        start: start.time(),
        minutes: minutes.try_into().unwrap_or(1),
        demographic_no: 0,
        name: "WALK-IN".to_owned(),
        status: "t".to_owned(),
        notes: String::new(),
        reason: String::new(),
    };
    world.staff_book(booking, now);
}
