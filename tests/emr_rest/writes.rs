//! What is written, and what of it can be told from outside when the answer is lost.

use jiff::civil::time;
use vitarad::sandbox::oscar::{Details, Fault, demo};
use vitarad_actors::domain::appointment::Status;
use vitarad_actors::domain::ids::{AppointmentNo, DemographicNo};
use vitarad_actors::domain::laws::Evidence;
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::desk::{Desk, every_server};
use crate::server::{EMPTY_DAY, booking, staff_row};

#[tokio::test]
async fn a_booking_is_stored_with_its_last_minute_our_mark_first_and_the_provider_of_the_token_as_author() {
    for world in every_server() {
        let desk = Desk::at(world).await;
        let new = booking();
        let no = desk.emr.add_appointment(&new).await.unwrap();
        let row = desk.server.row(no.0);
        assert_eq!((row.date, row.start, row.end), (EMPTY_DAY, time(9, 30, 0, 0), time(9, 44, 0, 0)));
        let stored = &row.details;
        assert_eq!(stored.notes.as_deref(), Some(format!("{} booked by telephone", new.mark).as_str()));
        assert_eq!(stored.reason.as_deref(), Some("knee <\"& back>"));
        assert_eq!(stored.status.as_deref(), Some("t"));
        assert_eq!((stored.provider_no.as_str(), stored.demographic_no), ("101", demo::MARIE.demographic_no));
        assert_eq!(row.creator.as_deref(), Some(demo::PROVIDER_NO));

        let read = desk.emr.appointment(no).await.unwrap().unwrap();
        assert!(read.no == no && read.patient == new.patient && read.mark() == Some(new.mark));
        assert_eq!((read.date, read.interval, read.provider), (new.date, new.interval, new.provider));
        assert_eq!(read.status, Status::of(Status::BOOKED));
    }
}

#[tokio::test]
async fn a_cancellation_changes_the_status_and_nothing_else() {
    for world in every_server() {
        let desk = Desk::at(world).await;
        let mut row = staff_row(EMPTY_DAY, time(10, 0, 0, 0), time(10, 14, 0, 0), Some("TS"));
        row.details = Details {
            notes: Some("bring\r\nx-rays & <old> file".to_owned()),
            location: Some(String::new()),
            remarks: Some("陈".to_owned()),
            program_id: 10_034,
            ..row.details
        };
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
async fn a_booking_for_nobody_and_a_cancellation_of_nothing_are_refused_without_proof() {
    let desk = Desk::seeded().await;
    let mut new = booking();
    new.patient = DemographicNo::new(999_999);
    assert_eq!(desk.emr.add_appointment(&new).await, Err(EmrFailure::ServerFault));
    let no = desk.emr.add_appointment(&booking()).await.unwrap();
    let mut seen = desk.emr.appointment(no).await.unwrap().unwrap();
    seen.no = AppointmentNo(1);
    let failure = desk.emr.cancel_appointment(&seen).await.unwrap_err();
    assert_eq!(failure.evidence(), Evidence::Silence);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_proves_nothing_although_the_row_exists() {
    let desk = Desk::seeded().await;
    for (fault, failure) in [
        (Fault::CommitThenDrop, EmrFailure::ConnectionLost),
        (Fault::Truncate, EmrFailure::ConnectionLost),
        (Fault::GarbageXml, EmrFailure::Firewall),
    ] {
        let before = desk.server.rows(EMPTY_DAY).len();
        desk.server.fail("schedule/add", fault, Some(1));
        assert_eq!(desk.emr.add_appointment(&booking()).await, Err(failure));
        assert_eq!(failure.evidence(), Evidence::Silence);
        assert_eq!(desk.server.rows(EMPTY_DAY).len(), before + 1, "written once, and not again");
    }
}

#[tokio::test]
async fn a_write_that_was_lost_on_the_way_looks_the_same_and_is_not_sent_again() {
    let desk = Desk::seeded().await;
    for fault in [Fault::DropBeforeCommit, Fault::Http500, Fault::WafPage] {
        desk.server.fail("schedule/add", fault, Some(1));
        let failure = desk.emr.add_appointment(&booking()).await.unwrap_err();
        assert!(!failure.nothing_done() && failure.is_illness(), "{failure}");
    }
    assert_eq!(desk.server.requests("schedule/add"), 3);
    assert!(desk.server.rows(EMPTY_DAY).is_empty());
}

#[tokio::test]
async fn a_booking_beside_which_staff_book_at_that_instant_is_there_with_theirs() {
    let desk = Desk::seeded().await;
    for (fault, rows) in [(Fault::ClerkTakesSlotBefore, 2), (Fault::ClerkTakesSlotAfter, 4)] {
        desk.server.fail("schedule/add", fault, Some(1));
        desk.emr.add_appointment(&booking()).await.unwrap();
        assert_eq!(desk.server.rows(EMPTY_DAY).len(), rows);
    }
    assert!(!desk.server.oscar.overlaps().is_empty());
}
