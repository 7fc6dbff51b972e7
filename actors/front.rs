//! `front`: the door. Child of the root, last up and first down.
//!
//! The actor owns the accepting; the socket belongs to whoever started the house, so a restart of this actor never
//! closes the port.

use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::ports::door::{Door, OpenDoor};
use crate::tree::{Role, policy};

pub enum FrontMsg {
    Failed,
    #[cfg(any(test, feature = "testing"))]
    Die(crate::testing::Death),
}

pub struct FrontActor;

pub struct State {
    door: Arc<dyn Door>,
    open: Option<Watched>,
}

/// The open door in the hands of a task that watches it; told to let go, it gives the door back.
struct Watched {
    let_go: oneshot::Sender<()>,
    watch: JoinHandle<Option<Box<dyn OpenDoor>>>,
}

impl Drop for State {
    /// A front that dies takes its accepting with it; the next life opens anew on the same socket.
    fn drop(&mut self) {
        if let Some(open) = &self.open {
            open.watch.abort();
        }
    }
}

impl Actor for FrontActor {
    type Msg = FrontMsg;
    type State = State;
    type Arguments = Arc<dyn Door>;

    async fn pre_start(
        &self,
        _: ActorRef<FrontMsg>,
        door: Arc<dyn Door>,
    ) -> Result<State, ActorProcessingErr> {
        Ok(State { door, open: None })
    }

    async fn post_start(
        &self,
        myself: ActorRef<FrontMsg>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let mut door = state.door.open()?;
        let (let_go, told) = oneshot::channel();
        let watch = tokio::spawn(async move {
            tokio::select! {
                () = door.failed() => {
                    let _ = myself.send_message(FrontMsg::Failed);
                    None
                }
                _ = told => Some(door),
            }
        });
        state.open = Some(Watched { let_go, watch });
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<FrontMsg>,
        message: FrontMsg,
        _: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            FrontMsg::Failed => Err("the door stopped accepting".into()),
            #[cfg(any(test, feature = "testing"))]
            FrontMsg::Die(death) => death.strike(),
        }
    }

    async fn post_stop(&self, _: ActorRef<FrontMsg>, state: &mut State) -> Result<(), ActorProcessingErr> {
        if let Some(Watched { let_go, watch }) = state.open.take() {
            let _ = let_go.send(());
            if let Ok(Some(door)) = watch.await {
                door.drain(policy(Role::Front).stop_within.mul_f32(0.95)).await;
            }
        }
        Ok(())
    }
}
