//! `services/schedule/{provider}/day/{date}`: the day sheet as a list on the screen has it. It leaves out what is cancelled,
//! and says when an appointment begins, not when it ends.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::operation::{Call, page};
use super::refusal::Refusal;
use crate::sandbox::oscar::exchange::Page;
use crate::sandbox::oscar::profile::DayView;
use crate::sandbox::oscar::world::{Appointment, World};

pub(super) fn day(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let (provider_no, date): (String, Date) = (call.segment(2)?, call.segment(4)?);
    let (world, view) = (&*call.world, call.request.build.day_view);
    let shown = |row: &&Appointment| row.details.status.as_deref().is_some_and(|status| status != "C");
    let mut rows: Vec<_> =
        world.book.of_provider(&provider_no, date, date.saturating_add(1.day())).filter(shown).collect();
    rows.sort_by_key(|row| row.start);
    let items: Value = rows.into_iter().map(|row| item(row, world, view)).collect();
    Ok(match view {
        DayView::Wrapped => page(&json!({ "template": "patientlist/patientList1.jsp", "patients": items })),
        DayView::Bare => page(&items),
    })
}

fn item(row: &Appointment, world: &World, view: DayView) -> Value {
    let details = &row.details;
    let mut item = json!({
        "demographicNo": details.demographic_no,
        "appointmentNo": row.id,
        "name": details.name,
        "status": details.status,
        "startTime": row.start.strftime("%I:%M %p").to_string(),
        "reason": details.reason,
        "date": world.jvm.instant(row.date.to_datetime(row.start)).as_millisecond(),
    });
    if view == DayView::Bare {
        item["duration"] = json!(length(row));
        item["type"] = json!(details.kind);
        item["notes"] = json!(details.notes);
    }
    item
}

/// From the stored end, which is often a minute early: a quarter of an hour is `14m `.
fn length(row: &Appointment) -> String {
    let minutes = row.start.duration_until(row.end).as_mins();
    let part = |count: i64, unit| if count > 0 { format!("{count}{unit} ") } else { String::new() };
    part(minutes / 60, "H") + &part(minutes % 60, "m")
}
