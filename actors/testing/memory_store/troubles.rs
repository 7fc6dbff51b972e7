//! What processes tell each other of trouble. The store's clock is tokio's, which a test may pause, and nobody sets.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::tables::TroubleRow;
use super::{MemoryStore, Tables};
use crate::domain::ids::{ClinicId, Generation};
use crate::domain::trouble::{Lasts, Part, Trouble};
use crate::ports::store::{StoreResult, TroubleStore};

#[async_trait]
impl TroubleStore for MemoryStore {
    async fn tell(&self, clinic: &ClinicId, part: &Part, lasts: Lasts, by: Generation) -> StoreResult<()> {
        let mut tables = self.tables()?;
        let (now, key) = (Instant::now(), (clinic.clone(), part.to_string()));
        let ends_at = match lasts {
            Lasts::For(time) => Some(now + time),
            Lasts::IsOver => None,
        };
        let revision = tables.troubles.get(&key).map_or(1, |row| row.revision + 1);
        tables.troubles.insert(key, TroubleRow { ends_at, told_at: now, told_by: by, revision });
        Ok(())
    }

    async fn troubles(&self, clinic: &ClinicId) -> StoreResult<Vec<Trouble>> {
        let tables = self.tables()?;
        let of_clinic = tables.troubles.iter().filter(|((of, _), _)| of == clinic);
        Ok(of_clinic.map(|((_, part), row)| tables.told(part, row)).collect())
    }

    async fn told_lately(&self, within: Duration) -> StoreResult<Vec<(ClinicId, Trouble)>> {
        let tables = self.tables()?;
        let lately = tables.troubles.iter().filter(|(_, row)| row.told_at.elapsed() < within);
        Ok(lately.map(|((clinic, part), row)| (clinic.clone(), tables.told(part, row))).collect())
    }
}

impl Tables {
    fn told(&self, part: &str, row: &TroubleRow) -> Trouble {
        let left = |ends_at: Instant| Lasts::For(ends_at.saturating_duration_since(Instant::now()));
        let lives_on = self.nodes.iter().find(|(_, node)| node.standing(row.told_by).is_some());
        Trouble {
            part: Part::named(part),
            lasts: row.ends_at.map_or(Lasts::IsOver, left),
            told_by: row.told_by,
            node: lives_on.map(|(name, _)| name.clone()).unwrap_or_default(),
            revision: row.revision,
        }
    }
}
