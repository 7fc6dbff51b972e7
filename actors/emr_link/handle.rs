//! How the others ask a clinic's EMR. A handle is taken afresh for each use; it holds no connection.

use std::sync::Arc;

use jiff::civil::Date;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::cache::Dated;
use super::paths::Via;
use super::request::{Asked, Kind, Request, Sent};
use super::{EmrLinkMsg, Fact, FactKey};
use crate::domain::availability::{TemplateCodes, WorkDay};
use crate::domain::ids::{ClinicId, ProviderNo};
use crate::house::House;
use crate::mailbox::{Mailbox, NotAnswered, NotPosted};
use crate::ports::emr::{Emr, EmrFailure, EmrProvider, EmrResult, Operation, Path};
use crate::ports::store::Lease;

#[derive(Clone)]
pub struct EmrLink(Option<Mailbox<EmrLinkMsg>>);

/// The same, by one path: for a booking, whose rows must be compared as they were read.
#[derive(Clone)]
pub struct OneWay {
    link: EmrLink,
    path: Path,
}

impl House {
    pub fn emr_link(&self, clinic: &ClinicId) -> EmrLink {
        EmrLink(self.directory.link(clinic))
    }
}

impl EmrLink {
    /// Reads get what is left of the deadline, on whichever path answers first within it.
    pub async fn read<T, F, Fut>(&self, operation: Operation, deadline: Instant, run: F) -> EmrResult<T>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Emr>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = EmrResult<T>> + Send + 'static,
    {
        self.read_via(Via::Any, operation, deadline, run).await
    }

    /// The one path that all of a booking goes by: `like`, if it stands open, or else the first that can do all of it.
    pub async fn path_for(
        &self,
        needs: &'static [Operation],
        like: Option<Path>,
        deadline: Instant,
    ) -> EmrResult<Path> {
        let mailbox = self.0.as_ref().ok_or(EmrFailure::Stopped)?;
        let asked = mailbox.ask(deadline, |reply| EmrLinkMsg::ChoosePath(needs, like, reply)).await;
        asked.unwrap_or_else(|why| Err(unanswered(why)))
    }

    /// What is read and written by this path only.
    pub const fn by(self, path: Path) -> OneWay {
        OneWay { link: self, path }
    }

    async fn read_via<T, F, Fut>(
        &self,
        via: Via,
        operation: Operation,
        deadline: Instant,
        run: F,
    ) -> EmrResult<T>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Emr>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = EmrResult<T>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.submit(Request::new(operation, via, Kind::Read, deadline, Box::new(Asked { run, reply })))?;
        match timeout_at(deadline, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(EmrFailure::Stopped),
            Err(_) => Err(EmrFailure::TimedOut),
        }
    }

    fn submit(&self, request: Request) -> EmrResult<()> {
        let mailbox = self.0.as_ref().ok_or(EmrFailure::Stopped)?;
        match mailbox.post(EmrLinkMsg::Submit(request)) {
            Ok(()) => Ok(()),
            Err(NotPosted::Full(_)) => Err(EmrFailure::QueueFull),
            Err(NotPosted::Gone(_)) => Err(EmrFailure::Stopped),
        }
    }

    pub async fn providers(&self, deadline: Instant) -> EmrResult<Dated<Vec<EmrProvider>>> {
        let fact = self.recall(FactKey::Providers, deadline).await?;
        fact.project(|fact| match fact {
            Fact::Providers(providers) => Some(providers),
            _ => None,
        })
    }

    pub async fn template_codes(&self, deadline: Instant) -> EmrResult<Dated<TemplateCodes>> {
        let fact = self.recall(FactKey::TemplateCodes, deadline).await?;
        fact.project(|fact| match fact {
            Fact::TemplateCodes(codes) => Some(codes),
            _ => None,
        })
    }

    pub async fn day_schedule(
        &self,
        provider: &ProviderNo,
        date: Date,
        deadline: Instant,
    ) -> EmrResult<Dated<WorkDay>> {
        let fact = self.recall(FactKey::DaySchedule(provider.clone(), date), deadline).await?;
        fact.project(|fact| match fact {
            Fact::DaySchedule(schedule) => Some(schedule),
            _ => None,
        })
    }

    async fn recall(&self, key: FactKey, deadline: Instant) -> EmrResult<Dated<Fact>> {
        let mailbox = self.0.as_ref().ok_or(EmrFailure::Stopped)?;
        let asked = mailbox.ask(deadline, |reply| EmrLinkMsg::Recall(key, reply)).await;
        asked.unwrap_or_else(|why| Err(unanswered(why)))
    }
}

impl OneWay {
    pub async fn read<T, F, Fut>(&self, operation: Operation, deadline: Instant, run: F) -> EmrResult<T>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Emr>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = EmrResult<T>> + Send + 'static,
    {
        self.link.read_via(Via::Only(self.path), operation, deadline, run).await
    }

    /// A write waits for its own outcome, however long its asker would: `deadline` only ends its waiting to be sent. It is
    /// never sent by another path (law B-5).
    pub async fn write<T, F, Fut>(
        &self,
        operation: Operation,
        lease: Lease,
        deadline: Instant,
        run: F,
    ) -> EmrResult<T>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Emr>) -> Fut + Send + 'static,
        Fut: Future<Output = EmrResult<T>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let work = Box::new(Sent { run, reply });
        let request = Request::new(operation, Via::Only(self.path), Kind::Write(lease), deadline, work);
        self.link.submit(request)?;
        // A link that dies with the write proves nothing: it may have left.
        answer.await.unwrap_or(Err(EmrFailure::ConnectionLost))
    }
}

const fn unanswered(why: NotAnswered) -> EmrFailure {
    match why {
        NotAnswered::Full => EmrFailure::QueueFull,
        NotAnswered::Gone => EmrFailure::Stopped,
        NotAnswered::Late => EmrFailure::TimedOut,
    }
}

impl Dated<Fact> {
    /// The fact as its own type; a key is only ever answered with its own kind of fact.
    fn project<T>(self, pick: impl FnOnce(&Fact) -> Option<&Arc<T>>) -> EmrResult<Dated<T>> {
        let value = pick(&self.value).map(Arc::clone).ok_or(EmrFailure::Unreadable)?;
        Ok(Dated { value, as_of: self.as_of, stale: self.stale })
    }
}
