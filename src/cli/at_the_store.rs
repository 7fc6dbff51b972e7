//! What the commands have in common that look into the store, beside the daemon or without it.

use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::ports::Clock;
use vitarad_actors::ports::store::{AuditAction, AuditEntry};

use super::{EX_TEMPFAIL, Source, block_on, complain};
use crate::boot;
use crate::clock::SystemClock;
use crate::store::SqlStore;

/// Runs a command on the store that the settings name; `what` it was about goes before a failure.
pub fn at_the_store(
    source: &Source,
    what: &str,
    command: impl AsyncFnOnce(&SqlStore) -> Result<u8, boot::NotBegun>,
) -> u8 {
    let settings = match source.load() {
        Ok(loaded) => loaded.settings,
        Err(code) => return code,
    };
    block_on(async {
        let outcome = async {
            let store = boot::open(&settings).await?;
            let code = command(&store).await?;
            store.close().await;
            Ok::<_, boot::NotBegun>(code)
        };
        outcome.await.unwrap_or_else(|failure| {
            complain(&format!("{what} could not be reached: {failure}"));
            EX_TEMPFAIL
        })
    })
}

/// As an argument.
pub fn clinic_id(text: &str) -> Result<ClinicId, String> {
    ClinicId::parse(text).map_err(|_| "a clinic id is 1 to 63 of a-z, 0-9 and '-'".to_owned())
}

/// What somebody at the command line did.
pub fn entry(clinic: &ClinicId, action: AuditAction, outcome: &'static str) -> AuditEntry {
    let (at, clinic) = (SystemClock.now(), clinic.clone());
    AuditEntry { at, clinic, call: None, action, patients: Vec::new(), outcome }
}
