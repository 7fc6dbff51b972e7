//! The clinics' keys in their table: made when a clinic is first seen, read once, opened by the keyring.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::FutureExt;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::store::{StoreError, StoreResult};

use super::SqlStore;
use super::db::Scope;
use super::sql::{Sql, args};
use super::statements::clinics::{ADD_CLINIC_KEY, CLINIC_KEYS, KNOW_CLINIC, REWRAP_CLINIC_KEY};
use super::writer::Lane;
use crate::seal::{ClinicKeys, KeyKind, Place, WrappedKey};

impl SqlStore {
    /// A new key for what is sealed from now on; what was sealed before still opens. Due long before 2^32 envelopes.
    pub async fn rotate_data_key(&self, clinic: &ClinicId) -> StoreResult<()> {
        let stored = self.stored_keys(clinic).await?;
        let of_data = stored.iter().filter(|key| key.kind == KeyKind::Data);
        let next = of_data.map(|key| key.version).max().map_or(1, |newest| newest + 1);
        let fresh = self.keyring.fresh(clinic, KeyKind::Data, next)?;
        self.write_keys(clinic, ADD_CLINIC_KEY, vec![fresh]).await?;
        self.load_keys(clinic).await.map(drop)
    }

    /// For whoever has the node for good: from now on keys that only the previous master key opens are wrapped anew. Before
    /// that, or by a command beside the daemon, it would take them from a process that knows no other.
    pub async fn rewrap_keys(&self) -> StoreResult<()> {
        self.rewraps.store(true, Ordering::Relaxed);
        for clinic in self.keyring.known_while_changing() {
            self.load_keys(&clinic).await?;
        }
        Ok(())
    }

    pub(super) async fn keys(&self, clinic: &ClinicId) -> StoreResult<Arc<ClinicKeys>> {
        match self.keyring.known(clinic) {
            Some(keys) => Ok(keys),
            None => self.load_keys(clinic).await,
        }
    }

    pub(super) async fn open_sealed(
        &self,
        clinic: &ClinicId,
        place: Place<'_>,
        envelope: &[u8],
    ) -> StoreResult<Phi<Vec<u8>>> {
        let mut keys = self.keys(clinic).await?;
        if !keys.fit(envelope) {
            keys = self.load_keys(clinic).await?;
        }
        keys.open(place, envelope)
    }

    async fn load_keys(&self, clinic: &ClinicId) -> StoreResult<Arc<ClinicKeys>> {
        let mut stored = self.stored_keys(clinic).await?;
        let missing = KeyKind::ALL.into_iter().filter(|kind| stored.iter().all(|key| key.kind != *kind));
        let fresh: Vec<_> =
            missing.map(|kind| self.keyring.fresh(clinic, kind, 1)).collect::<StoreResult<_>>()?;
        if !fresh.is_empty() {
            self.write_keys(clinic, ADD_CLINIC_KEY, fresh).await?;
            // Another process may have been faster; what is stored counts.
            stored = self.stored_keys(clinic).await?;
        }
        let anew = self.keyring.admit(clinic, &stored)?;
        if !anew.is_empty() && self.rewraps.load(Ordering::Relaxed) {
            self.write_keys(clinic, REWRAP_CLINIC_KEY, anew).await?;
        }
        self.keyring.known(clinic).ok_or(StoreError::Unreadable("a clinic's keys"))
    }

    async fn stored_keys(&self, clinic: &ClinicId) -> StoreResult<Vec<WrappedKey>> {
        let mut session = self.read(Scope::Clinic(clinic)).await?;
        let rows: Vec<(String, i64, Vec<u8>)> = session.all(CLINIC_KEYS, args![clinic]).await?;
        rows.into_iter()
            .map(|(kind, version, wrapped)| {
                let unreadable = StoreError::Unreadable("clinic_key");
                let kind = KeyKind::named(&kind).ok_or(unreadable.clone())?;
                Ok(WrappedKey { kind, version: u32::try_from(version).map_err(|_| unreadable)?, wrapped })
            })
            .collect()
    }

    async fn write_keys(&self, clinic: &ClinicId, sql: Sql, keys: Vec<WrappedKey>) -> StoreResult<()> {
        self.writer
            .submit(Lane::Clinic(clinic), (clinic.clone(), sql, keys), |(clinic, sql, keys), session| {
                async move {
                    session.run(KNOW_CLINIC, args![clinic]).await?;
                    for key in keys {
                        let args = args![clinic, key.kind.name(), key.version, &key.wrapped];
                        session.run(*sql, args).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}
