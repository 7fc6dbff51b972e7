//! One kept-alive HTTP/1.1 connection, one request at a time: no more than the platform's own client needs, so that it
//! takes little of the machine that is measured.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::whole::whole;

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

pub struct Reply<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Connection {
    pub fn open(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(addr)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, answer: Vec::with_capacity(8 * 1024) })
    }

    pub fn exchange(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        self.stream.write_all(request)?;
        self.answer.clear();
        let mut piece = [0; 8 * 1024];
        loop {
            let read = self.stream.read(&mut piece)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.answer.extend_from_slice(&piece[..read]);
            if let Some((status, body)) = whole(&self.answer) {
                return Ok(Reply { status, body: &self.answer[body..] });
            }
        }
    }
}
