//! One request on its way to the EMR: what to run, for whom, until when.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::time::{Instant, timeout_at};

use super::queue::Class;
use crate::mailbox::{Place, Reply};
use crate::ports::emr::{Emr, EmrFailure, EmrResult, Service};
use crate::ports::store::Lease;

pub struct Request {
    pub service: Service,
    pub kind: Kind,
    /// When the asker stops listening: a request that has not left by then is not sent.
    pub deadline: Instant,
    pub work: Box<dyn Work>,
    /// Its place in the link's mailbox, kept while it waits.
    pub place: Option<Place>,
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

/// A request with its type erased: it is either run or refused, once, and tells its asker itself.
pub trait Work: Send {
    fn run(self: Box<Self>, emr: Arc<dyn Emr>, until: Instant) -> BoxFuture<'static, Result<(), EmrFailure>>;
    fn refuse(self: Box<Self>, why: EmrFailure);
}

pub struct Asked<T, F> {
    pub run: F,
    pub reply: Reply<EmrResult<T>>,
}

impl<T, F, Fut> Work for Asked<T, F>
where
    T: Send + 'static,
    F: FnOnce(Arc<dyn Emr>) -> Fut + Send + 'static,
    Fut: Future<Output = EmrResult<T>> + Send + 'static,
{
    fn run(self: Box<Self>, emr: Arc<dyn Emr>, until: Instant) -> BoxFuture<'static, Result<(), EmrFailure>> {
        async move {
            let bounded = timeout_at(until, AssertUnwindSafe((self.run)(emr)).catch_unwind());
            let result = match bounded.await {
                Ok(Ok(result)) => result,
                // A bug in the adapter proves nothing about what has left.
                Ok(Err(_)) => Err(EmrFailure::Unreadable),
                Err(_) => Err(EmrFailure::TimedOut),
            };
            let told = result.as_ref().map(|_| ()).map_err(|failure| *failure);
            let _ = self.reply.send(result);
            told
        }
        .boxed()
    }

    fn refuse(self: Box<Self>, why: EmrFailure) {
        let _ = self.reply.send(Err(why));
    }
}
