//! Reading a body without letting its sender decide how much memory or time that takes.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::refusal::Refusal;

/// How large a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Tool calls: a caller waits for them.
    ToolCall,
    /// Everything else: reports and conversations grow with the call.
    Message,
}

impl Size {
    pub(super) const fn limit(self) -> usize {
        match self {
            Self::ToolCall => 500 * 1024,
            Self::Message => 4 * 1024 * 1024,
        }
    }
}

/// A body announced as no larger than this is read at once; the others wait for one of a few places, because nobody has
/// shown a credential yet and every connection could bring one.
const SMALL: u64 = 64 * 1024;
const LARGE_AT_ONCE: usize = 64;

/// What is read past and thrown away of a body that is too large, because a sender that is still writing does not see
/// the refusal before its connection is reset.
const SWALLOWED: usize = 4 * Size::Message.limit();

pub(super) struct BodyReader {
    within: Duration,
    large: Semaphore,
}

impl BodyReader {
    pub(super) fn new(within: Duration) -> Self {
        Self { within, large: Semaphore::new(LARGE_AT_ONCE) }
    }

    pub(super) async fn read(&self, body: Body, size: Size) -> Result<Bytes, Refusal> {
        timeout(self.within, self.collect(body, size)).await.unwrap_or(Err(Refusal::TooSlow))
    }

    async fn collect(&self, mut body: Body, size: Size) -> Result<Bytes, Refusal> {
        let announced = body.size_hint();
        let is_small = announced.upper().is_some_and(|size| size <= SMALL);
        let _place = if is_small { None } else { self.large.acquire().await.ok() };
        let mut kept = BytesMut::with_capacity(if is_small { small_size(announced.lower()) } else { 0 });
        let mut seen = 0;
        while let Some(frame) = body.frame().await {
            let Ok(chunk) = frame.map_err(|_| Refusal::CutOff)?.into_data() else { continue };
            seen += chunk.len();
            if seen <= size.limit() {
                kept.extend_from_slice(&chunk);
            } else if seen > SWALLOWED || announced.lower() > SWALLOWED as u64 {
                break;
            } else {
                kept = BytesMut::new();
            }
        }
        if seen > size.limit() { Err(Refusal::TooLarge(size)) } else { Ok(kept.freeze()) }
    }
}

fn small_size(announced: u64) -> usize {
    usize::try_from(announced.min(SMALL)).unwrap_or(0)
}
