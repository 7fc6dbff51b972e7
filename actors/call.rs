//! `call`: one live phone call. Child of the clinic's `calls`, restarted after a failure, twice in 60 s, then forgotten
//! until its next message adopts it again.
//!
//! What a call knows is in its row, sealed; this actor is a warm cache of it. It never waits for the world in its handler:
//! each tool call becomes a task that comes back with a finding, the finding changes the call, the change is saved with
//! its audit entries, and then the answer leaves.

mod adopt;
mod afterwards;
mod apply;
mod bookings;
mod errand;
mod finding;
mod handbook;
mod held;
mod identity;
mod newcomers;
mod notes;
mod offered;
mod outcome;
mod search;
mod underway;
mod urgency;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::time::Instant;

pub use self::adopt::adoption;
use self::afterwards::Outcome;
use self::finding::Finding;
pub use self::outcome::stored_answer;
use self::underway::Underway;
use crate::domain::answer::{Answer, AnswerLine};
use crate::domain::call::Call;
use crate::domain::clinic::Clinic;
use crate::domain::ids::{CallKey, Fence, ToolCallId};
use crate::domain::say::{Language, Situation};
use crate::domain::urgent::Urgent;
use crate::house::House;
use crate::mailbox::{Place, Post, Reply};
use crate::ports::store::{AdoptedCall, StoreResult};
use crate::ports::voice::ControlUrl;
use crate::switchboard::ToolCall;

pub struct CallArgs {
    pub house: Arc<House>,
    pub clinic: Arc<Clinic>,
    pub key: CallKey,
}

pub enum CallMsg {
    Ask(Box<ToolCall>, Instant, Reply<AnswerLine>),
    /// The voice platform says that the call is over.
    End,
    /// Somebody else has had the time to finish with the call.
    Adopt,
    Adopted(StoreResult<AdoptedCall>),
    Found(ToolCallId, Box<Finding>),
    Saved(ToolCallId, StoreResult<()>),
    /// What became of a tool call that was answered as pending.
    Afterwards(Outcome),
    /// Nobody has asked anything since the timer was set, if the number is still the current one.
    IdleSince(u64),
    #[cfg(any(test, feature = "testing"))]
    Die(crate::testing::Death),
}

pub struct CallActor;

pub struct State {
    house: Arc<House>,
    clinic: Arc<Clinic>,
    key: CallKey,
    life: Life,
    call: Call,
    underway: BTreeMap<ToolCallId, Underway>,
    asked: u64,
    /// How often another process had the call when this one wanted to save, since it could last.
    usurpations: u32,
    control: Option<ControlUrl>,
    ended: bool,
    /// Tool calls that were answered as pending and whose outcome is listened for.
    pending: BTreeSet<ToolCallId>,
}

/// Whether the call's row is ours yet.
enum Life {
    Adopting {
        asked: Vec<Question>,
    },
    Owned(Fence),
    /// The store could not be asked; what needs it is refused, the next question tries again.
    Unowned,
}

struct Question {
    tool_call: Box<ToolCall>,
    deadline: Instant,
    reply: Reply<AnswerLine>,
    place: Option<Place>,
    /// Its answer, which has left already.
    urgent: Option<Urgent>,
}

impl Actor for CallActor {
    type Msg = Post<CallMsg>;
    type State = State;
    type Arguments = CallArgs;

    async fn pre_start(&self, _: ActorRef<Self::Msg>, args: CallArgs) -> Result<State, ActorProcessingErr> {
        let CallArgs { house, clinic, key } = args;
        house.meters.live_calls(&clinic.id).inc();
        Ok(State {
            house,
            clinic,
            key,
            life: Life::Adopting { asked: Vec::new() },
            call: Call::default(),
            underway: BTreeMap::new(),
            asked: 0,
            usurpations: 0,
            control: None,
            ended: false,
            pending: BTreeSet::new(),
        })
    }

    async fn post_start(
        &self,
        myself: ActorRef<Self::Msg>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.adopt(&myself);
        state.watch_idleness(&myself);
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Self::Msg>,
        post: Self::Msg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let Post { message, place } = post;
        match message {
            CallMsg::Ask(tool_call, deadline, reply) => {
                state.asked += 1;
                state.ask(&myself, Question { tool_call, deadline, reply, place, urgent: None });
            }
            CallMsg::End => state.end(&myself),
            CallMsg::Afterwards(outcome) => state.say_afterwards(outcome),
            CallMsg::Adopt => state.adopt(&myself),
            CallMsg::Adopted(adopted) => state.adopted(&myself, adopted)?,
            CallMsg::Found(id, finding) => state.found(&myself, id, *finding),
            CallMsg::Saved(id, saved) => state.saved(&myself, &id, saved),
            CallMsg::IdleSince(asked) if asked == state.asked => myself.stop(None),
            CallMsg::IdleSince(_) => state.watch_idleness(&myself),
            #[cfg(any(test, feature = "testing"))]
            CallMsg::Die(death) => death.strike()?,
        }
        Ok(())
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.house.meters.live_calls(&self.clinic.id).dec();
    }
}

impl State {
    /// What needs no memory is answered whatever the store is doing.
    fn ask(&mut self, myself: &ActorRef<Post<CallMsg>>, question: Question) {
        let question = self.answer_if_urgent(question);
        if question.urgent.is_none()
            && let Some(answer) = self.handbook(&question.tool_call)
        {
            let _ = question.reply.send(answer.line());
            return;
        }
        match &mut self.life {
            Life::Adopting { asked } => asked.push(question),
            Life::Owned(_) => self.begin(myself, question),
            Life::Unowned => {
                self.life = Life::Adopting { asked: vec![question] };
                self.adopt(myself);
            }
        }
    }

    fn adopted(
        &mut self,
        myself: &ActorRef<Post<CallMsg>>,
        adopted: StoreResult<AdoptedCall>,
    ) -> Result<(), ActorProcessingErr> {
        let asked = match std::mem::replace(&mut self.life, Life::Unowned) {
            Life::Adopting { asked } => asked,
            Life::Owned(_) | Life::Unowned => Vec::new(),
        };
        match adopted {
            Ok(adopted) => {
                self.call = match &adopted.memory {
                    Some(bytes) => Call::decode(bytes)?,
                    None => Call::default(),
                };
                self.life = Life::Owned(adopted.fence);
                self.resume(myself);
                for question in asked {
                    self.begin(myself, question);
                }
            }
            Err(failure) => {
                tracing::warn!(clinic.id = %self.clinic.id, call.id = %self.key.call, %failure, "a call could not be adopted");
                for question in asked {
                    let answer = self.plain(Situation::InternalError, self.language());
                    let _ = question.reply.send(answer.line());
                }
                self.give_up();
            }
        }
        Ok(())
    }

    fn language(&self) -> Language {
        self.call.language().unwrap_or(self.clinic.language)
    }

    fn plain(&self, situation: Situation, language: Language) -> Answer {
        let phone = self.clinic.phone.0.spoken();
        let answer = Answer::new(situation, language, &[("phone", &phone), ("clinic", &self.clinic.name)]);
        match situation {
            Situation::ScheduleHidden | Situation::NotFromHere => {
                answer.with("canOffer", self.clinic.instead_of_booking())
            }
            _ => answer,
        }
    }
}

#[cfg(test)]
mod tests;
