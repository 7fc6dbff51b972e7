//! How the others ask a clinic's EMR. A handle is taken afresh for each use; it holds no connection.

use std::sync::Arc;

use jiff::civil::Date;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::cache::Dated;
use super::request::{Asked, Kind, Request};
use super::{EmrLinkMsg, Fact, FactKey};
use crate::domain::availability::{DaySchedule, TemplateCodes};
use crate::domain::ids::{ClinicId, ProviderNo};
use crate::house::House;
use crate::mailbox::{Mailbox, NotAnswered, NotPosted};
use crate::ports::emr::{Emr, EmrFailure, EmrProvider, EmrResult, Service};
use crate::ports::store::Lease;

#[derive(Clone)]
pub struct EmrLink(Option<Mailbox<EmrLinkMsg>>);

impl House {
    pub fn emr_link(&self, clinic: &ClinicId) -> EmrLink {
        EmrLink(self.directory.link(clinic))
    }
}

impl EmrLink {
    /// Reads get what is left of the deadline.
    pub async fn read<T, F, Fut>(&self, service: Service, deadline: Instant, run: F) -> EmrResult<T>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Emr>) -> Fut + Send + 'static,
        Fut: Future<Output = EmrResult<T>> + Send + 'static,
    {
        let answer = self.submit(service, Kind::Read, deadline, run)?;
        match timeout_at(deadline, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(EmrFailure::Stopped),
            Err(_) => Err(EmrFailure::TimedOut),
        }
    }

    /// A write waits for its own outcome, however long its asker would: `deadline` only ends its waiting to be sent.
    pub async fn write<T, F, Fut>(&self, lease: Lease, deadline: Instant, run: F) -> EmrResult<T>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Emr>) -> Fut + Send + 'static,
        Fut: Future<Output = EmrResult<T>> + Send + 'static,
    {
        let answer = self.submit(Service::Schedule, Kind::Write(lease), deadline, run)?;
        // A link that dies with the write proves nothing: it may have left.
        answer.await.unwrap_or(Err(EmrFailure::ConnectionLost))
    }

    fn submit<T, F, Fut>(
        &self,
        service: Service,
        kind: Kind,
        deadline: Instant,
        run: F,
    ) -> EmrResult<oneshot::Receiver<EmrResult<T>>>
    where
        T: Send + 'static,
        F: FnOnce(Arc<dyn Emr>) -> Fut + Send + 'static,
        Fut: Future<Output = EmrResult<T>> + Send + 'static,
    {
        let mailbox = self.0.as_ref().ok_or(EmrFailure::Stopped)?;
        let (reply, answer) = oneshot::channel();
        let request = Request { service, kind, deadline, work: Box::new(Asked { run, reply }), place: None };
        match mailbox.post(EmrLinkMsg::Submit(request)) {
            Ok(()) => Ok(answer),
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
    ) -> EmrResult<Dated<Option<DaySchedule>>> {
        let fact = self.recall(FactKey::DaySchedule(provider.clone(), date), deadline).await?;
        fact.project(|fact| match fact {
            Fact::DaySchedule(schedule) => Some(schedule),
            _ => None,
        })
    }

    async fn recall(&self, key: FactKey, deadline: Instant) -> EmrResult<Dated<Fact>> {
        let mailbox = self.0.as_ref().ok_or(EmrFailure::Stopped)?;
        match mailbox.ask(deadline, |reply| EmrLinkMsg::Recall(key, reply)).await {
            Ok(result) => result,
            Err(NotAnswered::Full) => Err(EmrFailure::QueueFull),
            Err(NotAnswered::Gone) => Err(EmrFailure::Stopped),
            Err(NotAnswered::Late) => Err(EmrFailure::TimedOut),
        }
    }
}

impl Dated<Fact> {
    /// The fact as its own type; a key is only ever answered with its own kind of fact.
    fn project<T>(self, pick: impl FnOnce(&Fact) -> Option<&Arc<T>>) -> EmrResult<Dated<T>> {
        let value = pick(&self.value).map(Arc::clone).ok_or(EmrFailure::Unreadable)?;
        Ok(Dated { value, as_of: self.as_of, stale: self.stale })
    }
}
