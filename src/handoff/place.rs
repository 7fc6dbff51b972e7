//! Where the line is: `DIRECTORY/socket`. The directory is mode 0700 and ours, so that nobody else can put a socket there.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::Line;

#[derive(Debug, thiserror::Error)]
pub enum NoPlace {
    #[error(
        "the directory of the handoff socket belongs to another user or stands open; be the user whom the daemon runs as, or remove it"
    )]
    NotOurs,
    #[error("the handoff socket cannot be made: {0}")]
    Unusable(#[from] io::Error),
}

#[derive(Debug, Clone)]
pub struct Place {
    directory: PathBuf,
}

impl Place {
    pub const fn at(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("socket")
    }

    /// Whoever is the incumbent now listens here; a former one's name for it is taken over.
    pub fn listen(&self) -> Result<UnixListener, NoPlace> {
        match DirBuilder::new().mode(0o700).create(&self.directory) {
            Err(failure) if failure.kind() != io::ErrorKind::AlreadyExists => return Err(failure.into()),
            _ => self.check()?,
        }
        // Bound under another name and renamed: there is no moment without a socket.
        let fresh = self.directory.join(format!("socket.{}", std::process::id()));
        remove(&fresh)?;
        let listener = UnixListener::bind(&fresh)?;
        fs::set_permissions(&fresh, Permissions::from_mode(0o600))?;
        fs::rename(&fresh, self.socket())?;
        Ok(listener)
    }

    /// `None`: nobody listens.
    pub async fn connect(&self) -> Result<Option<Line>, NoPlace> {
        if !self.directory.exists() {
            return Ok(None);
        }
        self.check()?;
        match UnixStream::connect(self.socket()).await {
            Ok(stream) => Ok(Some(Line::new(stream))),
            Err(failure)
                if matches!(failure.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                Ok(None)
            }
            Err(failure) => Err(failure.into()),
        }
    }

    fn check(&self) -> Result<(), NoPlace> {
        let found = fs::symlink_metadata(&self.directory)?;
        let is_ours = found.is_dir() && found.uid() == rustix::process::geteuid().as_raw();
        if is_ours && found.mode() & 0o777 == 0o700 { Ok(()) } else { Err(NoPlace::NotOurs) }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(failure) if failure.kind() != io::ErrorKind::NotFound => Err(failure),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn socket_and_directory_are_nobody_elses_and_stay_so_when_another_process_listens() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::at(home.path().join("node.handoff"));
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        for _ in ["first", "next"] {
            let _listener = place.listen().unwrap();
            assert_eq!((mode(&place.directory), mode(&place.socket())), (0o700, 0o600));
        }
    }
}
