//! `root`: the top of the tree. It starts the house in order and stops it in reverse; when it fails, the process ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ractor::{Actor, ActorCell, ActorRef, SpawnErr};
use tokio::task::JoinHandle;

use crate::audit::Audit;
use crate::clinics;
use crate::front::FrontActor;
use crate::house::House;
use crate::node::NodeActor;
use crate::ports::door::Door;
use crate::retention::Retention;
use crate::singleton::{Duty, Singleton};
use crate::sms::Sms;
use crate::supervisor::{Child, ChildId, Supervisor, SupervisorArgs, SupervisorMsg, stop_within};
use crate::tree::{Role, policy};

/// The running tree.
pub struct Root {
    actor: ActorRef<SupervisorMsg>,
    task: JoinHandle<()>,
    stopped: Arc<AtomicBool>,
}

/// How the tree came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    InOrder,
    /// A budget was spent: the process exits and its supervisor starts it again.
    Failed,
    /// In order, because others on the store had called the process dead, or its successor is: it is to be started again.
    Usurped,
}

impl Ended {
    /// By whatever started the process.
    #[must_use]
    pub const fn to_be_started_again(self) -> Self {
        match self {
            Self::InOrder => Self::Usurped,
            ended => ended,
        }
    }
}

impl Root {
    pub async fn start(house: &Arc<House>, door: Arc<dyn Door>) -> Result<Self, SpawnErr> {
        let stopped = Arc::new(AtomicBool::new(false));
        let args = SupervisorArgs {
            role: Role::Root,
            children: vec![
                node(house),
                singleton::<Audit>(house),
                singleton::<Sms>(house),
                singleton::<Retention>(house),
                clinics_of(house),
                front(door),
            ],
            capacity: 6,
            luck: Arc::clone(&house.luck),
            meters: Arc::clone(&house.meters),
            elsewhere: None,
            stopped: Some(Arc::clone(&stopped)),
        };
        let (actor, task) = Actor::spawn(None, Supervisor, args).await?;
        Ok(Self { actor, task, stopped })
    }

    pub const fn actor(&self) -> &ActorRef<SupervisorMsg> {
        &self.actor
    }

    /// Stops everything in order, each within its time.
    pub async fn stop(&self) {
        stop_within(self.actor.get_cell(), policy(Role::Root).stop_within, Role::Root).await;
    }

    /// Resolves when the tree has ended, by [`Root::stop`] or by failing.
    pub async fn ended(&mut self) -> Ended {
        let _ = (&mut self.task).await;
        if self.stopped.load(Ordering::SeqCst) { Ended::InOrder } else { Ended::Failed }
    }
}

fn node(house: &Arc<House>) -> Child {
    let house = Arc::clone(house);
    Child {
        id: ChildId::only(Role::Node),
        start: Arc::new(move |supervisor| {
            let house = Arc::clone(&house);
            Box::pin(async move {
                let (actor, _) = Actor::spawn_linked(None, NodeActor, house, supervisor).await?;
                Ok(actor.get_cell())
            })
        }),
        on_exit: None,
    }
}

fn singleton<D: Duty>(house: &Arc<House>) -> Child {
    let house = Arc::clone(house);
    Child {
        id: ChildId::only(D::ROLE),
        start: Arc::new(move |supervisor: ActorCell| {
            let house = Arc::clone(&house);
            Box::pin(async move {
                let spawned = Actor::spawn_linked(None, Singleton::<D>::default(), house, supervisor).await;
                spawned.map(|(actor, _)| actor.get_cell())
            })
        }),
        on_exit: None,
    }
}

fn clinics_of(house: &Arc<House>) -> Child {
    let house = Arc::clone(house);
    Child {
        id: ChildId::only(Role::Clinics),
        start: Arc::new(move |supervisor| {
            let house = Arc::clone(&house);
            Box::pin(async move { clinics::start(&house, supervisor).await })
        }),
        on_exit: None,
    }
}

fn front(door: Arc<dyn Door>) -> Child {
    Child {
        id: ChildId::only(Role::Front),
        start: Arc::new(move |supervisor| {
            let door = Arc::clone(&door);
            Box::pin(async move {
                let (actor, _) = Actor::spawn_linked(None, FrontActor, door, supervisor).await?;
                Ok(actor.get_cell())
            })
        }),
        on_exit: None,
    }
}
