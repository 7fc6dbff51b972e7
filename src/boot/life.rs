//! A node lives once: the lock on its file says so to the next process, and the kernel drops it however this one dies.
//!
//! The lock belongs to the open file, not to the process. A handoff passes it on as a duplicate, so while two processes
//! overlap both hold it, and it is free only when neither lives.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Settings;
use crate::config::sections::store::StoreAddress;
use crate::handoff::Place;

/// Another process is this node.
#[derive(Debug, thiserror::Error)]
pub enum Taken {
    #[error(
        "another vitarad runs as node '{node}' on this machine; stop it, or give this one another node.name"
    )]
    Alive { node: String },
    #[error("{place} cannot hold this node's lock file: {cause}; make it, and let this user write to it")]
    Unusable { place: &'static str, cause: std::io::Error },
}

/// Held as long as the process lives.
#[derive(Clone)]
pub struct Lifetime(Arc<File>);

impl Lifetime {
    pub fn begin(settings: &Settings) -> Result<Self, Taken> {
        let (place, path) = path(settings);
        Self::hold(place, &path, &settings.node.name)
    }

    fn hold(place: &'static str, path: &Path, node: &str) -> Result<Self, Taken> {
        let unusable = |cause| Taken::Unusable { place, cause };
        let opened = File::options().create(true).truncate(false).write(true).open(path);
        let file = opened.map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Arc::new(file))),
            Err(TryLockError::WouldBlock) => Err(Taken::Alive { node: node.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(unusable(cause)),
        }
    }

    /// From the incumbent. `None`: it is not this node's lock.
    pub fn inherited(lock: OwnedFd, settings: &Settings) -> Option<Self> {
        let (ours, theirs) = (std::fs::metadata(path(settings).1).ok()?, File::from(lock));
        let found = theirs.metadata().ok()?;
        let is_the_same = (found.dev(), found.ino()) == (ours.dev(), ours.ino());
        (is_the_same && theirs.try_lock().is_ok()).then(|| Self(Arc::new(theirs)))
    }

    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Where the node's processes talk to each other: beside the lock.
pub fn place(settings: &Settings) -> Place {
    Place::at(path(settings).1.with_extension("handoff"))
}

/// The locks of all nodes that ever lived on this file: none of them lives now, nor begins to while they are held.
pub fn nobody_lives_beside(file: &Path) -> Result<Vec<Lifetime>, Taken> {
    let place = "the directory of the database file";
    let unusable = |cause| Taken::Unusable { place, cause };
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut held = Vec::new();
    for entry in directory.read_dir().map_err(unusable)? {
        let path = entry.map_err(unusable)?.path();
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        if let Some(node) = name.strip_prefix("vitarad-").and_then(|rest| rest.strip_suffix(".lock")) {
            held.push(Lifetime::hold(place, &path, node)?);
        }
    }
    Ok(held)
}

/// Beside the database file; for a database elsewhere in the directory that is set, or the machine's for such things.
fn path(settings: &Settings) -> (&'static str, PathBuf) {
    let name = format!("vitarad-{}.lock", settings.node.name);
    match &settings.store.address {
        StoreAddress::Sqlite(file) => ("the directory that store.url names", file.with_file_name(name)),
        StoreAddress::Postgres(_) => match &settings.node.runtime_directory {
            Some(directory) => ("the directory that node.runtime_directory names", directory.join(name)),
            None => ("the machine's directory for temporary files", std::env::temp_dir().join(name)),
        },
    }
}
