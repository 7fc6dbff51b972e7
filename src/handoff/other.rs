//! The process on the other side of a line. A line that is cut does not prove that its process is dead, nor a number who it
//! is: so it is held by a handle of the kernel's, taken while the line was new.

use std::future::pending;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::sleep;

const LOOK_AGAIN: Duration = Duration::from_millis(20);

#[derive(Clone)]
pub enum OtherProcess {
    Seen(Arc<OwnedFd>),
    Gone,
    /// It is not to be seen from here.
    Hidden,
}

impl OtherProcess {
    pub(super) fn numbered(number: Option<u32>) -> Self {
        let number = number.and_then(|number| i32::try_from(number).ok()).and_then(Pid::from_raw);
        match number.map(|number| pidfd_open(number, PidfdFlags::empty())) {
            Some(Ok(handle)) => Self::Seen(Arc::new(handle)),
            Some(Err(Errno::SRCH)) => Self::Gone,
            Some(Err(_)) | None => Self::Hidden,
        }
    }

    /// It may take a moment to be gone.
    pub fn kill(&self) {
        if let Self::Seen(handle) = self {
            let _ = pidfd_send_signal(handle.as_fd(), Signal::KILL);
        }
    }

    /// Resolves when it is dead for certain: never, if it cannot be seen.
    pub async fn gone(&self) {
        match self {
            Self::Seen(handle) => {
                while !has_ended(handle) {
                    sleep(LOOK_AGAIN).await;
                }
            }
            Self::Gone => {}
            Self::Hidden => pending().await,
        }
    }
}

/// The handle of a process becomes readable at its end.
fn has_ended(process: &OwnedFd) -> bool {
    let mut handle = [PollFd::new(process, PollFlags::IN)];
    poll(&mut handle, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[tokio::test]
    async fn a_process_is_gone_when_it_is_dead_and_not_before() {
        let mut child = Command::new("sleep").arg("60").stdin(Stdio::null()).spawn().unwrap();
        let other = OtherProcess::numbered(Some(child.id()));
        tokio::select! {
            biased;
            () = other.gone() => panic!("it lives"),
            () = tokio::task::yield_now() => {}
        }
        other.kill();
        other.gone().await;
        let twin = other.clone();
        twin.gone().await;
        child.wait().unwrap();
        assert!(matches!(OtherProcess::numbered(Some(child.id())), OtherProcess::Gone));
        assert!(matches!(OtherProcess::numbered(None), OtherProcess::Hidden));
    }
}
