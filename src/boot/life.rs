//! A node lives once: the lock on its file says so to the next process, and the kernel drops it however this one dies.

use std::fs::{File, TryLockError};
use std::path::PathBuf;

use crate::config::Settings;
use crate::config::sections::store::StoreAddress;

/// Another process is this node.
#[derive(Debug, thiserror::Error)]
pub enum Taken {
    #[error(
        "another vitarad runs as node '{node}' on this store; stop it, or give this one another node.name"
    )]
    Alive { node: String },
    #[error("the lock file of node '{node}' cannot be used: {cause}")]
    Unusable { node: String, cause: std::io::Error },
}

/// Held as long as the process lives.
pub struct Lifetime(#[expect(dead_code, reason = "holding it is what it is for")] File);

impl Lifetime {
    pub fn begin(settings: &Settings) -> Result<Self, Taken> {
        let node = settings.node.name.clone();
        let opened = File::options().create(true).truncate(false).write(true).open(path(settings));
        let file = opened.map_err(|cause| Taken::Unusable { node: node.clone(), cause })?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Taken::Alive { node }),
            Err(TryLockError::Error(cause)) => Err(Taken::Unusable { node, cause }),
        }
    }
}

/// Beside the database file, or, for a database elsewhere, in the machine's directory for such things.
fn path(settings: &Settings) -> PathBuf {
    let name = format!("vitarad-{}.lock", settings.node.name);
    match &settings.store.address {
        StoreAddress::Sqlite(file) => file.with_file_name(name),
        StoreAddress::Postgres(_) => std::env::temp_dir().join(name),
    }
}
