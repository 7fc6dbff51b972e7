//! The clinics as the configuration declares them: settings in clear, access in one envelope.

use futures::FutureExt;
use vitarad_actors::domain::clinic::Clinic;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{Notice, StoreError, StoreResult};

use super::db::Scope;
use super::sql::args;
use super::statements::clinics::{
    ACTIVE_CLINICS, CLINIC_STANDING, CLINICS_REVISION, DEACTIVATE_CLINIC, DECLARED_CLINICS, SEED_CLINIC,
};
use super::walls::parsed;
use super::writer::Lane;
use super::{SqlStore, known, records};
use crate::access::ClinicAccess;
use crate::seal::{Blind, Place};

/// The active clinics.
pub struct Clinics {
    pub read: Vec<(Clinic, ClinicAccess)>,
    /// What they are only who knew them before can say.
    pub unreadable: Vec<ClinicId>,
}

impl SqlStore {
    /// Writes what is declared, unless it is there already or somebody else has taken the clinic over since; whether it
    /// wrote.
    pub async fn seed_clinic(&self, clinic: &Clinic, access: &ClinicAccess, now: Ts) -> StoreResult<bool> {
        let keys = self.keys(&clinic.id).await?;
        let settings =
            serde_json::to_string(clinic).map_err(|_| StoreError::Unreadable("clinic.settings"))?;
        let plain = records::encode(access)?;
        // Keyed: a plain hash of credentials would let a reader of the file try passwords.
        let digest = keys.blind(Blind::Declaration, &[settings.as_bytes(), &plain].concat());
        let standing: Option<(Vec<u8>, String, Option<i64>)> =
            self.read(Scope::House).await?.maybe(CLINIC_STANDING, args![&clinic.id]).await?;
        if standing.is_some_and(|(stored, source, deactivated_at)| {
            source != "config" || stored == digest && deactivated_at.is_none()
        }) {
            return Ok(false);
        }
        let sealed = keys.seal(access_of(&[clinic.id.as_str()]), &plain)?;
        let row = (clinic.id.clone(), settings, sealed, digest);
        self.writer
            .submit(Lane::House, row, move |(id, settings, sealed, digest), session| {
                async move {
                    let seeded = session.run(SEED_CLINIC, args![id, settings, sealed, digest, now]).await?;
                    session.notify(Notice::Clinics).await?;
                    Ok(seeded > 0)
                }
                .boxed()
            })
            .await
    }

    /// Deactivates the clinics that the configuration once declared and no longer does; returns how many.
    pub async fn retire_undeclared(&self, declared: &[ClinicId], now: Ts) -> StoreResult<u64> {
        let declared = declared.to_vec();
        self.writer
            .submit(Lane::House, declared, move |declared, session| {
                async move {
                    let mut retired = 0;
                    let stored: Vec<(String,)> = session.all(DECLARED_CLINICS, args![]).await?;
                    for (id,) in stored.iter().filter(|(id,)| declared.iter().all(|kept| kept.as_str() != id))
                    {
                        retired += session.run(DEACTIVATE_CLINIC, args![id, now]).await?;
                        session.notify(Notice::Clinics).await?;
                    }
                    Ok(retired)
                }
                .boxed()
            })
            .await
    }

    /// Grows whenever a clinic is declared otherwise than before.
    pub async fn clinics_revision(&self) -> StoreResult<i64> {
        let (revision,): (i64,) = self.read(Scope::House).await?.one(CLINICS_REVISION, args![]).await?;
        Ok(revision)
    }

    /// One that cannot be read is logged and named: it must not take the others down. Keys that do not open are another
    /// matter: whose master key is the wrong one can read nothing.
    pub async fn clinics(&self) -> StoreResult<Clinics> {
        let rows: Vec<(String, String, Vec<u8>)> =
            self.read(Scope::House).await?.all(ACTIVE_CLINICS, args![]).await?;
        let mut clinics = Clinics { read: Vec::with_capacity(rows.len()), unreadable: Vec::new() };
        for (id, settings, sealed) in rows {
            let id = parsed(&id)?;
            self.keys(&id).await?;
            match self.read_clinic(&id, &settings, &sealed).await {
                Ok(clinic) => clinics.read.push(clinic),
                Err(error) => {
                    tracing::error!(clinic.id = %id, failure = %error, "a clinic cannot be read");
                    clinics.unreadable.push(id);
                }
            }
        }
        Ok(clinics)
    }

    async fn read_clinic(
        &self,
        id: &ClinicId,
        settings: &str,
        sealed: &[u8],
    ) -> StoreResult<(Clinic, ClinicAccess)> {
        let clinic: Clinic = known::read(settings).map_err(|_| StoreError::Unreadable("clinic.settings"))?;
        let opened = self.open_sealed(id, access_of(&[id.as_str()]), sealed).await?;
        let access = records::decode(&opened, "clinic.access")?;
        Ok((clinic, access))
    }
}

const fn access_of<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "clinic", column: "access", row }
}
