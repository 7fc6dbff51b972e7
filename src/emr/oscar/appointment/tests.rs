use jiff::civil::date;
use proptest::prelude::*;
use uuid::Uuid;
use vitarad_actors::domain::ids::EffectId;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::time::Minute;
use vitarad_actors::ports::EmrFailure;

use super::*;
use crate::emr::recorded;
use crate::emr::soap::{Call, Dialect};

fn row(fields: &str) -> Element {
    Element::parse(format!("<return>{fields}</return>").as_bytes()).unwrap()
}

const TIMES: &str = "<appointmentEndDateTime>2026-11-24T09:44:59Z</appointmentEndDateTime>\
    <appointmentStartDateTime>2026-11-24T09:30:00Z</appointmentStartDateTime>";

fn seen() -> Appointment {
    read(&row(&format!(
        "{TIMES}<demographicNo>4006</demographicNo><id>90887</id><location>clinic</location>\
         <name>SAMPLE,PAT</name><notes>phone agent #c-7f3a</notes><programId>0</programId>\
         <providerNo>101</providerNo><reason>follow up</reason><status>t</status>"
    )))
    .unwrap()
}

fn new() -> NewAppointment {
    NewAppointment {
        provider: ProviderNo::parse("101").unwrap(),
        date: date(2026, 11, 24),
        interval: Interval::starting(Minute::at(9, 30).unwrap(), 15).unwrap(),
        patient: DemographicNo::new(4005),
        name: Phi::new("SAMPLE,PAT".to_owned()),
        reason: Phi::new("follow up".to_owned()),
        mark: Mark::of(EffectId(Uuid::from_u128(7))),
        note: "by telephone".to_owned(),
    }
}

fn written(write: impl FnOnce(&mut Writer)) -> Element {
    let mut xml = Writer::default();
    xml.nested("return", write);
    Element::parse(xml.as_str().as_bytes()).unwrap()
}

#[test]
fn recorded_rows_are_read_by_the_wall_clock_and_say_nothing_of_their_patients() {
    let operation = "getAppointmentsForDateRangeAndProvider2";
    let reply = recorded::reply("08-getAppointmentsForDateRangeAndProvider2", operation);
    let patient = Some(DemographicNo::new(4313));
    let rows: Vec<DayRow> = reply.each("return").map(|row| day_row(row, patient).unwrap()).collect();
    let shown: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {} {} {}", row.no.0, row.date, row.interval, row.for_patient))
        .collect();
    assert_eq!(
        shown,
        [
            "90430 2026-11-24 14:30-14:45 false",
            "90608 2026-11-24 14:00-14:15 true",
            "90700 2026-11-24 11:15-11:30 false"
        ]
    );
    assert_eq!(rows[1].status, Status::of("c"), "a custom state, not a cancellation");
    assert!(rows.iter().all(|row| row.mark.is_none()));
}

#[test]
fn a_new_appointment_is_written_as_recorded_with_the_mark_before_the_note() {
    let new = new();
    let call = Call::writing("ScheduleService", "addAppointment", |arguments| {
        arguments.nested("arg0", |row| write_new(row, &new));
    });
    let ours = Element::parse(call.envelope(None, Dialect::Oscar).as_bytes()).unwrap().outline();
    let body = |outline: &str| outline.split_once("Oscar").unwrap().1.to_owned();
    let theirs = recorded::request("06-addAppointment").outline();
    let theirs = theirs.replace("phone agent #c-7f3a", &format!("{} by telephone", new.mark));
    assert_eq!(body(&ours), body(&theirs));
}

#[test]
fn a_cancellation_is_written_as_recorded_without_times() {
    let call = Call::writing("ScheduleService", "updateAppointment", |arguments| {
        arguments.nested("arg0", |row| write_cancelled(row, &seen()));
    });
    let ours = Element::parse(call.envelope(None, Dialect::Oscar).as_bytes()).unwrap().outline();
    let body = |outline: &str| outline.split_once("Oscar").unwrap().1.to_owned();
    assert_eq!(body(&ours), body(&recorded::request("07-updateAppointment-cancel").outline()));
}

#[test]
fn our_texts_are_cut_on_characters_at_the_width_of_their_columns() {
    let new = NewAppointment {
        name: Phi::new("陈".repeat(60)),
        reason: Phi::new("é".repeat(90)),
        note: "x".repeat(400),
        ..new()
    };
    let row = written(|row| write_new(row, &new));
    let length = |name: &str| row.text_of(name).unwrap().chars().count();
    assert_eq!([length("name"), length("reason"), length("notes")], [50, 80, 255]);
    assert_eq!(row.text_of("notes").and_then(Mark::leading), Some(new.mark));
}

#[test]
fn a_note_may_be_empty() {
    let new = NewAppointment { note: String::new(), ..new() };
    let row = written(|row| write_new(row, &new));
    assert_eq!(row.text_of("notes"), Some(new.mark.to_string().as_str()));
}

#[test]
fn an_appointment_may_end_with_the_day() {
    let interval = Interval::starting(Minute::at(23, 45).unwrap(), 15).unwrap();
    let row = written(|row| write_new(row, &NewAppointment { interval, ..new() }));
    assert_eq!(row.text_of("appointmentEndDateTime"), Some("2026-11-25T00:00:00"));
}

#[test]
fn an_absent_patient_is_nobody_and_an_absent_status_is_none() {
    let row = day_row(&row(&format!("{TIMES}<id>1</id><providerNo>101</providerNo>")), None).unwrap();
    assert_eq!(row.status, Status(None));
    assert!(!row.for_patient);
    assert_eq!(row.interval.to_string(), "09:30-09:45");
}

#[test]
fn a_row_that_cannot_be_understood_is_not_dropped() {
    let end = "<appointmentEndDateTime>2026-11-24T09:44:59</appointmentEndDateTime>";
    let start = "<appointmentStartDateTime>2026-11-24T09:30:00</appointmentStartDateTime>";
    let rest = "<id>1</id><providerNo>101</providerNo>";
    for fields in [
        format!("{end}{rest}"),
        format!("{start}{rest}"),
        format!("{start}<appointmentEndDateTime>soon</appointmentEndDateTime>{rest}"),
        format!("{start}{end}<providerNo>101</providerNo>"),
        format!("{start}{end}<id>1</id>"),
        format!("{start}{end}{rest}<demographicNo>you</demographicNo>"),
    ] {
        assert_eq!(day_row(&row(&fields), None).err(), Some(EmrFailure::Unreadable), "{fields}");
    }
    assert!(day_row(&row(&format!("{start}{end}{rest}")), None).is_ok());
}

proptest! {
    /// What staff wrote survives a cancellation, NULL and empty apart (law B-7).
    #[test]
    fn every_text_column_comes_back_from_a_cancellation_as_it_was(
        columns in prop::collection::vec(prop::option::of("[ -~\\r\\n\u{E9}\u{9648}]{0,12}"), 11)
    ) {
        let mut columns = columns.into_iter().map(|column| column.map(Phi::new));
        let mut next = || columns.next().flatten();
        let texts = AppointmentTexts {
            billing: next(), booking_source: next(), location: next(), name: next(), notes: next(), reason: next(),
            remarks: next(), resources: next(), style: next(), kind: next(), urgency: next(),
        };
        let before = Appointment { texts, ..seen() };
        let sent = written(|row| write_cancelled(row, &before));
        prop_assert!(sent.text_of("appointmentStartDateTime").is_none());
        let stored = written(|row| {
            row.plain("appointmentEndDateTime", before.interval.end.on(before.date));
            row.plain("appointmentStartDateTime", before.interval.start.on(before.date));
            write_cancelled(row, &before);
        });
        prop_assert!(read(&stored).unwrap().is_cancellation_of(&before));
    }
}
