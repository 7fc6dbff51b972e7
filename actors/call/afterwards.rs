//! What became known after a tool call's deadline is said into the call, if the caller is still there.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{CallMsg, State};
use crate::domain::answer::AnswerLine;
use crate::domain::ids::{ToolCallId, ToolCallKey};
use crate::domain::phi::Phi;
use crate::mailbox::Post;

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
        let Some(say) = answer["say"].as_str().map(|say| Phi::new(say.to_owned())) else { return };
        let (house, clinic) = (Arc::clone(&self.house), self.clinic.id.clone());
        tokio::spawn(async move {
            let said = house.voice.say(&control, &say).await;
            house.meters.said(&clinic, if said { "said" } else { "not_said" });
        });
    }
}
