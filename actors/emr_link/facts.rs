//! What rarely changes about an EMR: one request serves all who wait for the same fact, and the next five minutes.

use std::sync::Arc;

use jiff::civil::Date;
use ractor::ActorRef;
use tokio::time::Instant;

use super::cache::Dated;
use super::paths::Via;
use super::request::{Asked, Kind, Request};
use super::{EmrLinkMsg, State};
use crate::domain::availability::{TemplateCodes, WorkDay};
use crate::domain::ids::ProviderNo;
use crate::mailbox::{Post, Reply};
use crate::ports::emr::{Emr, EmrFailure, EmrProvider, EmrResult, Operation};

/// What rarely changes, and is asked for by key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FactKey {
    Providers,
    TemplateCodes,
    DaySchedule(ProviderNo, Date),
}

#[derive(Debug, Clone)]
pub enum Fact {
    Providers(Arc<Vec<EmrProvider>>),
    TemplateCodes(Arc<TemplateCodes>),
    DaySchedule(Arc<WorkDay>),
}

impl FactKey {
    const fn operation(&self) -> Operation {
        match self {
            Self::Providers => Operation::Providers,
            Self::TemplateCodes => Operation::TemplateCodes,
            Self::DaySchedule(..) => Operation::DaySchedule,
        }
    }

    async fn ask(self, emr: Arc<dyn Emr>) -> EmrResult<Fact> {
        match self {
            Self::Providers => emr.providers().await.map(|all| Fact::Providers(Arc::new(all))),
            Self::TemplateCodes => emr.template_codes().await.map(|all| Fact::TemplateCodes(Arc::new(all))),
            Self::DaySchedule(provider, date) => {
                let day = emr.day_schedule(&provider, date).await?;
                Ok(Fact::DaySchedule(Arc::new(WorkDay::Read(day))))
            }
        }
    }
}

impl State {
    pub(super) fn recall(
        &mut self,
        myself: &ActorRef<Post<EmrLinkMsg>>,
        key: FactKey,
        reply: Reply<EmrResult<Dated<Fact>>>,
    ) {
        if let Some(fact) = self.facts.fresh(&key, Instant::now()) {
            let _ = reply.send(Ok(fact));
            return;
        }
        // Not for an EMR that is away: its own word will be there again.
        if self.paths.lack(key.operation()) {
            let _ = reply.send(self.usual(&key).ok_or(EmrFailure::Unsupported));
            return;
        }
        let waiting = self.fetching.entry(key.clone()).or_default();
        waiting.push(reply);
        if waiting.len() == 1 {
            self.fetch(myself, key);
        }
    }

    /// What the clinic itself has told us, where no path can ask.
    fn usual(&self, key: &FactKey) -> Option<Dated<Fact>> {
        let FactKey::DaySchedule(provider, date) = key else { return None };
        let day = self.clinic.usual_day(provider, *date)?;
        let value = Arc::new(Fact::DaySchedule(Arc::new(WorkDay::Assumed(day))));
        Some(Dated { value, as_of: self.house.now(), stale: false })
    }

    fn fetch(&mut self, myself: &ActorRef<Post<EmrLinkMsg>>, key: FactKey) {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let (operation, wanted) = (key.operation(), key.clone());
        let run = move |emr: Arc<dyn Emr>| wanted.ask(emr);
        let deadline = Instant::now() + self.clinic.limits.slow();
        let told = myself.clone();
        tokio::spawn(async move {
            let result = answer.await.unwrap_or(Err(EmrFailure::Stopped));
            let _ = told.send_message(Post::own(EmrLinkMsg::Fetched(key, result)));
        });
        let work = Box::new(Asked { run, reply });
        self.submit(myself, Request::new(operation, Via::Any, Kind::Read, deadline, work));
    }

    pub(super) fn fetched(&mut self, key: &FactKey, result: EmrResult<Fact>) {
        let now = Instant::now();
        let result = match result {
            Ok(fact) => Ok(self.facts.put(key.clone(), fact, self.house.now(), now)),
            Err(EmrFailure::Unsupported) => self.usual(key).ok_or(EmrFailure::Unsupported),
            Err(failure) => self.facts.stale(key, now).ok_or(failure),
        };
        for reply in self.fetching.remove(key).unwrap_or_default() {
            let _ = reply.send(result.clone());
        }
    }
}
