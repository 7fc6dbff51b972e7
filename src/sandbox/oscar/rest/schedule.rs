//! `services/schedule`: appointments, and none of the working hours.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan};
use serde_json::{Value, json};

use super::json::appointment;
use super::operation::{Call, listed, page};
use super::refusal::Refusal;
use crate::sandbox::oscar::exchange::Page;
use crate::sandbox::oscar::world::{Appointment, Details, Draft, World};

/// What a new appointment may hold.
const KEYS: [&str; 15] = [
    "providerNo",
    "appointmentDate",
    "startTime",
    "startTime12hWithMedian",
    "duration",
    "demographicNo",
    "status",
    "type",
    "reason",
    "notes",
    "location",
    "resources",
    "urgency",
    "reasonCode",
    "name",
];

/// Both dates inclusive, every status, and of the status its first character; no ends.
pub(super) fn fetch_days(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let (first, last): (Date, Date) = (call.segment(3)?, call.segment(4)?);
    let providers: String = call.segment(5)?;
    if !providers.split(',').all(|no| no.parse::<u32>().is_ok()) {
        return Err(Refusal::failed("Internal server error"));
    }
    let world = &*call.world;
    let end = last.saturating_add(1.day());
    let rows = providers.split(',').flat_map(|no| world.book.of_provider(no, first, end));
    let rows: Vec<Value> = rows.map(|row| listing(row, world)).collect();
    Ok(listed(call.now, &rows))
}

fn listing(row: &Appointment, world: &World) -> Value {
    let details = &row.details;
    let patient = world.patients.get(details.demographic_no);
    json!({
        "appointmentNo": row.id,
        "providerNo": details.provider_no,
        "appointmentDate": row.date.to_string(),
        "startTime": row.start.to_string(),
        "demographicNo": details.demographic_no,
        "notes": details.notes,
        "location": details.location,
        "resources": details.resources,
        "status": details.status.as_deref().map(|status| status.chars().take(1).collect::<String>()),
        "lastName": patient.map(|patient| &patient.last_name),
        "firstName": patient.map(|patient| &patient.first_name),
        "phone": patient.and_then(|patient| patient.phone.as_ref()),
        "phone2": patient.and_then(|patient| patient.phone2.as_ref()),
        "email": patient.and_then(|patient| patient.email.as_ref()),
        "demoCell": patient.and_then(|patient| patient.cell_phone.as_ref()),
        "reminderPreference": null,
        "hPhoneExt": null,
        "wPhoneExt": null,
    })
}

/// Months are counted from zero, and the end of the range is two days early.
pub(super) fn fetch_monthly(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let (provider_no, year, month): (String, i16, i8) =
        (call.segment(3)?, call.segment(4)?, call.segment(5)?);
    let first = Date::new(year, month + 1, 1).map_err(|_| Refusal::failed("Internal server error"))?;
    let end = first.last_of_month().saturating_sub(1.day());
    let world = &*call.world;
    let rows = world.book.of_provider(&provider_no, first, end).map(|row| appointment(row, world, false));
    Ok(scheduled(&Value::Null, rows.collect()))
}

#[expect(clippy::unnecessary_wraps, reason = "every operation has the type its table wants")]
pub(super) fn codes(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let codes = call.world.schedule.codes.iter().map(|code| {
        json!({
            "id": null,
            "code": code.code.to_string(),
            "description": code.description,
            "duration": code.duration,
            "color": code.color,
            "confirm": code.confirm,
            "bookinglimit": code.booking_limit,
        })
    });
    Ok(page(&codes.collect()))
}

/// Newest first, without what was deleted.
pub(super) fn appointment_history(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let number: i32 = call.segment(2)?;
    let world = &*call.world;
    let kept = |row: &&Appointment| row.details.status.as_deref() != Some("D");
    let mut rows: Vec<&Appointment> = world.book.of_patient(number).filter(kept).collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.date, row.start)));
    Ok(scheduled(&Value::Null, rows.into_iter().map(|row| appointment(row, world, false)).collect()))
}

/// With the whole patient and the whole provider in it.
pub(super) fn get_appointment(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let id = call.body["id"].as_i64().and_then(|id| i32::try_from(id).ok());
    let world = &*call.world;
    let row = id.and_then(|id| world.book.get(id)).ok_or_else(|| Refusal::failed("null"))?;
    let mut shown = appointment(row, world, false);
    if let Some(patient) = world.patients.get(row.details.demographic_no) {
        shown["demographic"] = json!({ "demographicNo": patient.number, "lastName": patient.last_name });
    }
    shown["provider"] = json!({ "providerNo": row.details.provider_no });
    call.row = Some(row.id);
    Ok(scheduled(&shown, Vec::new()))
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let unknown =
        call.body.as_object().is_none_or(|body| body.keys().any(|key| !KEYS.contains(&key.as_str())));
    if unknown && call.request.build.refuses_unknown_keys {
        return Err(Refusal::failed("Unrecognized field"));
    }
    let draft = draft(&call.body).ok_or_else(|| Refusal::failed("null"))?;
    let (Some(start), Some(end), Some(provider_no)) = (draft.start, draft.end, draft.provider_no) else {
        return Err(Refusal::failed("null"));
    };
    let patient = call.world.patients.get(draft.details.demographic_no);
    let patient = patient.ok_or_else(|| Refusal::failed("Unable to find patient"))?;
    let name = format!("{}, {}", patient.last_name, patient.first_name);
    let mut details = Details { provider_no, name: Some(name), ..draft.details };
    details.cut_to_columns();
    let now = call.world.wall(call.now);
    let row = Appointment {
        date: start.date(),
        start: start.time(),
        // The last minute, as staff's screens store it.
        end: end.saturating_sub(1.minute()).time(),
        details,
        creator: Some(call.caller.clone()),
        last_update_user: Some(call.caller.clone()),
        created: now,
        updated: now,
        ..Appointment::default()
    };
    let id = call.world.book.insert(row);
    call.row = Some(id);
    let world = &*call.world;
    let echo = world.book.get(id).map_or(Value::Null, |row| appointment(row, world, true));
    Ok(scheduled(&echo, Vec::new()))
}

/// What the body of an addition wants written; the end is exclusive.
pub(super) fn draft(body: &Value) -> Option<Draft> {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let date: Date = body["appointmentDate"].as_str()?.parse().ok()?;
    let start: Time = format!("{}:00", body["startTime"].as_str()?).parse().ok()?;
    let start: DateTime = date.to_datetime(start);
    let details = Details {
        demographic_no: i32::try_from(body["demographicNo"].as_i64()?).ok()?,
        notes: text("notes"),
        reason: text("reason"),
        location: text("location"),
        resources: text("resources"),
        kind: text("type"),
        status: text("status"),
        urgency: text("urgency"),
        remarks: Some(String::new()),
        ..Details::default()
    };
    let end = start.saturating_add(Span::new().minutes(body["duration"].as_i64()?));
    Some(Draft { id: None, start: Some(start), end: Some(end), provider_no: text("providerNo"), details })
}

pub(super) fn update_status(call: &mut Call<'_>) -> Result<Page, Refusal> {
    let id: i32 = call.segment(3)?;
    let status = call.body["status"].as_str().map(|status| status.chars().take(2).collect::<String>());
    let (now, caller) = (call.world.wall(call.now), call.caller.clone());
    let changed = call.world.book.change(id, |row| {
        row.details.status = status;
        row.last_update_user = Some(caller);
        row.updated = now;
        Ok(())
    });
    changed.map_err(|_| Refusal::failed("null"))?;
    call.row = Some(id);
    let world = &*call.world;
    let echo = world.book.get(id).map_or(Value::Null, |row| appointment(row, world, false));
    Ok(scheduled(&echo, Vec::new()))
}

fn scheduled(one: &Value, many: Vec<Value>) -> Page {
    let many = if many.is_empty() { Value::Null } else { Value::Array(many) };
    page(
        &json!({ "appointment": one, "statuses": null, "types": null, "reasons": null, "appointments": many }),
    )
}
