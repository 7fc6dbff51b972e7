//! Template codes as they ship, templates as clinics paint them, and the days they are laid on.

use jiff::civil::Date;

use super::staff::{DOCTORS, HALF_HOURS, QUARTER_HOURS, SHARED_HOURS, TEN_MINUTES};
use super::{weekday_after, weekdays};
use crate::sandbox::oscar::world::{AppointmentType, PUBLIC, Template, TemplateCode, WorkDay, World};

/// Letter, description, minutes, confirm. Two rows have the letter C.
const SHIPPED: [(char, &str, &str, &str); 23] = [
    ('A', "Academic", "", "N"),
    ('B', "Behavioral Science", "15", "N"),
    ('C', "Clinic Appointment", "15", "N"),
    ('C', "On Call Clinic", "15", "Onc"),
    ('R', "Rounds", "15", "N"),
    ('E', "Study Leave", "15", "N"),
    ('V', "Vacation", "15", "N"),
    ('G', "PBSG Rounds", "15", "N"),
    ('H', "Hospital Rounds", "15", "N"),
    ('d', "Drug Rep", "15", "N"),
    ('P', "Phone time", "15", "N"),
    ('M', "Monitoring", "", "N"),
    ('1', "15 Minute Appointment", "15", "N"),
    ('2', "30 Minute Appointment", "30", "N"),
    ('3', "45 Minute Appointment", "45", "N"),
    ('6', "60 Minute Appointment", "60", "N"),
    ('U', "Urgent", "15", "N"),
    ('a', "Administrative Work", "15", "No"),
    ('t', "Travel", "", "N"),
    ('m', "Meeting", "", "N"),
    ('s', "Same Day", "15", "Day"),
    ('S', "Same Day - R1", "30", "Day"),
    ('W', "Same Week", "15", "Wk"),
];

/// What this clinic added.
const ADDED: [(char, &str, &str, &str); 2] =
    [('L', "Lunch", "", "N"), ('T', "10 Minute Appointment", "10", "N")];

const TYPES: [(&str, i32, &str); 4] = [
    ("Follow-up", 15, ""),
    ("Complete physical", 30, "CPX"),
    ("Phone visit", 15, "phone"),
    ("Forms", 15, ""),
];

const HOURS: [&str; 4] = ["Quarter hours", "P:Office hours", "Ten minutes", "Half hours"];

/// A template that a schedule day names and nobody ever made.
const MISSING: &str = "P:Flu clinic";

const DAYS_BEFORE: i32 = 7;
const DAYS_AFTER: i32 = 60;

pub(super) fn schedule(world: &mut World, today: Date) {
    let schedule = &mut world.schedule;
    for (id, (code, description, duration, confirm)) in (19..).zip(SHIPPED.into_iter().chain(ADDED)) {
        schedule.codes.push(TemplateCode {
            id,
            code,
            description: description.to_owned(),
            duration: duration.to_owned(),
            color: "#BFEFFF".to_owned(),
            confirm: confirm.to_owned(),
            booking_limit: 1,
        });
    }
    for (id, (name, duration, reason)) in (1..).zip(TYPES) {
        let (name, reason) = (name.to_owned(), reason.to_owned());
        schedule.types.push(AppointmentType { id, name, duration, reason });
    }
    schedule.templates = templates();
    for date in weekdays(today, DAYS_BEFORE, DAYS_AFTER) {
        for (provider_no, template) in DOCTORS.into_iter().zip(HOURS) {
            schedule.set_day(provider_no, date, WorkDay { template: template.to_owned(), available: true });
        }
    }
    schedule.holidays.insert(weekday_after(today, 14), "Clinic holiday".to_owned());
    let closed = WorkDay { template: "Ten minutes".to_owned(), available: false };
    schedule.set_day(TEN_MINUTES, weekday_after(today, 40), closed);
    let missing = WorkDay { template: MISSING.to_owned(), available: true };
    schedule.set_day(SHARED_HOURS, weekday_after(today, 45), missing);
}

/// In the order of `HOURS`.
fn templates() -> Vec<Template> {
    let owners = [QUARTER_HOURS, PUBLIC, TEN_MINUTES, HALF_HOURS];
    let painted = [
        paint(
            15,
            &[
                (540, 690, '1'),
                (690, 720, 'P'),
                (720, 780, 'L'),
                (780, 840, '2'),
                (840, 990, '1'),
                (990, 1020, 's'),
            ],
        ),
        paint(15, &[(540, 720, '1'), (780, 960, '1'), (960, 1020, 's')]),
        paint(10, &[(540, 720, 'T'), (780, 990, 'T'), (990, 1020, 'P')]),
        paint(30, &[(540, 720, '2'), (780, 1020, '2')]),
    ];
    let rows = owners.into_iter().zip(HOURS).zip(painted);
    rows.map(|((owner, name), timecode)| Template {
        provider_no: owner.to_owned(),
        name: name.to_owned(),
        timecode,
    })
    .collect()
}

/// One letter per slice of the day, from spans in minutes after midnight.
fn paint(slice: usize, spans: &[(usize, usize, char)]) -> String {
    let letter = |minute| spans.iter().find(|(from, until, _)| (*from..*until).contains(&minute));
    (0..24 * 60).step_by(slice).map(|minute| letter(minute).map_or('_', |span| span.2)).collect()
}
