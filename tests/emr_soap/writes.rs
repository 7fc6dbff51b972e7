//! What is written, and what of it can be told from outside when the answer is lost.

use jiff::civil::time;
use vitarad::sandbox::oscar::{BookingSource, Details, Fault, Profile, demo};
use vitarad_actors::domain::appointment::Status;
use vitarad_actors::domain::ids::AppointmentNo;
use vitarad_actors::domain::laws::Evidence;
use vitarad_actors::domain::time::{Interval, Minute};
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::desk::Desk;
use crate::server::{EMPTY_DAY, booking, clinic, staff_row};

#[tokio::test]
async fn a_booking_is_stored_with_an_exclusive_end_our_mark_first_and_the_login_as_its_author() {
    for world in [clinic(Profile::Oscar19), clinic(Profile::OpenO).in_utc_container()] {
        let desk = Desk::at(world).await;
        let new = booking();
        let no = desk.emr.add_appointment(&new).await.unwrap();
        let row = desk.server.row(no.0);
        assert_eq!((row.date, row.start, row.end), (EMPTY_DAY, time(9, 30, 0, 0), time(9, 44, 59, 0)));
        let stored = &row.details;
        assert_eq!(stored.notes.as_deref(), Some(format!("{} booked by telephone", new.mark).as_str()));
        assert_eq!(stored.reason.as_deref(), Some("knee <\"& back>"));
        assert_eq!(stored.name.as_deref(), Some("TREMBLAY,MARIE"));
        assert_eq!(stored.status.as_deref(), Some("t"));
        assert_eq!((stored.provider_no.as_str(), stored.demographic_no), ("101", demo::MARIE.demographic_no));
        assert_eq!(row.creator.as_deref(), Some(demo::LOGIN));
    }
}

#[tokio::test]
async fn what_was_booked_reads_back_as_it_was_ordered() {
    let desk = Desk::seeded().await;
    let new = booking();
    let no = desk.emr.add_appointment(&new).await.unwrap();
    let read = desk.emr.appointment(no).await.unwrap().unwrap();
    assert!(read.no == no && read.patient == new.patient && read.mark() == Some(new.mark));
    assert_eq!((read.date, read.interval, read.provider), (new.date, new.interval, new.provider));
    assert_eq!(read.status, Status::of(Status::BOOKED));
}

/// A row with something in every column, or with nothing in any.
fn staff_details(filled: bool) -> Details {
    let text = |text: &str| filled.then(|| text.to_owned());
    Details {
        program_id: if filled { 10_034 } else { 0 },
        name: text("TREMBLAY,MARIE"),
        notes: text("bring\r\nx-rays & <old> file"),
        reason: text("cough"),
        location: text(""),
        resources: text("room 2"),
        kind: text("Follow-up"),
        style: text("s"),
        billing: text("b"),
        remarks: text("陈"),
        urgency: text("critical"),
        booking_source: filled.then_some(BookingSource::Oscar),
        ..staff_row(EMPTY_DAY, time(9, 0, 0, 0), time(9, 0, 0, 0), Some("TS")).details
    }
}

#[tokio::test]
async fn a_cancellation_changes_the_status_and_nothing_else() {
    for filled in [true, false] {
        let desk = Desk::seeded().await;
        let mut row = staff_row(EMPTY_DAY, time(10, 0, 0, 0), time(10, 14, 0, 0), None);
        row.details = staff_details(filled);
        let id = desk.server.file(row);
        let before = desk.server.row(id);
        let seen = desk.emr.appointment(AppointmentNo(id)).await.unwrap().unwrap();
        desk.emr.cancel_appointment(&seen).await.unwrap();

        let mut after = desk.server.row(id);
        assert_eq!(after.details.status.as_deref(), Some("C"));
        after.details.status.clone_from(&before.details.status);
        assert_eq!(format!("{:?}", after.details), format!("{:?}", before.details));
        assert_eq!((after.date, after.start, after.end), (before.date, before.start, before.end));
        let read_back = desk.emr.appointment(AppointmentNo(id)).await.unwrap().unwrap();
        assert!(read_back.is_cancellation_of(&seen));
        assert!(read_back.fingerprint() != seen.fingerprint());
    }
}

#[tokio::test]
async fn cancelling_our_own_booking_keeps_its_mark_and_its_interval() {
    let desk = Desk::seeded().await;
    let no = desk.emr.add_appointment(&booking()).await.unwrap();
    let seen = desk.emr.appointment(no).await.unwrap().unwrap();
    desk.emr.cancel_appointment(&seen).await.unwrap();
    let read_back = desk.emr.appointment(no).await.unwrap().unwrap();
    assert!(read_back.is_cancellation_of(&seen) && read_back.mark() == Some(booking().mark));
}

#[tokio::test]
async fn cancelling_a_row_that_is_gone_is_a_server_fault() {
    let desk = Desk::seeded().await;
    let no = desk.emr.add_appointment(&booking()).await.unwrap();
    let mut seen = desk.emr.appointment(no).await.unwrap().unwrap();
    seen.no = AppointmentNo(1);
    assert_eq!(desk.emr.cancel_appointment(&seen).await, Err(EmrFailure::ServerFault));
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_proves_nothing_although_the_row_exists() {
    let desk = Desk::seeded().await;
    desk.emr.providers().await.unwrap();
    for (fault, failure) in [
        (Fault::CommitThenDrop, EmrFailure::ConnectionLost),
        (Fault::Truncate, EmrFailure::ConnectionLost),
        (Fault::GarbageXml, EmrFailure::Unreadable),
    ] {
        let before = desk.server.rows(EMPTY_DAY).len();
        desk.server.fail("addAppointment", fault, Some(1));
        assert_eq!(desk.emr.add_appointment(&booking()).await, Err(failure));
        assert_eq!(failure.evidence(), Evidence::Silence);
        assert_eq!(desk.server.rows(EMPTY_DAY).len(), before + 1, "written once, and not again");
    }
}

#[tokio::test]
async fn a_write_that_was_lost_on_the_way_looks_the_same_and_is_not_sent_again() {
    let desk = Desk::seeded().await;
    desk.server.fail("addAppointment", Fault::DropBeforeCommit, None);
    assert_eq!(desk.emr.add_appointment(&booking()).await, Err(EmrFailure::ConnectionLost));
    assert_eq!(desk.server.requests("addAppointment"), 1);
    assert!(desk.server.rows(EMPTY_DAY).is_empty());
}

#[tokio::test]
async fn a_write_refused_for_an_old_token_is_done_once_with_a_new_one() {
    let desk = Desk::seeded().await;
    desk.emr.providers().await.unwrap();
    desk.server.fail("addAppointment", Fault::Restart, Some(1));
    desk.emr.add_appointment(&booking()).await.unwrap();
    assert_eq!((desk.server.requests("addAppointment"), desk.server.requests("login2")), (2, 2));
    assert_eq!(desk.server.rows(EMPTY_DAY).len(), 1);
}

#[tokio::test]
async fn a_write_that_found_no_login_is_known_not_done() {
    for fault in [Fault::DropBeforeCommit, Fault::Http500, Fault::WafPage] {
        let desk = Desk::seeded().await;
        desk.server.fail("login2", fault, None);
        let failure = desk.emr.add_appointment(&booking()).await.unwrap_err();
        assert!(failure.nothing_done() && failure.is_illness(), "{failure}");
        assert_eq!(desk.server.requests("addAppointment"), 0);
    }
}

#[tokio::test]
async fn a_booking_may_end_at_midnight() {
    let desk = Desk::seeded().await;
    let mut new = booking();
    new.interval = Interval::starting(Minute::of(time(23, 45, 0, 0)), 15).unwrap();
    let no = desk.emr.add_appointment(&new).await.unwrap();
    let read = desk.emr.appointment(no).await.unwrap().unwrap();
    assert_eq!((read.date, read.interval), (EMPTY_DAY, new.interval));
}
