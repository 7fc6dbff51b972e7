//! One request on its way to the EMR: what to run, for whom, by which paths, until when.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

use super::paths::Via;
use super::queue::Class;
use crate::mailbox::{Place, Reply};
use crate::ports::emr::{Emr, EmrFailure, EmrResult, Operation, Path};
use crate::ports::store::Lease;

pub struct Request {
    pub operation: Operation,
    pub via: Via,
    pub kind: Kind,
    /// When the asker stops listening: a request that has not left by then is not sent.
    pub deadline: Instant,
    pub work: Box<dyn Work>,
    /// Its place in the link's mailbox, kept while it waits.
    pub place: Option<Place>,
    /// The paths that have failed it.
    pub tried: Vec<Path>,
    /// What it is refused with when no other path does better.
    pub failure: Option<EmrFailure>,
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Read,
    /// Once it may have left it runs on to the write time limit, whoever still listens.
    Write(Lease),
}

impl Kind {
    pub const fn class(self) -> Class {
        match self {
            Self::Read => Class::Read,
            Self::Write(_) => Class::Write,
        }
    }
}

impl Request {
    pub fn new(operation: Operation, via: Via, kind: Kind, deadline: Instant, work: Box<dyn Work>) -> Self {
        Self { operation, via, kind, deadline, work, place: None, tried: Vec::new(), failure: None }
    }

    /// Of several failures the caller is told the one that says most: that the EMR is away, if any does.
    pub fn failed(&mut self, path: Path, failure: EmrFailure) {
        self.tried.push(path);
        if !self.failure.is_some_and(|first| first.is_away() || !failure.is_away()) {
            self.failure = Some(failure);
        }
    }
}

/// A request with its type erased. It tells its asker itself, once.
pub trait Work: Send {
    fn run(self: Box<Self>, emr: Arc<dyn Emr>, until: Instant) -> BoxFuture<'static, Ran>;
    fn refuse(self: Box<Self>, why: EmrFailure);
}

/// How one try went.
pub struct Ran {
    pub result: Result<(), EmrFailure>,
    /// A read that failed: its asker has not been told, because another path may do better.
    pub untold: Option<Box<dyn Work>>,
    /// A read that took too long: nobody waits for its answer, but the EMR is at work on it.
    pub unfinished: Option<BoxFuture<'static, ()>>,
}

/// A read. It can be asked again by another path.
pub struct Asked<T, F> {
    pub run: F,
    pub reply: Reply<EmrResult<T>>,
}

/// A write. It is sent once.
pub struct Sent<T, F> {
    pub run: F,
    pub reply: Reply<EmrResult<T>>,
}

impl<T, F, Fut> Work for Asked<T, F>
where
    T: Send + 'static,
    F: FnOnce(Arc<dyn Emr>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = EmrResult<T>> + Send + 'static,
{
    fn run(self: Box<Self>, emr: Arc<dyn Emr>, until: Instant) -> BoxFuture<'static, Ran> {
        async move {
            let run = self.run.clone();
            let mut asked = unless_it_panics(async move { run(emr).await }).boxed();
            match timeout_at(until, &mut asked).await {
                Ok(Ok(answer)) => {
                    let _ = self.reply.send(Ok(answer));
                    Ran { result: Ok(()), untold: None, unfinished: None }
                }
                Ok(Err(failure)) => Ran { result: Err(failure), untold: Some(self), unfinished: None },
                Err(_) => {
                    let unfinished = Some(asked.map(drop).boxed());
                    Ran { result: Err(EmrFailure::TimedOut), untold: Some(self), unfinished }
                }
            }
        }
        .boxed()
    }

    fn refuse(self: Box<Self>, why: EmrFailure) {
        let _ = self.reply.send(Err(why));
    }
}

impl<T, F, Fut> Work for Sent<T, F>
where
    T: Send + 'static,
    F: FnOnce(Arc<dyn Emr>) -> Fut + Send + 'static,
    Fut: Future<Output = EmrResult<T>> + Send + 'static,
{
    fn run(self: Box<Self>, emr: Arc<dyn Emr>, until: Instant) -> BoxFuture<'static, Ran> {
        let Self { run, reply } = *self;
        async move {
            let sent = timeout_at(until, unless_it_panics(async move { run(emr).await })).await;
            let answer = sent.unwrap_or(Err(EmrFailure::TimedOut));
            let result = answer.as_ref().map(|_| ()).map_err(|failure| *failure);
            let _ = reply.send(answer);
            // Its lease may end any moment, and what has not left by then must not leave.
            Ran { result, untold: None, unfinished: None }
        }
        .boxed()
    }

    fn refuse(self: Box<Self>, why: EmrFailure) {
        let _ = self.reply.send(Err(why));
    }
}

/// A bug in the adapter proves nothing about what has left.
async fn unless_it_panics<T>(asked: impl Future<Output = EmrResult<T>>) -> EmrResult<T> {
    AssertUnwindSafe(asked).catch_unwind().await.unwrap_or(Err(EmrFailure::Unreadable))
}
