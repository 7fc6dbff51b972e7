//! A clinic that can be asked by SOAP and by REST.

use serde_json::json;
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;

use crate::clinic::{BOTH, Ways};
use crate::stage::{Stage, code};

fn asked(stage: &Stage, operation: &str) -> u64 {
    stage.maple().requests().get(operation).copied().unwrap_or(0)
}

#[tokio::test]
async fn a_reading_that_a_firewall_keeps_from_one_way_comes_by_the_other() {
    let stage = BOTH.opened().await;
    stage.maple().fail("searchDemographicsByAttributes", Fault::WafPage, None);
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    assert_eq!(
        (asked(&stage, "searchDemographicsByAttributes"), asked(&stage, "demographics/search")),
        (1, 1)
    );
}

#[tokio::test]
async fn a_booking_goes_by_the_preferred_way_and_what_that_lacks_by_the_other() {
    let stage = Ways { prefer_rest: true, ..BOTH }.opened().await;
    let call = stage.rings("call-1", MARIE);
    call.verify(MARIE).await;
    let slot = json!({ "slotId": call.earliest().await });
    assert_eq!(code(&call.ask("t", "create_appointment", slot).await), "BOOKED");
    assert_eq!((asked(&stage, "schedule/add"), asked(&stage, "addAppointment")), (1, 0));
    assert!(asked(&stage, "getDayWorkSchedule") > 0);
    assert_eq!(asked(&stage, "getAppointmentsForDateRangeAndProvider2"), 0);
}

#[tokio::test]
async fn a_booking_whose_answer_is_lost_is_found_by_reading_and_sent_by_nobody_else() {
    for fault in [Fault::CommitThenDrop, Fault::DropBeforeCommit] {
        let stage = Ways { prefer_rest: true, ..BOTH }.opened().await;
        let call = stage.rings("call-1", MARIE);
        call.verify(MARIE).await;
        let slot = json!({ "slotId": call.earliest().await });
        stage.maple().fail("schedule/add", fault.clone(), Some(1));
        let told = call.ask("t", "create_appointment", slot).await;
        let expected = if fault == Fault::CommitThenDrop { "BOOKED" } else { "PENDING" };
        assert_eq!(code(&told), expected, "{told}");
        assert_eq!((asked(&stage, "schedule/add"), asked(&stage, "addAppointment")), (1, 0));
    }
}
