//! How a call comes to life and leaves memory. There is one way in (law O-2): its row is made or taken over.

use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorRef};
use tokio::time::{Instant, timeout};

use super::{CallActor, CallArgs, CallMsg, Life, State};
use crate::domain::clinic::Clinic;
use crate::domain::ids::{CallKey, Fence};
use crate::house::House;
use crate::mailbox::{Mailbox, Post};
use crate::ports::store::{AdoptedCall, StoreError, StoreResult};
use crate::supervisor::{Child, ChildId};
use crate::tree::Role;

/// Whoever owned the call before, nobody is waited for: only the store's commit is, and for no longer than this. Then the
/// caller hears that it did not work, and whom to ask for, while a tool call's time still lasts.
pub(super) const ADOPT_WITHIN: Duration = Duration::from_secs(3);

/// The child that a call's adoption starts.
pub fn adoption(house: &Arc<House>, clinic: &Arc<Clinic>, key: &CallKey) -> Child {
    let (house, clinic, key) = (Arc::clone(house), Arc::clone(clinic), key.clone());
    let id = ChildId::named(Role::Call, key.call.as_str());
    let leave = (Arc::clone(&house), key.clone());
    Child {
        id,
        start: Arc::new(move |supervisor| {
            let (house, clinic, key) = (Arc::clone(&house), Arc::clone(&clinic), key.clone());
            Box::pin(async move {
                let args = CallArgs { house: Arc::clone(&house), clinic, key: key.clone() };
                let (actor, _) = Actor::spawn_linked(None, CallActor, args, supervisor).await?;
                let mailbox =
                    Mailbox::new(actor.clone(), house.settings.mailbox, house.meters.refused(Role::Call));
                house.directory.enter_call(key, mailbox);
                Ok(actor.get_cell())
            })
        }),
        on_exit: Some(Arc::new(move |actor| leave.0.directory.leave_call(&leave.1, actor))),
    }
}

impl State {
    pub(super) fn adopt(&self, myself: &ActorRef<Post<CallMsg>>) {
        let (house, key, myself) = (Arc::clone(&self.house), self.key.clone(), myself.clone());
        tokio::spawn(async move {
            let adopted = take_over(&house, &key).await;
            let _ = myself.send_message(Post::own(CallMsg::Adopted(adopted)));
        });
    }

    /// Its holds are given back now; the actor stays a while for messages that come late.
    pub(super) fn end(&mut self, myself: &ActorRef<Post<CallMsg>>) {
        self.ended = true;
        if let Life::Owned(fence) = self.life {
            let (house, key) = (Arc::clone(&self.house), self.key.clone());
            tokio::spawn(async move {
                if let Err(failure) = house.store.end_call(&key, fence, house.now()).await {
                    tracing::warn!(clinic.id = %key.clinic, call.id = %key.call, %failure, "a call's end was not stored");
                }
            });
        }
        let asked = self.asked;
        myself.send_after(self.house.settings.call_linger, move || Post::own(CallMsg::IdleSince(asked)));
    }

    pub(super) fn watch_idleness(&self, myself: &ActorRef<Post<CallMsg>>) {
        let asked = self.asked;
        myself.send_after(self.house.settings.call_idle, move || Post::own(CallMsg::IdleSince(asked)));
    }
}

async fn take_over(house: &House, key: &CallKey) -> StoreResult<AdoptedCall> {
    let begun = Instant::now();
    let adopting = house.store.adopt_call(key, house.generation, house.now());
    let late = |_| Err(StoreError::Unavailable("a call is not adopted in time".to_owned()));
    let adopted = timeout(ADOPT_WITHIN, adopting).await.unwrap_or_else(late)?;
    if adopted.fence > Fence(1) {
        tracing::info!(
            clinic.id = %key.clinic,
            call.id = %key.call,
            call.fence = adopted.fence.0,
            elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            "a call is taken over"
        );
    }
    Ok(adopted)
}
