//! The appointments staff have already made, in all the shapes they leave behind.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{Span, ToSpan};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::people::FIRST_OF_CROWD;
use super::staff::{DOCTORS, QUARTER_HOURS};
use super::weekdays;
use crate::sandbox::oscar::demo;
use crate::sandbox::oscar::world::{Appointment, Details, World, slots};

const DAYS_BEFORE: i32 = 7;
const DAYS_AFTER: i32 = 30;
/// How likely a bookable slot is taken.
const TAKEN: f64 = 0.3;
const BOOKABLE: [char; 3] = ['1', '2', 'T'];

/// How the author of a row stores that it ends at a full minute.
#[derive(Clone, Copy)]
enum End {
    /// Staff's screens: the last minute.
    LastMinute,
    /// An import: the start of the next one.
    Exact,
    /// A web service: a second earlier.
    LastSecond,
}

/// One appointment as somebody at the desk would say it.
struct Entry<'a> {
    provider_no: &'a str,
    start: DateTime,
    minutes: i32,
    patient: (i32, String),
    status: &'a str,
    end: End,
    author: &'a str,
}

pub(super) fn fill(world: &mut World, today: Date, luck: &mut StdRng) {
    book_marie(world, today);
    // Whoever plays one of the demo people must know what that person has booked: nothing by chance.
    let crowd = world.patients.iter().filter(|row| row.number >= FIRST_OF_CROWD);
    let patients: Vec<_> =
        crowd.map(|row| (row.number, format!("{},{}", row.last_name, row.first_name))).collect();
    for date in weekdays(today, DAYS_BEFORE, DAYS_AFTER) {
        if date.weekday() == Weekday::Friday {
            block_friday(world, date);
        }
        for doctor in DOCTORS {
            fill_day(world, doctor, date, date < today, &patients, luck);
        }
    }
}

fn book_marie(world: &mut World, today: Date) {
    let third = weekdays(today, 0, 7).filter(|date| *date > today).nth(2).unwrap_or(today);
    enter(
        world,
        &Entry {
            provider_no: QUARTER_HOURS,
            start: third.at(10, 0, 0, 0),
            minutes: 15,
            patient: (demo::MARIE.demographic_no, "Tremblay,Marie".to_owned()),
            status: "t",
            end: End::LastMinute,
            author: "desk, front",
        },
    );
}

/// Clerks block time with an appointment for nobody.
fn block_friday(world: &mut World, date: Date) {
    enter(
        world,
        &Entry {
            provider_no: QUARTER_HOURS,
            start: date.at(16, 0, 0, 0),
            minutes: 60,
            patient: (0, "Do_Not_Book".to_owned()),
            status: "t",
            end: End::LastMinute,
            author: "desk, front",
        },
    );
}

fn fill_day(
    world: &mut World,
    provider_no: &str,
    date: Date,
    past: bool,
    patients: &[(i32, String)],
    luck: &mut StdRng,
) {
    let Some(minutes) = world.schedule.slot_minutes(provider_no, date) else { return };
    let Some(timecode) = world.schedule.timecode(provider_no, date) else { return };
    let bookable = |slot: &(i32, char)| BOOKABLE.contains(&slot.1) && (slot.1 != '2' || minutes == 30);
    let starts: Vec<i32> = slots(timecode).filter(bookable).map(|slot| slot.0).collect();
    for start in starts {
        if !luck.random_bool(TAKEN) || is_taken(world, provider_no, date, start, minutes) {
            continue;
        }
        let Some(patient) = patients.choose(luck).cloned() else { continue };
        let statuses: &[_] =
            if past { &["B", "B", "P", "N", "C", "TV"] } else { &["t", "t", "t", "t", "t", "T", "C", "CS"] };
        let ends = [
            (End::LastMinute, "desk, front"),
            (End::LastMinute, "desk, front"),
            (End::Exact, "import"),
            (End::LastSecond, "kiosk"),
        ];
        let (end, author) = ends.choose(luck).copied().unwrap_or((End::LastMinute, "desk, front"));
        let status = statuses.choose(luck).copied().unwrap_or("t");
        let start = date.at(0, 0, 0, 0).saturating_add(start.minutes());
        enter(world, &Entry { provider_no, start, minutes, patient, status, end, author });
    }
}

fn is_taken(world: &World, provider_no: &str, date: Date, start: i32, minutes: i32) -> bool {
    let mut rows = world.book.of_provider(provider_no, date, date.saturating_add(1.day()));
    rows.any(|row| row.starts() < start + minutes && start < row.ends(Some(minutes)))
}

fn enter(world: &mut World, entry: &Entry<'_>) {
    let end = entry.start.time().saturating_add(Span::new().minutes(entry.minutes));
    let stored: Time = match entry.end {
        End::LastMinute => end.saturating_sub(1.minute()),
        End::Exact => end,
        End::LastSecond => end.saturating_sub(1.second()),
    };
    let entered = entry.start.saturating_sub(14.days());
    let empty = || Some(String::new());
    let mut details = Details {
        provider_no: entry.provider_no.to_owned(),
        demographic_no: entry.patient.0,
        name: Some(entry.patient.1.clone()),
        notes: empty(),
        reason: empty(),
        location: empty(),
        resources: empty(),
        kind: empty(),
        status: Some(entry.status.to_owned()),
        remarks: empty(),
        urgency: empty(),
        ..Details::default()
    };
    details.cut_to_columns();
    world.book.insert(Appointment {
        date: entry.start.date(),
        start: entry.start.time(),
        end: stored,
        details,
        creator: Some(entry.author.to_owned()),
        last_update_user: Some("188".to_owned()),
        created: entered,
        updated: entered,
        ..Appointment::default()
    });
}
