//! The audit log (law P-2): appended with what it records, sealed into one chain per clinic, and checked.
//!
//! ```text
//! link n = HMAC(clinic's audit key, link n-1 | entry n)        head = (n, link n, HMAC(key, n | link n))
//! ```
//!
//! An entry that is edited, deleted or put elsewhere breaks its link; a cut tail no longer reaches the head.

use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::ids::{CallId, ClinicId, Generation};
use vitarad_actors::domain::laws::{self, Law};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::store::{AuditEntry, AuditStore, RoleLease, StoreError, StoreResult};

use super::db::{Scope, Session};
use super::sql::args;
use super::statements::audit::{
    APPEND_AUDIT, APPEND_SUBJECT, AUDIT_HEAD, MOVE_AUDIT_HEAD, SEAL_ENTRY, SEALED, UNSEALED, UNSEALED_CLINICS,
};
use super::writer::Lane;
use super::{SqlStore, records, roles};
use crate::seal::{Blind, ClinicKeys, Place};

/// Entries sealed in one transaction: others wait for its commit.
const SEAL_AT_ONCE: u32 = 32;
const READ_AT_ONCE: u32 = 512;

/// What a check of a clinic's chain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditVerdict {
    Intact {
        sealed: u64,
    },
    /// The first number at which the log is not what was sealed.
    Broken {
        seal_no: i64,
    },
}

/// An entry ready to be appended.
pub(super) struct SealedEntry {
    clinic: ClinicId,
    at: Ts,
    generation: Option<Generation>,
    call: Option<CallId>,
    action: &'static str,
    outcome: &'static str,
    subjects: Vec<u8>,
    indexes: Vec<Vec<u8>>,
}

impl SqlStore {
    /// Seals whom the entries are about. All belong to the clinic whose transaction they go into (law I-2).
    pub(super) fn seal_entries(
        &self,
        clinic: &ClinicId,
        keys: &ClinicKeys,
        entries: Vec<AuditEntry>,
    ) -> StoreResult<Vec<SealedEntry>> {
        let seal = |entry: AuditEntry| {
            laws::uphold(Law::I2, laws::one_clinic(clinic, &entry.clinic));
            let numbers: Vec<i32> = entry.patients.iter().map(|patient| patient.reveal()).collect();
            let plain = records::encode(&numbers)?;
            let at = entry.at.0.to_string();
            let call = entry.call.as_ref().map_or("", CallId::as_str);
            let row = [at.as_str(), call, entry.action.name(), entry.outcome];
            let place = Place { table: "audit_entry", column: "subjects", row: &row };
            Ok(SealedEntry {
                subjects: keys.seal(place, &plain)?,
                indexes: entry.patients.iter().map(|patient| patient_index(keys, *patient)).collect(),
                clinic: entry.clinic,
                at: entry.at,
                generation: self.own_generation(),
                call: entry.call,
                action: entry.action.name(),
                outcome: entry.outcome,
            })
        };
        entries.into_iter().map(seal).collect()
    }

    /// Reads a clinic's whole chain and compares it with what was sealed.
    pub async fn verify_audit(&self, clinic: &ClinicId) -> StoreResult<AuditVerdict> {
        let keys = self.keys(clinic).await?;
        let mut session = self.read(Scope::Clinic(clinic)).await?;
        let mut link = Head::start();
        loop {
            let page: Vec<SealedRow> = session.all(SEALED, args![clinic, link.seal_no, READ_AT_ONCE]).await?;
            let last = page.len() < READ_AT_ONCE as usize;
            for row in page {
                let next = link.next(&keys, clinic, &row.entry);
                if row.seal_no != next.seal_no || row.chain != next.chain {
                    return Ok(AuditVerdict::Broken { seal_no: next.seal_no });
                }
                link = next;
            }
            if last {
                break;
            }
        }
        let ends_at_head = match Head::read(&mut session, &keys, clinic).await {
            Ok(head) => head.unwrap_or_else(Head::start) == link,
            Err(StoreError::Unreadable(_)) => false,
            Err(error) => return Err(error),
        };
        Ok(if ends_at_head {
            AuditVerdict::Intact { sealed: u64::try_from(link.seal_no).unwrap_or(0) }
        } else {
            AuditVerdict::Broken { seal_no: link.seal_no + 1 }
        })
    }
}

#[async_trait]
impl AuditStore for SqlStore {
    async fn append_audit(&self, entry: AuditEntry) -> StoreResult<()> {
        let clinic = entry.clinic.clone();
        let keys = self.keys(&clinic).await?;
        let entries = self.seal_entries(&clinic, &keys, vec![entry])?;
        self.writer
            .submit(Lane::Clinic(&clinic), entries, |entries, session| append(session, entries).boxed())
            .await
    }

    async fn seal_audit(&self, role: &RoleLease, limit: u32, _now: Ts) -> StoreResult<u64> {
        let mut sealed = 0;
        for clinic in self.clinics_with(UNSEALED_CLINICS, args![]).await? {
            let keys = self.keys(&clinic).await?;
            while sealed < u64::from(limit) {
                let room = u32::try_from(u64::from(limit) - sealed).unwrap_or(SEAL_AT_ONCE);
                let asked = room.min(SEAL_AT_ONCE);
                let sealing = Sealing { role: *role, clinic: clinic.clone(), keys: Arc::clone(&keys), asked };
                let some = self
                    .writer
                    .submit(Lane::Clinic(&clinic), sealing, |sealing, session| {
                        seal_some(session, sealing).boxed()
                    })
                    .await?;
                sealed += some;
                if some < u64::from(asked) {
                    break;
                }
            }
        }
        Ok(sealed)
    }
}

pub(super) fn patient_index(
    keys: &ClinicKeys,
    patient: vitarad_actors::domain::ids::DemographicNo,
) -> Vec<u8> {
    keys.blind(Blind::Patient, patient.reveal().to_string().as_bytes())
}

/// Inside the transaction of what the entries record.
pub(super) async fn append(session: &mut Session, entries: &[SealedEntry]) -> StoreResult<()> {
    for entry in entries {
        let SealedEntry { clinic, at, generation, call, action, outcome, subjects, indexes } = entry;
        let row = args![clinic, *at, *generation, call.as_ref(), *action, *outcome, subjects];
        let (seq,): (i64,) = session.one(APPEND_AUDIT, row).await?;
        for index in indexes {
            session.run(APPEND_SUBJECT, args![seq, clinic, index]).await?;
        }
    }
    Ok(())
}

struct Sealing {
    role: RoleLease,
    clinic: ClinicId,
    keys: Arc<ClinicKeys>,
    asked: u32,
}

async fn seal_some(session: &mut Session, sealing: &Sealing) -> StoreResult<u64> {
    let Sealing { role, clinic, keys, asked } = sealing;
    roles::check(session, role).await?;
    let mut head = Head::read(session, keys, clinic).await?.unwrap_or_else(Head::start);
    let entries: Vec<EntryRow> = session.all(UNSEALED, args![clinic, *asked]).await?;
    for entry in &entries {
        head = head.next(keys, clinic, entry);
        session.run(SEAL_ENTRY, args![clinic, entry.seq, head.seal_no, &head.chain]).await?;
    }
    if !entries.is_empty() {
        let proof = head.proof(keys);
        session.run(MOVE_AUDIT_HEAD, args![clinic, head.seal_no, &head.chain, &proof]).await?;
    }
    Ok(entries.len() as u64)
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    seq: i64,
    at: i64,
    generation: Option<i64>,
    call_id: Option<String>,
    action: String,
    outcome: String,
    subjects: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct SealedRow {
    seal_no: i64,
    chain: Vec<u8>,
    #[sqlx(flatten)]
    entry: EntryRow,
}

/// The newest link of a chain.
#[derive(PartialEq, Eq)]
struct Head {
    seal_no: i64,
    chain: Vec<u8>,
}

impl Head {
    const fn start() -> Self {
        Self { seal_no: 0, chain: Vec::new() }
    }

    /// The stored head; `None` when nothing was sealed yet. One that we did not write is unreadable: nothing is sealed
    /// onto it.
    async fn read(session: &mut Session, keys: &ClinicKeys, clinic: &ClinicId) -> StoreResult<Option<Self>> {
        let row: Option<(i64, Vec<u8>, Vec<u8>)> = session.maybe(AUDIT_HEAD, args![clinic]).await?;
        let Some((seal_no, chain, proof)) = row else { return Ok(None) };
        let head = Self { seal_no, chain };
        if head.proof(keys) == proof { Ok(Some(head)) } else { Err(StoreError::Unreadable("audit_head")) }
    }

    fn next(&self, keys: &ClinicKeys, clinic: &ClinicId, entry: &EntryRow) -> Self {
        let seal_no = self.seal_no + 1;
        let generation = entry.generation.unwrap_or(0).to_be_bytes();
        let chain = keys.vouch(&[
            b"entry",
            &seal_no.to_be_bytes(),
            &self.chain,
            clinic.as_str().as_bytes(),
            &entry.seq.to_be_bytes(),
            &entry.at.to_be_bytes(),
            &generation,
            entry.call_id.as_deref().unwrap_or_default().as_bytes(),
            entry.action.as_bytes(),
            entry.outcome.as_bytes(),
            &entry.subjects,
        ]);
        Self { seal_no, chain }
    }

    fn proof(&self, keys: &ClinicKeys) -> Vec<u8> {
        keys.vouch(&[b"head", &self.seal_no.to_be_bytes(), &self.chain])
    }
}
