//! What the processes tell each other of trouble: the last word on each part of each clinic.

use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::ids::{ClinicId, Generation};
use vitarad_actors::domain::trouble::{Lasts, Part, Trouble};
use vitarad_actors::ports::store::{Notice, StoreResult, TroubleStore};

use super::db::Scope;
use super::sql::args;
use super::statements::troubles::{TELL_TROUBLE, TROUBLES, TROUBLES_TOLD_LATELY};
use super::writer::Lane;
use super::{SqlStore, walls};

type Row = (String, String, Option<i64>, i64, String, i64);

#[async_trait]
impl TroubleStore for SqlStore {
    async fn tell(&self, clinic: &ClinicId, part: &Part, lasts: Lasts, by: Generation) -> StoreResult<()> {
        let lasts = match lasts {
            Lasts::For(time) => Some(time),
            Lasts::IsOver => None,
        };
        let word = (clinic.clone(), part.to_string(), lasts, by);
        self.writer
            .submit(Lane::Clinic(clinic), word, |(clinic, part, lasts, by), session| {
                async move {
                    session.run(TELL_TROUBLE, args![&*clinic, &*part, *lasts, *by]).await?;
                    session.notify(Notice::Troubles).await
                }
                .boxed()
            })
            .await
    }

    async fn troubles(&self, clinic: &ClinicId) -> StoreResult<Vec<Trouble>> {
        let rows: Vec<Row> = self.read(Scope::House).await?.all(TROUBLES, args![clinic]).await?;
        rows.into_iter().map(|row| Ok(told(row)?.1)).collect()
    }

    async fn told_lately(&self, within: Duration) -> StoreResult<Vec<(ClinicId, Trouble)>> {
        let mut session = self.read(Scope::House).await?;
        let rows: Vec<Row> = session.all(TROUBLES_TOLD_LATELY, args![within]).await?;
        rows.into_iter().map(told).collect()
    }
}

fn told((clinic, part, left, told_by, node, revision): Row) -> StoreResult<(ClinicId, Trouble)> {
    let ends_in = |left: i64| Lasts::For(Duration::from_micros(left.max(0).unsigned_abs()));
    let trouble = Trouble {
        part: Part::named(&part),
        lasts: left.map_or(Lasts::IsOver, ends_in),
        told_by: Generation(told_by),
        node,
        revision,
    };
    Ok((walls::parsed(&clinic)?, trouble))
}
