//! What became known after a tool call's deadline is said into the call, if the caller is still there; with what only a
//! person can mend now, the caller is put through.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{CallMsg, State};
use crate::domain::answer::AnswerLine;
use crate::domain::clinic::Line;
use crate::domain::ids::{ToolCallId, ToolCallKey};
use crate::domain::phi::Phi;
use crate::domain::say::Situation;
use crate::domain::transfer::TransferReason;
use crate::mailbox::Post;
use crate::ports::voice::{LiveOrder, Obeyed};

/// A caller who has waited longer has gone on to something else.
const WORTH_SAYING_FOR: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl State {
    /// The desk goes on with what was answered as pending; its outcome is stored as the tool call's answer.
    pub(super) fn listen_for(&mut self, myself: &ActorRef<Post<CallMsg>>, id: &ToolCallId) {
        if self.control.is_none() || !self.pending.insert(id.clone()) {
            return;
        }
        let (house, myself) = (Arc::clone(&self.house), myself.clone());
        let key = ToolCallKey { call: self.key.clone(), tool_call: id.clone() };
        tokio::spawn(async move {
            let until = Instant::now() + WORTH_SAYING_FOR;
            let mut outcome = None;
            while outcome.is_none() && Instant::now() < until {
                sleep(LOOK_EVERY).await;
                outcome = house.store.answer_of(&key).await.ok().flatten();
            }
            let _ = myself.send_message(Post::own(CallMsg::Afterwards(key.tool_call, outcome)));
        });
    }

    /// Said once, and not to who has asked again and heard it, or has hung up.
    pub(super) fn say_afterwards(&mut self, id: &ToolCallId, outcome: Option<AnswerLine>) {
        let is_unheard = self.pending.remove(id) && !self.underway.contains_key(id);
        let Some(line) = outcome.filter(|_| is_unheard && !self.ended) else { return };
        let Some(control) = self.control.clone() else { return };
        let answer: Value = serde_json::from_str(line.reveal()).unwrap_or_default();
        let Some(say) = answer["say"].as_str().map(str::to_owned) else { return };
        let to = self.person_for(&answer);
        let (house, clinic) = (Arc::clone(&self.house), self.clinic.id.clone());
        let goodbye = self.plain(Situation::Transferring, self.language());
        tokio::spawn(async move {
            if let Some(to) = to {
                let order = LiveOrder::Transfer { to, say: Phi::new(format!("{say} {}", goodbye.say())) };
                let obeyed = house.voice.order(&control, &order).await;
                house.meters.said(&clinic, made_of(obeyed, "transferred"));
                if obeyed != Obeyed::Refused {
                    return;
                }
            }
            let obeyed = house.voice.order(&control, &LiveOrder::Say(Phi::new(say))).await;
            house.meters.said(&clinic, made_of(obeyed, "said"));
        });
    }

    /// What could not be done is a person's now: the caller need not wait to be called by one who is there.
    fn person_for(&self, answer: &Value) -> Option<Line> {
        let is_for_staff = answer["code"] == Situation::HandedToStaff.code();
        let line = self.clinic.transfer_line(TransferReason::default());
        line.filter(|_| is_for_staff && self.clinic.picks_up(self.house.now())).cloned()
    }
}

const fn made_of(obeyed: Obeyed, done: &'static str) -> &'static str {
    match obeyed {
        Obeyed::Yes => done,
        Obeyed::Refused => "refused",
        Obeyed::Unknown => "no_answer",
    }
}
