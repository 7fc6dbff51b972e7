//! A provider's painted day and the letters it is painted with.

use jiff::civil::Date;
use vitarad_actors::domain::availability::{Confirm, DaySchedule, TemplateSlot};
use vitarad_actors::domain::time::Minute;
use vitarad_actors::ports::emr::EmrResult;

use super::field::{boolean, letter, parsed, required, wall};
use crate::emr::xml::Element;

/// `None` for a row without a letter: no template can use it.
pub(super) fn template_code(row: &Element) -> EmrResult<Option<(char, Confirm)>> {
    let confirm = Confirm::of(row.text_of("confirm").unwrap_or_default());
    Ok(letter(row, "code")?.map(|code| (code, confirm)))
}

pub(super) fn day(row: &Element, date: Date) -> EmrResult<DaySchedule> {
    let mut slots = Vec::new();
    for slot in row.each("timeSlots") {
        let start = required(wall(slot, "date")?)?;
        let code = required(letter(slot, "scheduleCode")?)?;
        // OSCAR counts on from midnight: on the day the clocks change its last slots fall into the next day.
        if start.date() == date {
            slots.push(TemplateSlot { start: Minute::of(start.time()), code });
        }
    }
    slots.sort_by_key(|slot| slot.start);
    Ok(DaySchedule {
        holiday: required(boolean(row, "holiday")?)?,
        slot_minutes: parsed(row, "timeSlotDurationMin")?,
        slots,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use vitarad_actors::domain::availability::TemplateCodes;
    use vitarad_actors::ports::EmrFailure;

    use super::*;
    use crate::emr::recorded;
    use crate::emr::xml::Space;

    fn read(fields: &str) -> EmrResult<DaySchedule> {
        let row = Element::parse(format!("<return>{fields}</return>").as_bytes()).unwrap();
        day(&row, date(2026, 11, 24))
    }

    fn shown(day: &DaySchedule) -> Vec<String> {
        day.slots.iter().map(|slot| format!("{} {}", slot.start, slot.code)).collect()
    }

    fn slot(date: &str, code: &str) -> String {
        format!("<timeSlots><date>{date}</date><scheduleCode>{code}</scheduleCode></timeSlots>")
    }

    #[test]
    fn a_recorded_day_is_read_slot_by_slot() {
        let reply = recorded::reply("05-getDayWorkSchedule", "getDayWorkSchedule");
        let day = day(reply.child(Space::None, "return").unwrap(), date(2026, 11, 24)).unwrap();
        assert_eq!((day.holiday, day.slot_minutes), (false, Some(15)));
        assert_eq!(shown(&day), ["09:00 1", "09:15 1", "09:30 1", "09:45 1"]);
    }

    #[test]
    fn recorded_codes_are_letters() {
        let reply = recorded::reply("04-getScheduleTemplateCodes", "getScheduleTemplateCodes");
        let codes: TemplateCodes =
            reply.each("return").filter_map(|row| template_code(row).unwrap()).collect();
        assert_eq!(
            codes,
            [('1', Confirm::Open), ('2', Confirm::Open), ('3', Confirm::Open)].into_iter().collect()
        );
    }

    #[test]
    fn only_the_wall_clock_counts_and_slots_of_another_date_do_not() {
        let slots = [
            slot("2026-11-24T10:00:00.000Z", "80"),
            slot("2026-11-24T09:00:00-08:00", "49"),
            slot("2026-11-24T23:45:00+05:30", "49"),
            slot("2026-11-25T00:15:00-08:00", "49"),
        ];
        let day = read(&format!("<holiday>1</holiday>{}", slots.concat())).unwrap();
        assert_eq!(shown(&day), ["09:00 1", "10:00 P", "23:45 1"]);
        assert_eq!((day.holiday, day.slot_minutes), (true, None));
    }

    #[test]
    fn a_day_that_cannot_be_understood_is_unreadable() {
        for fields in [
            String::new(),
            "<holiday>maybe</holiday>".to_owned(),
            "<holiday>false</holiday><timeSlotDurationMin>-5</timeSlotDurationMin>".to_owned(),
            format!("<holiday>false</holiday>{}", slot("today", "49")),
            format!("<holiday>false</holiday>{}", slot("2026-11-24T09:00:00", "55296")),
            "<holiday>false</holiday><timeSlots><date>2026-11-24T09:00:00</date></timeSlots>".to_owned(),
        ] {
            assert_eq!(read(&fields), Err(EmrFailure::Unreadable), "{fields}");
        }
    }

    #[test]
    fn a_code_without_a_letter_is_passed_over() {
        let row = Element::parse(b"<return><confirm>Day</confirm></return>").unwrap();
        assert_eq!(template_code(&row), Ok(None));
    }
}
