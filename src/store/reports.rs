//! Calls whose report has not come.

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::ids::{CallId, CallKey, ClinicId};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{NoReport, ReportStore, RoleLease, StoreError, StoreResult, Unreported};

use super::db::Scope;
use super::sql::args;
use super::statements::{NEXT_UNREPORTED, NOTE_NO_REPORT};
use super::writer::Lane;
use super::{SqlStore, roles};

#[async_trait]
impl ReportStore for SqlStore {
    async fn next_unreported(&self, now: Ts) -> StoreResult<Option<Unreported>> {
        let mut session = self.read(Scope::House).await?;
        let row: Option<(String, String, i64)> = session.maybe(NEXT_UNREPORTED, args![now]).await?;
        let unreadable = || StoreError::Unreadable("call_record");
        row.map(|(clinic, call, asked)| {
            let clinic = ClinicId::parse(&clinic).map_err(|_| unreadable())?;
            let call = CallId::parse(&call).map_err(|_| unreadable())?;
            let asked = u32::try_from(asked).unwrap_or(u32::MAX);
            Ok(Unreported { call: CallKey { clinic, call }, asked })
        })
        .transpose()
    }

    async fn note_no_report(&self, role: &RoleLease, call: &CallKey, came: NoReport) -> StoreResult<()> {
        let (due, missing) = match came {
            NoReport::AskAgain(at) => (Some(at), None),
            NoReport::Unknown => (None, Some("unknown")),
            NoReport::GivenUp => (None, Some("given_up")),
        };
        self.writer
            .submit(Lane::House, (*role, call.clone()), move |(role, call), session| {
                async move {
                    roles::check(session, role).await?;
                    session.run(NOTE_NO_REPORT, args![&call.clinic, &call.call, due, missing]).await.map(drop)
                }
                .boxed()
            })
            .await
    }
}
