//! The one supervisor of the house: OTP's one-for-one, with backoff and quarantine.
//!
//! What it promises:
//! * a failure is counted when it is seen, and a child that fails more often than its budget allows is exhausted;
//! * a restart waits by timer, never in a handler, for a jittered time;
//! * children start in order and stop in reverse (or all at once), each within its time, then are killed;
//! * an event of an earlier life of a child is ignored, as is that of an actor this supervisor never started;
//! * a child that is gone leaves nothing behind.
//!
//! What a child was doing when it died is lost here and found in the store: a start *is* an adoption.

mod children;
mod exit;

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use ractor::{Actor, ActorCell, ActorId, ActorProcessingErr, ActorRef, SpawnErr, SupervisionEvent};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

pub use self::children::{ChildId, ChildState};
use self::children::{Children, Verdict};
pub use self::exit::Exit;
use crate::mailbox::Reply;
use crate::meters::Meters;
use crate::ports::Luck;
use crate::tree::{Role, StopOrder, policy};

const _: () = assert!(cfg!(panic = "unwind"), "supervision needs panics that can be caught");

/// Starts one life of a child, linked to the supervisor it is given. Does no I/O: a child loads itself afterwards.
pub type Start = Arc<dyn Fn(ActorCell) -> BoxFuture<'static, Result<ActorCell, SpawnErr>> + Send + Sync>;

/// Told when a life of a child has ended, before it is started again; also when its supervisor ended, and perhaps twice.
pub type OnExit = Arc<dyn Fn(ActorId) + Send + Sync>;

/// Knows how the same child fares in other processes, and tells them how it fares here.
pub trait Elsewhere: Send + Sync {
    fn tell_of_rest(&self, child: &ChildId, rest: Duration);
    fn is_resting_elsewhere(&self, child: &ChildId) -> bool;
}

/// A child to be: its policy is that of its role.
#[derive(Clone)]
pub struct Child {
    pub id: ChildId,
    pub start: Start,
    pub on_exit: Option<OnExit>,
}

impl Child {
    async fn stop(self, cell: ActorCell) {
        let actor = cell.get_id();
        stop_within(cell, policy(self.id.role).stop_within, self.id.role).await;
        self.ended(actor);
    }

    fn ended(&self, actor: ActorId) {
        if let Some(told) = &self.on_exit {
            told(actor);
        }
    }
}

/// Why a child was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotStarted {
    #[error("too many children")]
    Full,
    #[error("the child failed to start")]
    Failed,
}

pub struct SupervisorArgs {
    pub role: Role,
    /// Started in this order when the supervisor starts.
    pub children: Vec<Child>,
    /// Children that may be alive at once.
    pub capacity: usize,
    pub luck: Arc<Luck>,
    pub meters: Arc<Meters>,
    pub elsewhere: Option<Arc<dyn Elsewhere>>,
    /// Raised when this supervisor has stopped in order, as against having failed.
    pub stopped: Option<Arc<std::sync::atomic::AtomicBool>>,
}

pub enum SupervisorMsg {
    /// Starts a child, or does nothing when it is alive; a child that waits for its restart is started at once.
    Start(Child, Reply<Result<(), NotStarted>>),
    /// Stops a child for good; answers when it has ended.
    Stop(ChildId, Reply<()>),
    GetChildren(Reply<Vec<ChildState>>),
    /// A restart timer of one life of a child has run out.
    RestartDue {
        id: ChildId,
        life: u64,
    },
    #[cfg(any(test, feature = "testing"))]
    Die(crate::testing::Death),
}

pub struct Supervisor;

pub struct State {
    role: Role,
    children: Children,
    to_start: Vec<Child>,
    capacity: usize,
    luck: Arc<Luck>,
    meters: Arc<Meters>,
    elsewhere: Option<Arc<dyn Elsewhere>>,
    stopped: Option<Arc<std::sync::atomic::AtomicBool>>,
}

impl Actor for Supervisor {
    type Msg = SupervisorMsg;
    type State = State;
    type Arguments = SupervisorArgs;

    async fn pre_start(
        &self,
        _: ActorRef<SupervisorMsg>,
        args: SupervisorArgs,
    ) -> Result<State, ActorProcessingErr> {
        Ok(State {
            role: args.role,
            children: Children::default(),
            to_start: args.children,
            capacity: args.capacity,
            luck: args.luck,
            meters: args.meters,
            elsewhere: args.elsewhere,
            stopped: args.stopped,
        })
    }

    async fn post_start(
        &self,
        myself: ActorRef<SupervisorMsg>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        for child in std::mem::take(&mut state.to_start) {
            state.children.expect(child.clone());
            state.start(&myself, child).await?;
        }
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<SupervisorMsg>,
        message: SupervisorMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            SupervisorMsg::Start(child, reply) => {
                let outcome = state.start_asked(&myself, child).await?;
                let _ = reply.send(outcome);
            }
            SupervisorMsg::Stop(id, reply) => {
                let alive = state.children.forget(&id);
                tokio::spawn(async move {
                    if let Some((child, cell)) = alive {
                        child.stop(cell).await;
                    }
                    let _ = reply.send(());
                });
            }
            SupervisorMsg::GetChildren(reply) => {
                let _ = reply.send(state.children.states());
            }
            SupervisorMsg::RestartDue { id, life } => {
                if let Some(child) = state.children.due(&id, life) {
                    state.start(&myself, child).await?;
                }
            }
            #[cfg(any(test, feature = "testing"))]
            SupervisorMsg::Die(death) => death.strike()?,
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<SupervisorMsg>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match Exit::classify(&event) {
            Some((actor, exit)) => state.ended(&myself, actor, exit),
            None => Ok(()),
        }
    }

    /// ractor kills the children of an actor that ends; this runs before, so that they end in order instead.
    async fn post_stop(
        &self,
        _: ActorRef<SupervisorMsg>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let stops = state.children.alive().into_iter().map(|(child, cell)| child.stop(cell));
        match policy(state.role).stops {
            StopOrder::LastStartedFirst => {
                for stop in stops {
                    stop.await;
                }
            }
            StopOrder::AllAtOnce => {
                futures::future::join_all(stops).await;
            }
        }
        if let Some(stopped) = &state.stopped {
            stopped.store(true, std::sync::atomic::Ordering::SeqCst);
        }
        Ok(())
    }
}

/// However a supervisor ends, its children end with it, and it hears of none of them any more.
impl Drop for State {
    fn drop(&mut self) {
        for (child, cell) in self.children.alive() {
            child.ended(cell.get_id());
        }
    }
}

impl State {
    async fn start_asked(
        &mut self,
        myself: &ActorRef<SupervisorMsg>,
        child: Child,
    ) -> Result<Result<(), NotStarted>, ActorProcessingErr> {
        if self.children.is_alive(&child.id) {
            return Ok(Ok(()));
        }
        if !self.children.knows(&child.id) && self.children.len() >= self.capacity {
            return Ok(Err(NotStarted::Full));
        }
        let id = child.id.clone();
        self.children.expect(child.clone());
        self.start(myself, child).await?;
        Ok(if self.children.is_alive(&id) { Ok(()) } else { Err(NotStarted::Failed) })
    }

    /// A start that fails is a failure like any other.
    async fn start(
        &mut self,
        myself: &ActorRef<SupervisorMsg>,
        child: Child,
    ) -> Result<(), ActorProcessingErr> {
        if let Ok(cell) = (child.start)(myself.get_cell()).await {
            self.children.started(&child.id, cell);
            return Ok(());
        }
        let rests = self.is_resting_elsewhere(&child.id);
        let verdict = self.children.failed_to_start(&child.id, Instant::now(), self.luck.fraction(), rests);
        self.carry_out(myself, child.id, Exit::Failed, verdict)
    }

    fn ended(
        &mut self,
        myself: &ActorRef<SupervisorMsg>,
        actor: ActorId,
        exit: Exit,
    ) -> Result<(), ActorProcessingErr> {
        let rests = self.children.of(actor).is_some_and(|id| self.is_resting_elsewhere(id));
        let (now, fraction) = (Instant::now(), self.luck.fraction());
        let Some((child, verdict)) = self.children.ended(actor, exit, now, fraction, rests) else {
            return Ok(());
        };
        child.ended(actor);
        self.carry_out(myself, child.id, exit, verdict)
    }

    fn is_resting_elsewhere(&self, id: &ChildId) -> bool {
        self.elsewhere.as_ref().is_some_and(|elsewhere| elsewhere.is_resting_elsewhere(id))
    }

    fn carry_out(
        &self,
        myself: &ActorRef<SupervisorMsg>,
        id: ChildId,
        exit: Exit,
        verdict: Verdict,
    ) -> Result<(), ActorProcessingErr> {
        if exit != Exit::Normal {
            self.meters.count_exit(id.role, exit);
            tracing::warn!(
                role = id.role.name(),
                child.name = id.name.as_deref(),
                exit = exit.name(),
                verdict = verdict.name(),
                "a child ended"
            );
        }
        if let (Verdict::Quarantine { rest, .. }, Some(elsewhere)) = (verdict, &self.elsewhere) {
            elsewhere.tell_of_rest(&id, rest);
        }
        match verdict {
            Verdict::Forget | Verdict::GiveUp => Ok(()),
            Verdict::RestartIn { pause, life } | Verdict::Quarantine { rest: pause, life } => {
                myself.send_after(pause, move || SupervisorMsg::RestartDue { id, life });
                Ok(())
            }
            Verdict::Escalate => {
                Err(format!("{} spent its restart budget under {}", id.role.name(), self.role.name()).into())
            }
        }
    }
}

/// `None`: it does not answer.
pub async fn children_of(supervisor: &ActorRef<SupervisorMsg>, within: Duration) -> Option<Vec<ChildState>> {
    let (reply, answer) = oneshot::channel();
    supervisor.send_message(SupervisorMsg::GetChildren(reply)).ok()?;
    timeout(within, answer).await.ok()?.ok()
}

/// Asks an actor to stop, waits its time, then kills it.
pub async fn stop_within(cell: ActorCell, within: Duration, role: Role) {
    if cell.stop_and_wait(None, Some(within)).await.is_err() {
        tracing::warn!(role = role.name(), "did not stop within its time and is killed");
        let _ = cell.kill_and_wait(Some(Duration::from_millis(100))).await;
    }
}

#[cfg(test)]
mod tests;
