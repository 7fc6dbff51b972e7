//! Asks the voice platform for the reports that never came: it sends each once, and not to a house that is away.

use std::time::Duration;

use crate::domain::call_record::REPORT_WITHIN;
use crate::house::House;
use crate::ports::reports::Asked;
use crate::ports::store::{NoReport, RoleLease, StoreResult, Unreported};
use crate::retry::RetryPolicy;

/// The longest phone call the platform allows is twelve hours.
const PAUSES: RetryPolicy = RetryPolicy { base: REPORT_WITHIN, cap: Duration::from_hours(12) };
/// Together a day.
const MOST_ASKED: u32 = 8;

/// One call at a time: the platform counts requests, and the purge waits behind this.
pub(super) async fn ask(house: &House, lease: &RoleLease) -> StoreResult<()> {
    if !house.reports.is_ready() {
        return Ok(());
    }
    let Some(unreported) = house.store.next_unreported(house.now()).await? else { return Ok(()) };
    let Unreported { call, .. } = &unreported;
    let asked = match house.clinic(&call.clinic) {
        Some(_) => house.reports.report(call).await,
        None => Asked::Unknown,
    };
    let (outcome, came) = match asked {
        Asked::Away => return Ok(()),
        Asked::Report(report) => {
            let kept = house.store.keep_event(*report, house.now()).await;
            if kept.is_err() {
                // Others must not wait for one that cannot be kept.
                house.store.note_no_report(lease, call, again(house, &unreported)).await?;
            }
            house.meters.report_asked(&call.clinic, if kept.is_ok() { "found" } else { "not_kept" });
            return kept.map(drop);
        }
        Asked::Unfinished => ("unfinished", again(house, &unreported)),
        Asked::Unreadable => ("unreadable", again(house, &unreported)),
        Asked::Unknown => ("unknown", NoReport::Unknown),
        Asked::Elsewhere => {
            tracing::warn!(clinic.id = %call.clinic, call.id = %call.call, "a call was made to another clinic's line");
            ("elsewhere", NoReport::Unknown)
        }
    };
    house.store.note_no_report(lease, call, came).await?;
    let outcome = if came == NoReport::GivenUp { "given_up" } else { outcome };
    house.meters.report_asked(&call.clinic, outcome);
    Ok(())
}

fn again(house: &House, unreported: &Unreported) -> NoReport {
    let asked = unreported.asked + 1;
    if asked < MOST_ASKED {
        NoReport::AskAgain(house.now().plus(PAUSES.pause(asked, 1.0)))
    } else {
        NoReport::GivenUp
    }
}
