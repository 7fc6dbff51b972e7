//! One connection: messages as lines of bounded length, and descriptors beside them.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::Interest;
use tokio::net::UnixStream;

use super::OtherProcess;

/// Longer than any message there is.
const LONGEST: usize = 1024;
/// More than are ever sent: what comes beyond it is closed by the kernel.
const DESCRIPTORS: usize = 8;

/// The other side is gone, or what it sent is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the line was cut")]
pub struct Cut;

pub struct Line {
    stream: UnixStream,
    heard: Vec<u8>,
    received: Vec<OwnedFd>,
}

impl Line {
    pub const fn new(stream: UnixStream) -> Self {
        Self { stream, heard: Vec::new(), received: Vec::new() }
    }

    /// Whether the other side's process belongs to our user.
    pub fn is_from_our_user(&self) -> bool {
        let ours = rustix::process::geteuid().as_raw();
        self.stream.peer_cred().is_ok_and(|peer| peer.uid() == ours)
    }

    pub async fn say(&self, message: &impl Serialize) -> Result<(), Cut> {
        self.say_with(message, &[]).await
    }

    pub async fn say_with(
        &self,
        message: &impl Serialize,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<(), Cut> {
        let mut line = serde_json::to_vec(message).map_err(|_| Cut)?;
        line.push(b'\n');
        let (mut said, mut beside) = (0, descriptors);
        while said < line.len() {
            let sent =
                self.stream.async_io(Interest::WRITABLE, || send(&self.stream, &line[said..], beside)).await;
            said += sent.map_err(|_| Cut)?;
            beside = &[];
        }
        Ok(())
    }

    /// May be given up and asked again: nothing that has come is lost.
    pub async fn hear<T: DeserializeOwned>(&mut self) -> Result<T, Cut> {
        loop {
            if let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.heard.drain(..=end).collect();
                return serde_json::from_slice(&line).map_err(|_| Cut);
            }
            if self.heard.len() >= LONGEST {
                return Err(Cut);
            }
            let (stream, heard, received) = (&self.stream, &mut self.heard, &mut self.received);
            let more = stream.async_io(Interest::READABLE, || receive(stream, heard, received)).await;
            if more.map_err(|_| Cut)? == 0 {
                return Err(Cut);
            }
        }
    }

    /// The number of the other side's process.
    pub fn peer(&self) -> Option<u32> {
        self.stream.peer_cred().ok()?.pid()?.try_into().ok()
    }

    /// For another conversation; what was heard beyond the last message is lost.
    pub fn into_stream(self) -> UnixStream {
        self.stream
    }

    /// The other side finds the line cut; so do we.
    pub fn hang_up(&self) {
        let _ = rustix::net::shutdown(self.stream.as_fd(), rustix::net::Shutdown::Both);
    }

    /// By the kernel's word: whoever hears may learn of it a moment later.
    pub fn is_cut(&self) -> bool {
        let mut stream = [PollFd::new(&self.stream, PollFlags::empty())];
        let answered = poll(&mut stream, Some(&Timespec::default()));
        answered.is_ok_and(|answered| answered > 0) && stream[0].revents().contains(PollFlags::HUP)
    }

    /// The process on the other side.
    pub fn other_process(&self) -> OtherProcess {
        OtherProcess::numbered(self.peer())
    }

    /// What came beside the messages so far.
    pub fn take_descriptors(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.received)
    }
}

fn send(stream: &UnixStream, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(sendmsg(stream.as_fd(), &[IoSlice::new(bytes)], &mut beside, SendFlags::NOSIGNAL)?)
}

fn receive(stream: &UnixStream, heard: &mut Vec<u8>, received: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let mut bytes = [0; LONGEST];
    // Closed on exec from the first moment, or a child started meanwhile would hold the socket for ever.
    let flags = RecvFlags::CMSG_CLOEXEC;
    let got = recvmsg(stream.as_fd(), &mut [IoSliceMut::new(&mut bytes)], &mut beside, flags)?;
    heard.extend_from_slice(&bytes[..got.bytes]);
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            received.extend(descriptors);
        }
    }
    received.truncate(DESCRIPTORS);
    Ok(got.bytes)
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use tokio::io::AsyncWriteExt;
    use vitarad_actors::handoff::{ToIncumbent, ToSuccessor};

    use super::*;

    fn lines() -> (Line, Line) {
        let (one, other) = UnixStream::pair().unwrap();
        (Line::new(one), Line::new(other))
    }

    #[tokio::test]
    async fn a_message_arrives_whole_and_what_is_beside_it_is_closed_on_exec() {
        let (ours, mut theirs) = lines();
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        ours.say(&ToSuccessor::Offer { sockets: 0 }).await.unwrap();
        ours.say_with(&ToSuccessor::Offer { sockets: 1 }, &[socket.as_fd()]).await.unwrap();
        for sockets in [0, 1] {
            assert_eq!(theirs.hear().await, Ok(ToSuccessor::Offer { sockets }));
        }
        let received = theirs.take_descriptors();
        let [received] = received.as_slice() else { panic!("one was sent") };
        let flags = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", received.as_raw_fd())).unwrap();
        assert!(flags.contains("flags:\t02"), "O_CLOEXEC is set: {flags}");
        let twin = std::net::TcpListener::from(received.try_clone().unwrap());
        assert_eq!(twin.local_addr().unwrap(), socket.local_addr().unwrap());
        assert!(ours.is_from_our_user());
    }

    #[tokio::test]
    async fn a_line_is_cut_when_the_other_side_hangs_up_whatever_it_said_before() {
        let (ours, theirs) = lines();
        theirs.say(&ToIncumbent::Parked {}).await.unwrap();
        assert!(!ours.is_cut());
        theirs.hang_up();
        assert!(ours.is_cut());
    }

    #[tokio::test]
    async fn what_is_no_message_or_too_long_or_cut_off_is_a_cut_line() {
        let too_long = "x".repeat(LONGEST);
        for bytes in [
            "nonsense\n",
            "{}\n",
            "{\"say\":\"parked\",\"name\":\"x\"}\n",
            "{\"say\":\"par",
            too_long.as_str(),
        ] {
            let (mut ours, mut theirs) = lines();
            ours.stream.write_all(bytes.as_bytes()).await.unwrap();
            drop(ours);
            assert_eq!(theirs.hear::<ToIncumbent>().await, Err(Cut), "{bytes}");
        }
    }
}
