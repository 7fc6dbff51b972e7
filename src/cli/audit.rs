//! `vitarad audit`: walks the sealed chain of every clinic's audit log. May run beside the daemon.

use super::{EX_CONFIG, EX_FAILED, EX_OK, EX_TEMPFAIL, Source, block_on, complain, say};
use crate::boot;
use crate::config::{Settings, report};
use crate::store::AuditVerdict;

pub fn run(source: &Source) -> u8 {
    let loaded = match Settings::load(source.config.as_deref(), std::env::vars()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            complain(&report::problems(&problems.0));
            return EX_CONFIG;
        }
    };
    block_on(async {
        match verify(&loaded.settings).await {
            Ok(true) => EX_OK,
            Ok(false) => EX_FAILED,
            Err(failure) => {
                complain(&format!("the audit log could not be read: {failure}"));
                EX_TEMPFAIL
            }
        }
    })
}

async fn verify(settings: &Settings) -> Result<bool, boot::NotBegun> {
    let store = boot::open(settings).await?;
    let mut intact = true;
    for (clinic, _) in store.clinics().await? {
        match store.verify_audit(&clinic.id).await? {
            AuditVerdict::Intact { sealed } => {
                say(&format!("{}: intact, {sealed} entries sealed\n", clinic.id));
            }
            AuditVerdict::Broken { seal_no } => {
                intact = false;
                say(&format!("{}: TAMPERED WITH, first at sealed entry {seal_no}\n", clinic.id));
            }
        }
    }
    store.close().await;
    Ok(intact)
}
