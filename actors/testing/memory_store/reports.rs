//! Calls whose report has not come.

use async_trait::async_trait;

use super::MemoryStore;
use crate::domain::ids::CallKey;
use crate::domain::time::Ts;
use crate::ports::store::{NoReport, ReportStore, RoleLease, StoreResult, Unreported};

#[async_trait]
impl ReportStore for MemoryStore {
    async fn next_unreported(&self, now: Ts) -> StoreResult<Option<Unreported>> {
        let tables = self.tables()?;
        let due = tables.records.iter().filter_map(|(call, row)| Some((row.report_due?, call, row)));
        let first = due.filter(|(at, ..)| *at <= now).min_by_key(|(at, ..)| *at);
        Ok(first.map(|(_, call, row)| Unreported { call: call.clone(), asked: row.report_asked }))
    }

    async fn note_no_report(&self, role: &RoleLease, call: &CallKey, came: NoReport) -> StoreResult<()> {
        let mut tables = self.tables()?;
        tables.guard_role(role)?;
        if let Some(row) = tables.records.get_mut(call).filter(|row| row.report_due.is_some()) {
            row.report_asked += 1;
            row.report_due = match came {
                NoReport::AskAgain(at) => Some(at),
                NoReport::Unknown | NoReport::GivenUp => None,
            };
        }
        Ok(())
    }
}
