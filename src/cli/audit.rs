//! `vitarad audit`: walks the sealed chain of every clinic's audit log. May run beside the daemon.

use super::at_the_store::at_the_store;
use super::{EX_FAILED, EX_OK, Source, say};
use crate::boot;
use crate::store::{AuditVerdict, SqlStore};

pub fn run(source: &Source) -> u8 {
    at_the_store(source, "the audit log", verify)
}

async fn verify(store: &SqlStore) -> Result<u8, boot::NotBegun> {
    let mut code = EX_OK;
    for (clinic, _) in store.clinics().await?.read {
        match store.verify_audit(&clinic.id).await? {
            AuditVerdict::Intact { sealed } => {
                say(&format!("{}: intact, {sealed} entries sealed\n", clinic.id));
            }
            AuditVerdict::Broken { seal_no } => {
                code = EX_FAILED;
                say(&format!("{}: TAMPERED WITH, first at sealed entry {seal_no}\n", clinic.id));
            }
        }
    }
    Ok(code)
}
