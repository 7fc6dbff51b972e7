//! One transaction somebody asked for, and the way back to them.

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::ports::store::{StoreError, StoreResult};

use crate::store::db::{Scope, Session};
use crate::store::locks::LockKey;

pub(super) struct Member {
    /// `None`: what is no clinic's.
    clinic: Option<ClinicId>,
    pub(super) locks: Vec<LockKey>,
    task: Box<dyn Task>,
}

impl Member {
    pub(super) fn new<I, T, W>(
        clinic: Option<ClinicId>,
        locks: Vec<LockKey>,
        input: I,
        work: W,
        reply: oneshot::Sender<StoreResult<T>>,
    ) -> Self
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        W: for<'t> Fn(&'t I, &'t mut Session) -> BoxFuture<'t, StoreResult<T>> + Send + Sync + 'static,
    {
        Self { clinic, locks, task: Box::new(Asked { input, work, outcome: None, reply }) }
    }

    /// Runs inside an open transaction and keeps the outcome to itself; whether it is to be undone.
    pub(super) async fn run(&mut self, session: &mut Session) -> StoreResult<Verdict> {
        session.scope_transaction(self.clinic.as_ref().map_or(Scope::House, Scope::Clinic)).await?;
        Ok(self.task.run(session).await)
    }

    /// Tells whoever asked. Without a commit nobody's outcome counts.
    pub(super) fn tell(self, committed: StoreResult<()>) {
        self.task.tell(committed);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    Undo,
}

trait Task: Send {
    fn run<'t>(&'t mut self, session: &'t mut Session) -> BoxFuture<'t, Verdict>;
    fn tell(self: Box<Self>, committed: StoreResult<()>);
}

struct Asked<I, T, W> {
    input: I,
    work: W,
    outcome: Option<StoreResult<T>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<I, T, W> Task for Asked<I, T, W>
where
    I: Send + Sync,
    T: Send,
    W: for<'t> Fn(&'t I, &'t mut Session) -> BoxFuture<'t, StoreResult<T>> + Send + Sync,
{
    fn run<'t>(&'t mut self, session: &'t mut Session) -> BoxFuture<'t, Verdict> {
        Box::pin(async move {
            let outcome = (self.work)(&self.input, session).await;
            let verdict = if outcome.is_ok() { Verdict::Keep } else { Verdict::Undo };
            self.outcome = Some(outcome);
            verdict
        })
    }

    fn tell(self: Box<Self>, committed: StoreResult<()>) {
        let told = match (self.outcome, committed) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(common)) => Err(common),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Unavailable("it was not run".to_owned())),
        };
        // Whoever asked may have gone; what they asked for is done.
        let _ = self.reply.send(told);
    }
}
