//! What became known after a tool call's deadline is said into the call, if the caller is still there; with what only a
//! person can mend now, the caller is put through. What came to nothing and can no longer be said is staff's to say.

use std::sync::Arc;
use std::time::Duration;

use ractor::{ActorRef, MessagingErr};
use serde_json::Value;
use tokio::time::Instant;

use super::{CallMsg, State, stored_answer};
use crate::desk::hand_over;
use crate::domain::answer::AnswerLine;
use crate::domain::clinic::{Clinic, Line};
use crate::domain::ids::{ToolCallId, ToolCallKey};
use crate::domain::phi::Phi;
use crate::domain::say::Situation;
use crate::domain::tool::Tool;
use crate::domain::transfer::TransferReason;
use crate::house::House;
use crate::mailbox::Post;
use crate::ports::store::Lacks;
use crate::ports::voice::{ControlUrl, LiveOrder, Obeyed};

/// A caller who has waited longer has gone on to something else.
const WORTH_SAYING_FOR: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What became of what was answered as pending.
pub struct Outcome {
    key: ToolCallKey,
    tool: Tool,
    /// `None` when it took too long to be worth saying.
    line: Option<AnswerLine>,
}

impl Outcome {
    fn answer(&self) -> Option<Value> {
        serde_json::from_str(self.line.as_ref()?.reveal()).ok()
    }

    /// Whether it is news that only this caller could be told: what was done shows in the book, and what is with staff they
    /// know.
    fn is_refusal(&self) -> bool {
        let refused =
            |answer: Value| answer["success"] != true && answer["code"] != Situation::HandedToStaff.code();
        self.answer().is_some_and(refused)
    }

    /// Who was told that the clinic will make sure, and does not hear that it came to nothing, is called.
    async fn goes_to_staff(&self, house: &House, clinic: &Clinic) {
        if self.is_refusal() && hand_over(house, &self.key, self.tool, Lacks::Hearer).await {
            tracing::warn!(
                clinic.id = %clinic.id, call.id = %self.key.call.call, tool = self.tool.name(),
                "a refusal came too late for its caller to hear it: staff have to call"
            );
        }
    }
}

impl State {
    /// The desk goes on with what was answered as pending; its outcome is stored as the tool call's answer.
    pub(super) fn listen_for(&mut self, myself: &ActorRef<Post<CallMsg>>, id: &ToolCallId, tool: Tool) {
        if !self.pending.insert(id.clone()) {
            return;
        }
        let (house, clinic, myself) = (Arc::clone(&self.house), Arc::clone(&self.clinic), myself.clone());
        let key = ToolCallKey { call: self.key.clone(), tool_call: id.clone() };
        tokio::spawn(async move {
            let until = Instant::now() + WORTH_SAYING_FOR;
            let line = stored_answer(&house, &key, until, LOOK_EVERY).await;
            let told = myself.send_message(Post::own(CallMsg::Afterwards(Outcome { key, tool, line })));
            if let Err(MessagingErr::SendErr(Post { message: CallMsg::Afterwards(outcome), .. })) = told {
                outcome.goes_to_staff(&house, &clinic).await;
            }
        });
    }

    /// Said once, and not to who has asked again and heard it. Who has hung up, or cannot be spoken to, is called.
    pub(super) fn say_afterwards(&mut self, outcome: Outcome) {
        let id = &outcome.key.tool_call;
        if !self.pending.remove(id) || self.underway.contains_key(id) {
            return;
        }
        let (house, clinic) = (Arc::clone(&self.house), Arc::clone(&self.clinic));
        let words = outcome.answer().and_then(|answer| {
            let say = answer["say"].as_str()?.to_owned();
            Some((self.control.clone().filter(|_| !self.ended)?, say, self.person_for(&answer)))
        });
        let goodbye = self.plain(Situation::Transferring, self.language());
        tokio::spawn(async move {
            let heard = match words {
                Some((control, say, to)) => speak(&house, &clinic, &control, say, to, goodbye.say()).await,
                None => false,
            };
            if !heard {
                outcome.goes_to_staff(&house, &clinic).await;
            }
        });
    }

    /// What could not be done is a person's now: the caller need not wait to be called by one who is there.
    fn person_for(&self, answer: &Value) -> Option<Line> {
        let is_for_staff = answer["code"] == Situation::HandedToStaff.code();
        let line = self.clinic.transfer_line(TransferReason::default());
        line.filter(|_| is_for_staff && self.clinic.picks_up(self.house.now())).cloned()
    }
}

/// Whether the caller has heard it.
async fn speak(
    house: &House,
    clinic: &Clinic,
    control: &ControlUrl,
    say: String,
    to: Option<Line>,
    goodbye: &str,
) -> bool {
    if let Some(to) = to {
        let order = LiveOrder::Transfer { to, say: Phi::new(format!("{say} {goodbye}")) };
        let obeyed = house.voice.order(control, &order).await;
        house.meters.said(&clinic.id, made_of(obeyed, "transferred"));
        if obeyed != Obeyed::Refused {
            return obeyed == Obeyed::Yes;
        }
    }
    let obeyed = house.voice.order(control, &LiveOrder::Say(Phi::new(say))).await;
    house.meters.said(&clinic.id, made_of(obeyed, "said"));
    obeyed == Obeyed::Yes
}

const fn made_of(obeyed: Obeyed, done: &'static str) -> &'static str {
    match obeyed {
        Obeyed::Yes => done,
        Obeyed::Refused => "refused",
        Obeyed::Unknown => "no_answer",
    }
}
