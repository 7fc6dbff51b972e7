//! The way by REST: set-ups that wait for an approval, one per clinic, and the tokens that came of it, both sealed.

use async_trait::async_trait;
use futures::FutureExt;
use sha2::{Digest, Sha256};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{EmrToken, RoleLease, StoreError, StoreResult, TokenStore};

use super::db::Scope;
use super::sql::args;
use super::statements::tokens::{
    APPROVAL, AWAIT_APPROVAL, AWAITED_APPROVALS, EMR_TOKEN, EMR_TOKEN_LIFE, KEEP_EMR_TOKEN, TAKE_APPROVAL,
    TOKEN_CLINICS, WATCH_EMR_TOKEN,
};
use super::walls::parsed;
use super::writer::Lane;
use super::{SqlStore, records, roles};
use crate::access::Credential;
use crate::seal::Place;

impl SqlStore {
    /// Waits for an approval that will show `state`. The clinic's former set-up, if one was waiting, is over.
    pub async fn await_approval(
        &self,
        clinic: &ClinicId,
        state: &str,
        request: &Credential,
        until: Ts,
    ) -> StoreResult<()> {
        let hash = hash(state);
        let place = [clinic.as_str(), &hex::encode(&hash)];
        let sealed = self.keys(clinic).await?.seal(request_of(&place), &records::encode(request)?)?;
        let row = (clinic.clone(), hash, sealed, until);
        self.writer
            .submit(Lane::Clinic(clinic), row, |(clinic, hash, sealed, until), session| {
                async move {
                    session.run(AWAIT_APPROVAL, args![&*clinic, &*hash, &*sealed, *until]).await.map(drop)
                }
                .boxed()
            })
            .await
    }

    /// The clinic and its request for approval that wait for this state, which is used up by that. `None` when none waits,
    /// or waited too long.
    pub async fn take_approval(&self, state: &str, now: Ts) -> StoreResult<Option<(ClinicId, Credential)>> {
        let hash = hash(state);
        // Anybody may come with any state: only one that is there is worth a write.
        let waits: Option<(i64,)> = self.read(Scope::House).await?.maybe(APPROVAL, args![&hash]).await?;
        if waits.is_none() {
            return Ok(None);
        }
        let place = hex::encode(&hash);
        let taken: Option<(String, Vec<u8>, i64)> = self
            .writer
            .submit(Lane::House, hash, |hash, session| {
                async move { session.maybe(TAKE_APPROVAL, args![&*hash]).await }.boxed()
            })
            .await?;
        let Some((clinic, sealed, _)) = taken.filter(|(_, _, until)| now < Ts(*until)) else {
            return Ok(None);
        };
        let clinic = ClinicId::parse(&clinic).map_err(|_| StoreError::Unreadable("emr_approval"))?;
        let opened = self.open_sealed(&clinic, request_of(&[clinic.as_str(), &place]), &sealed).await?;
        let request = records::decode(&opened, "emr_approval")?;
        Ok(Some((clinic, request)))
    }

    /// Which clinics' set-ups wait for an approval, and until when.
    pub async fn awaited_approvals(&self) -> StoreResult<Vec<(ClinicId, Ts)>> {
        let rows: Vec<(String, i64)> = self.read(Scope::House).await?.all(AWAITED_APPROVALS, args![]).await?;
        rows.into_iter().map(|(clinic, until)| Ok((parsed(&clinic)?, Ts(until)))).collect()
    }

    /// Keeps the clinic's token, in place of its former one.
    pub async fn keep_emr_token(
        &self,
        clinic: &ClinicId,
        token: &Credential,
        granted_at: Ts,
        expires_at: Option<Ts>,
    ) -> StoreResult<()> {
        let sealed = self.keys(clinic).await?.seal(token_of(&[clinic.as_str()]), &records::encode(token)?)?;
        let row = (clinic.clone(), sealed, granted_at, expires_at);
        self.writer
            .submit(Lane::Clinic(clinic), row, |(clinic, sealed, granted_at, expires_at), session| {
                async move {
                    let row = args![&*clinic, &*sealed, *granted_at, *expires_at];
                    session.run(KEEP_EMR_TOKEN, row).await.map(drop)
                }
                .boxed()
            })
            .await
    }

    /// The clinic's token, and when it ends; `None` is never.
    pub async fn emr_token(&self, clinic: &ClinicId) -> StoreResult<Option<(Credential, Option<Ts>)>> {
        let mut session = self.read(Scope::Clinic(clinic)).await?;
        let row: Option<(Vec<u8>, Option<i64>)> = session.maybe(EMR_TOKEN, args![clinic]).await?;
        drop(session);
        let Some((sealed, expires_at)) = row else { return Ok(None) };
        let opened = self.open_sealed(clinic, token_of(&[clinic.as_str()]), &sealed).await?;
        Ok(Some((records::decode(&opened, "emr_token")?, expires_at.map(Ts))))
    }
}

#[async_trait]
impl TokenStore for SqlStore {
    async fn emr_tokens(&self) -> StoreResult<Vec<EmrToken>> {
        let mut tokens = Vec::new();
        for clinic in self.clinics_with(TOKEN_CLINICS, args![]).await? {
            let mut session = self.read(Scope::Clinic(&clinic)).await?;
            let life: Option<(i64, Option<i64>, Option<i64>)> =
                session.maybe(EMR_TOKEN_LIFE, args![&clinic]).await?;
            tokens.extend(life.map(|(granted_at, expires_at, watched_at)| EmrToken {
                clinic,
                granted_at: Ts(granted_at),
                expires_at: expires_at.map(Ts),
                watched_at: watched_at.map(Ts),
            }));
        }
        tokens.sort_by(|a, b| a.clinic.cmp(&b.clinic));
        Ok(tokens)
    }

    async fn note_token_watch(&self, role: &RoleLease, clinic: &ClinicId, now: Ts) -> StoreResult<()> {
        self.writer
            .submit(Lane::Clinic(clinic), (*role, clinic.clone(), now), |(role, clinic, now), session| {
                async move {
                    roles::check(session, role).await?;
                    session.run(WATCH_EMR_TOKEN, args![&*clinic, *now]).await.map(drop)
                }
                .boxed()
            })
            .await
    }
}

/// The state is random and as good as a password, so the file shall not give it away.
fn hash(state: &str) -> Vec<u8> {
    Sha256::digest(state).to_vec()
}

const fn request_of<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "emr_approval", column: "request", row }
}

const fn token_of<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "emr_token", column: "token", row }
}
