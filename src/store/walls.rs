//! The wall between clinics as PostgreSQL keeps it (law I-2): who it binds, and how the singletons work on both sides of it.
//!
//! A session sees one clinic's rows or none. Whoever works for all of them asks which clinics have something to do, and
//! then goes from one to the next in each one's name. SQLite has no such wall; it takes the same steps.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sqlx::{AssertSqlSafe, Executor};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::ports::store::{StoreError, StoreResult};

use super::SqlStore;
use super::connect::{self, Engine, OpenError};
use super::db::{Db, Scope};
use super::sql::{Arg, Sql, args};
use super::statements::clinics::KNOWN_CLINICS;
use super::statements::ownership::ROLE_STANDING;

impl Engine {
    /// Lets the role of `worker` work with the rows of what this one's role owns, and not change what keeps them apart.
    pub async fn admit(&self, worker: &Self) -> Result<(), OpenError> {
        let (Self::Postgres { url: owner }, Self::Postgres { url: worker }) = (self, worker) else {
            return Ok(());
        };
        let role = connect::role(worker)?;
        if role == connect::role(owner)? {
            return Ok(());
        }
        let Db::Pg(alone) = connect::alone(self)? else { return Ok(()) };
        let role = format!("\"{}\"", role.replace('"', "\"\""));
        let grants = format!(
            "GRANT USAGE ON SCHEMA public TO {role};
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
             REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations, _schema_floor FROM {role};"
        );
        let granted = alone.execute(AssertSqlSafe(grants)).await;
        alone.close().await;
        granted.map(drop).map_err(|_| OpenError::Grant)
    }
}

/// With whom a round of each kind of work began last. Work of one kind never costs a clinic its turn at another.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<&'static str, ClinicId>>);

impl Turns {
    /// Begins with who comes after the one with whom it began last.
    fn begin(&self, work: Sql, clinics: &mut [ClinicId]) {
        clinics.sort_unstable();
        let mut began = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = began.get(work.lite).map_or(0, |last| clinics.partition_point(|clinic| clinic <= last));
        clinics.rotate_left(if first < clinics.len() { first } else { 0 });
        if let Some(first) = clinics.first() {
            began.insert(work.lite, first.clone());
        }
    }
}

impl SqlStore {
    /// Refuses a role that the wall does not bind, or that could take it down.
    pub async fn check_wall(&self) -> Result<(), OpenError> {
        let mut session = self.readers.session().await.map_err(|_| OpenError::Silent)?;
        let (standing,): (String,) =
            session.one(ROLE_STANDING, args![]).await.map_err(|_| OpenError::Silent)?;
        match standing.as_str() {
            "unbound" => Err(OpenError::Unbound),
            "owner" => Err(OpenError::Owner),
            _ => Ok(()),
        }
    }

    /// The clinics for which the statement finds something to do, another one first each time, so that none is always
    /// last.
    pub(super) async fn clinics_with(&self, work: Sql, args: &[Arg<'_>]) -> StoreResult<Vec<ClinicId>> {
        let rows: Vec<(String,)> = self.read(Scope::House).await?.all(work, args).await?;
        let mut clinics = rows.iter().map(|(id,)| parsed(id)).collect::<StoreResult<Vec<_>>>()?;
        self.turns.begin(work, &mut clinics);
        Ok(clinics)
    }

    /// Whose turn it is, for work that can wait until everybody has had theirs.
    pub(super) async fn next_in_turn(&self) -> StoreResult<Option<ClinicId>> {
        Ok(self.clinics_with(KNOWN_CLINICS, args![]).await?.into_iter().next())
    }
}

pub(super) fn parsed(clinic: &str) -> StoreResult<ClinicId> {
    ClinicId::parse(clinic).map_err(|_| StoreError::Unreadable("a clinic's id"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::statements::outbox::TEXTING_CLINICS;

    fn clinics(of: &[&str]) -> Vec<ClinicId> {
        of.iter().map(|id| parsed(id).expect("a clinic's id")).collect()
    }

    #[test]
    fn each_kind_of_work_goes_round_the_clinics_by_itself() {
        let turns = Turns::default();
        let first = |work: Sql, of: &[&str]| {
            let mut clinics = clinics(of);
            turns.begin(work, &mut clinics);
            clinics.first().map(|clinic| clinic.as_str().to_owned()).unwrap_or_default()
        };
        let mut purged = Vec::new();
        for _ in 0..4 {
            purged.push(first(KNOWN_CLINICS, &["birch", "maple"]));
            first(TEXTING_CLINICS, &["birch", "maple"]);
        }
        assert_eq!(purged, ["birch", "maple", "birch", "maple"]);
        assert_eq!(first(KNOWN_CLINICS, &[]), "");
        assert_eq!(first(KNOWN_CLINICS, &["birch", "elm", "maple"]), "birch", "maple had the last turn");
        assert_eq!(first(KNOWN_CLINICS, &["elm", "maple"]), "elm", "who has gone is not waited for");
    }
}
