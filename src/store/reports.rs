//! Calls whose report has not come.

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::ids::{CallId, CallKey};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{NoReport, ReportStore, RoleLease, StoreError, StoreResult, Unreported};

use super::db::Scope;
use super::sql::args;
use super::statements::calls::{NEXT_UNREPORTED, NOTE_NO_REPORT, UNREPORTED_CLINICS};
use super::writer::Lane;
use super::{SqlStore, roles};

#[async_trait]
impl ReportStore for SqlStore {
    async fn next_unreported(&self, now: Ts) -> StoreResult<Option<Unreported>> {
        let Some(clinic) = self.clinics_with(UNREPORTED_CLINICS, args![now]).await?.into_iter().next() else {
            return Ok(None);
        };
        let mut session = self.read(Scope::Clinic(&clinic)).await?;
        let row: Option<(String, i64)> = session.maybe(NEXT_UNREPORTED, args![&clinic, now]).await?;
        row.map(|(call, asked)| {
            let call = CallId::parse(&call).map_err(|_| StoreError::Unreadable("call_record"))?;
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
            .submit(Lane::Clinic(&call.clinic), (*role, call.clone()), move |(role, call), session| {
                async move {
                    roles::check(session, role).await?;
                    session.run(NOTE_NO_REPORT, args![&call.clinic, &call.call, due, missing]).await.map(drop)
                }
                .boxed()
            })
            .await
    }
}
