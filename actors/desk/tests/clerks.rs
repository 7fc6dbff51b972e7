//! Staff who work at the same day at the same moment: what they did stands.

use serde_json::json;

use super::{at, book, counts, house};
use crate::domain::ids::AppointmentNo;
use crate::domain::tool::Tool;
use crate::testing::{Fate, Op, patient, provider_no, quarter, visit_day};

#[tokio::test(start_paused = true)]
async fn staff_who_take_the_slot_just_before_or_just_after_keep_it() {
    for before in [true, false] {
        let (world, house) = house().await;
        let emr = std::sync::Arc::clone(world.emr("maple"));
        let clerk = std::sync::Arc::clone(&emr);
        let mut reads = 0;
        emr.script(move |op| {
            let slot = quarter(provider_no(1), visit_day(), 4, 1).unwrap();
            reads += usize::from(op == Op::DayRows);
            if before && op == Op::Add || !before && op == Op::DayRows && reads == 2 {
                clerk.staff_adds(&slot, patient(7).no);
            }
            Fate::PROMPT
        });
        let refused = book(&house, "t1", "10:00").await;
        assert_eq!(refused["code"], "SLOT_TAKEN", "{refused}");
        let live = emr.live();
        assert_eq!((live.len(), live[0].made_by_us), (1, false), "ours yields");
        assert_eq!(counts(&world, &house).await, (0, 0));
        emr.script(|_| Fate::PROMPT);
        assert_eq!(book(&house, "t2", "10:30").await["code"], "BOOKED");
    }
}

#[tokio::test(start_paused = true)]
async fn what_staff_changed_since_the_caller_heard_of_it_is_left_alone() {
    let (world, house) = house().await;
    let booked = book(&house, "t1", "10:00").await;
    let id = booked["appointment"]["appointmentId"].clone();
    house.ask("c1", "t2", Tool::CheckAppointments, json!({})).await;
    let no = AppointmentNo(i32::try_from(id.as_i64().unwrap()).unwrap());
    world.emr("maple").staff_edits(no, |row| row.texts.reason = Some("rewritten by staff".to_owned().into()));
    let refused = house.ask("c1", "t3", Tool::CancelAppointment, json!({ "appointmentId": id })).await;
    assert_eq!(refused["code"], "APPOINTMENT_CHANGED", "{refused}");
    let mut move_it = at("14:00");
    move_it["appointmentId"] = id.clone();
    let refused = house.ask("c1", "t4", Tool::UpdateAppointment, move_it).await;
    assert_eq!(refused["code"], "APPOINTMENT_CHANGED", "{refused}");
    assert_eq!(world.emr("maple").requests(Op::Cancel), 0);
    assert_eq!(world.emr("maple").live().len(), 1);
    house.ask("c1", "t5", Tool::CheckAppointments, json!({})).await;
    let cancelled = house.ask("c1", "t6", Tool::CancelAppointment, json!({ "appointmentId": id })).await;
    assert_eq!(cancelled["code"], "CANCELLED", "heard of again: {cancelled}");
}
