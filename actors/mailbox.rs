//! Bounded mailboxes. ractor's own are not, so a message takes a place first and gives it back when it has been dealt
//! with; a full mailbox is an answer to the sender, at once, and is counted.
//!
//! An actor's own timers and the facts its tasks report travel without a place: control is never starved by load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ractor::{ActorRef, MessagingErr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};

/// Where an answer goes.
pub type Reply<T> = oneshot::Sender<T>;

/// A place in a mailbox; free again when dropped.
pub type Place = OwnedSemaphorePermit;

/// What travels: a message and, if it came from outside, the place it holds.
pub struct Post<M> {
    pub message: M,
    pub place: Option<Place>,
}

impl<M> Post<M> {
    /// A fact or a timer of the actor's own.
    pub const fn own(message: M) -> Self {
        Self { message, place: None }
    }
}

/// The message comes back with the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotPosted<M> {
    Full(M),
    Gone(M),
}

/// Why a question brought no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAnswered {
    Full,
    /// The actor is gone, or went while it had the question.
    Gone,
    Late,
}

pub struct Mailbox<M: Send + 'static> {
    actor: ActorRef<Post<M>>,
    places: Arc<Semaphore>,
    refused: Arc<AtomicU64>,
}

impl<M: Send + 'static> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        Self {
            actor: self.actor.clone(),
            places: Arc::clone(&self.places),
            refused: Arc::clone(&self.refused),
        }
    }
}

impl<M: Send + 'static> Mailbox<M> {
    pub fn new(actor: ActorRef<Post<M>>, capacity: usize, refused: Arc<AtomicU64>) -> Self {
        Self { actor, places: Arc::new(Semaphore::new(capacity)), refused }
    }

    pub const fn actor(&self) -> &ActorRef<Post<M>> {
        &self.actor
    }

    pub fn post(&self, message: M) -> Result<(), NotPosted<M>> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(NotPosted::Full(message));
        };
        self.actor.send_message(Post { message, place: Some(place) }).map_err(|failure| match failure {
            MessagingErr::SendErr(post) => NotPosted::Gone(post.message),
            MessagingErr::ChannelClosed | MessagingErr::InvalidActorType => {
                unreachable!("a typed local send fails only by giving the message back")
            }
        })
    }

    /// Asks and waits, until `deadline` at the latest.
    pub async fn ask<T>(
        &self,
        deadline: Instant,
        question: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, NotAnswered> {
        let (reply, answer) = oneshot::channel();
        match self.post(question(reply)) {
            Err(NotPosted::Full(_)) => Err(NotAnswered::Full),
            Err(NotPosted::Gone(_)) => Err(NotAnswered::Gone),
            Ok(()) => answered(answer, deadline).await,
        }
    }

    /// Asks without a place: for what the operator wants to know most when the mailbox is full. Who uses it sees to it that
    /// there are few.
    pub async fn ask_even_if_full<T>(
        &self,
        deadline: Instant,
        question: impl FnOnce(Reply<T>) -> M,
    ) -> Result<T, NotAnswered> {
        let (reply, answer) = oneshot::channel();
        match self.actor.send_message(Post::own(question(reply))) {
            Ok(()) => answered(answer, deadline).await,
            Err(_) => Err(NotAnswered::Gone),
        }
    }
}

async fn answered<T>(answer: oneshot::Receiver<T>, deadline: Instant) -> Result<T, NotAnswered> {
    match timeout_at(deadline, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) => Err(NotAnswered::Gone),
        Err(_) => Err(NotAnswered::Late),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ractor::{Actor, ActorProcessingErr};

    use super::*;

    struct Slow;

    impl Actor for Slow {
        type Msg = Post<Reply<u8>>;
        type State = ();
        type Arguments = ();

        async fn pre_start(&self, _: ActorRef<Self::Msg>, (): ()) -> Result<(), ActorProcessingErr> {
            Ok(())
        }

        async fn handle(
            &self,
            _: ActorRef<Self::Msg>,
            post: Self::Msg,
            (): &mut (),
        ) -> Result<(), ActorProcessingErr> {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let _ = post.message.send(7);
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_mailbox_refuses_at_once_and_recovers_as_it_is_emptied() {
        let (actor, task) = Actor::spawn(None, Slow, ()).await.unwrap();
        let refused = Arc::new(AtomicU64::new(0));
        let mailbox = Mailbox::new(actor.clone(), 2, Arc::clone(&refused));
        let answers: Vec<_> = (0..2)
            .map(|_| {
                let (reply, answer) = oneshot::channel();
                assert!(mailbox.post(reply).is_ok());
                answer
            })
            .collect();
        let soon = Instant::now() + Duration::from_secs(10);
        assert_eq!(mailbox.ask(soon, |reply| reply).await, Err(NotAnswered::Full));
        assert_eq!(mailbox.ask_even_if_full(soon, |reply| reply).await, Ok(7));
        assert_eq!(refused.load(Ordering::Relaxed), 1);
        for answer in answers {
            assert_eq!(answer.await.unwrap(), 7);
        }
        assert_eq!(mailbox.ask(soon, |reply| reply).await, Ok(7));
        let too_soon = Instant::now() + Duration::from_millis(10);
        assert_eq!(mailbox.ask(too_soon, |reply| reply).await, Err(NotAnswered::Late));
        actor.stop(None);
        task.await.unwrap();
        assert_eq!(mailbox.ask(soon, |reply| reply).await, Err(NotAnswered::Gone));
    }
}
