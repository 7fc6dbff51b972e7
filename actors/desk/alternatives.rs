//! Free times near one that is gone, for the person who will call the patient. Nothing is held or booked.

use tokio::time::Instant;

use super::day::DayNow;
use super::saga::READ_BACK;
use crate::domain::availability::Wish;
use crate::domain::booking::Slot;
use crate::domain::clinic::Clinic;
use crate::house::House;

const AT_MOST: usize = 3;
/// Days looked at: the wanted one and those after it.
const DAYS: usize = 5;

/// The same provider's free times, nearest first; fewer when the EMR does not answer.
pub async fn nearest(house: &House, clinic: &Clinic, visit: &str, gone: &Slot) -> Vec<Slot> {
    let mut found = Vec::new();
    let (Some(provider), Some(visit)) = (clinic.provider(&gone.provider), clinic.visit_type(Some(visit)))
    else {
        return found;
    };
    for date in gone.date.series(jiff::Span::new().days(1)).take(DAYS) {
        if found.len() >= AT_MOST {
            break;
        }
        let soon = Instant::now() + READ_BACK;
        let Ok(day) = DayNow::read(house, clinic, &Slot { date, ..gone.clone() }, None, soon).await else {
            break;
        };
        let wanted = gone.interval.start.get();
        let mut of_day = day.free(Wish { clinic, provider, visit, now: house.now() });
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
