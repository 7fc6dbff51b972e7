//! Free times near one that is gone, for the person who will call the patient. Nothing is held or booked.

use jiff::civil::Date;
use tokio::time::Instant;

use super::saga::READ_BACK;
use crate::domain::availability::{Day, Wish, free};
use crate::domain::booking::Slot;
use crate::domain::clinic::Clinic;
use crate::domain::time::Interval;
use crate::house::House;
use crate::ports::emr::{EmrFailure, EmrResult, Operation};
use crate::ports::store::Taken;

const AT_MOST: usize = 3;
/// Days looked at: the wanted one and those after it.
const DAYS: usize = 5;

/// The same provider's free times, nearest first; fewer when the EMR does not answer.
pub async fn nearest(house: &House, clinic: &Clinic, visit: &str, gone: &Slot) -> Vec<Slot> {
    let mut found = Vec::new();
    for date in gone.date.series(jiff::Span::new().days(1)).take(DAYS) {
        if found.len() >= AT_MOST {
            break;
        }
        let Ok(mut of_day) = free_on(house, clinic, visit, gone, date).await else { break };
        let wanted = gone.interval.start.get();
        of_day.sort_by_key(|interval| interval.start.get().abs_diff(wanted));
        found.extend(of_day.into_iter().map(|interval| Slot {
            provider: gone.provider.clone(),
            date,
            interval,
        }));
    }
    found.truncate(AT_MOST);
    found
}

async fn free_on(
    house: &House,
    clinic: &Clinic,
    visit: &str,
    gone: &Slot,
    date: Date,
) -> EmrResult<Vec<Interval>> {
    let (Some(provider), Some(visit)) = (clinic.provider(&gone.provider), clinic.visit_type(Some(visit)))
    else {
        return Ok(Vec::new());
    };
    let (link, deadline) = (house.emr_link(&clinic.id), Instant::now() + READ_BACK);
    let (no, end) = (gone.provider.clone(), date.tomorrow().unwrap_or(date));
    let query = Taken {
        clinic: clinic.id.clone(),
        provider: gone.provider.clone(),
        first: date,
        last: date,
        except_call: None,
        except_effect: None,
    };
    let (schedule, codes, rows, held) = tokio::join!(
        link.day_schedule(&gone.provider, date, deadline),
        link.template_codes(deadline),
        link.read(Operation::DayRows, deadline, move |emr| async move {
            emr.day_rows(&no, date, end, None).await
        }),
        house.store.taken(query, house.now()),
    );
    let (schedule, codes, rows) = (schedule?, codes?, rows?);
    let occupied = || rows.iter().filter(|row| row.status.occupies());
    let ours = occupied().filter(|row| row.mark.is_some()).count();
    let mut taken: Vec<Interval> = occupied().map(|row| row.interval).collect();
    taken.extend(held.map_err(|_| EmrFailure::Stopped)?.into_iter().map(|slot| slot.interval));
    let day =
        Day { date, schedule: schedule.value.as_ref().as_ref(), codes: &codes.value, taken: &taken, ours };
    let wish = Wish { clinic, provider, visit, now: house.now() };
    Ok(free(day, wish).unwrap_or_default())
}
