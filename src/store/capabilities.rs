//! What each way into a clinic's EMR was found to be able to do: one row per path, replaced whole.

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::capabilities::{Can, Capabilities, Capability, Discovered, Why};
use vitarad_actors::domain::emr_path::{Operation, Path};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{CapabilityStore, StoreResult};

use super::SqlStore;
use super::db::Scope;
use super::sql::args;
use super::statements::tokens::{EMR_DISCOVERIES, KEEP_EMR_DISCOVERY};
use super::writer::Lane;

#[async_trait]
impl CapabilityStore for SqlStore {
    async fn emr_capabilities(&self, clinic: &ClinicId) -> StoreResult<Capabilities> {
        let mut session = self.read(Scope::Clinic(clinic)).await?;
        let rows: Vec<(String, i64, String)> = session.all(EMR_DISCOVERIES, args![clinic]).await?;
        let mut table = Capabilities::default();
        // A path or a word of a later release is left out: what nobody knows is tried.
        for (path, at, found) in rows {
            if let Some(path) = Path::named(&path) {
                table.learn(&Discovered {
                    path,
                    at: Ts(at),
                    found: found.lines().filter_map(read).collect(),
                });
            }
        }
        Ok(table)
    }

    async fn keep_capabilities(&self, clinic: &ClinicId, news: Discovered) -> StoreResult<()> {
        let found: String = news.found.into_iter().map(written).collect();
        let row = (clinic.clone(), news.path, news.at, found);
        self.writer
            .submit(Lane::Clinic(clinic), row, |(clinic, path, at, found), session| {
                async move {
                    session
                        .run(KEEP_EMR_DISCOVERY, args![&*clinic, path.name(), *at, &*found])
                        .await
                        .map(drop)
                }
                .boxed()
            })
            .await
    }
}

fn written(line: Capability) -> String {
    format!("{} {} {}\n", line.operation.name(), line.can.name(), line.why.name())
}

fn read(line: &str) -> Option<Capability> {
    let mut words = line.split(' ');
    let mut word = || words.next();
    Some(Capability {
        operation: Operation::named(word()?)?,
        can: Can::named(word()?)?,
        why: Why::named(word()?)?,
    })
}
