//! One tool call on its way to the desk: claimed, carried, answered (law B-6).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::finding::{Finding, Task};
use super::{Life, State, stored_answer};
use crate::crashpoint::Crashpoint;
use crate::desk::DeskMsg;
use crate::desk::order::{Concluded, NewcomerOrder, Order, Registered};
use crate::domain::answer::{Answer, AnswerLine};
use crate::domain::clinic::Clinic;
use crate::domain::ids::ToolCallKey;
use crate::domain::phi::Phi;
use crate::domain::say::Situation;
use crate::domain::tool::Tool;
use crate::house::House;
use crate::mailbox::{Mailbox, NotAnswered};
use crate::ports::store::{Claimant, Claimed, OrderNote, StoreError, StoreResult};
use crate::switchboard::ToolCall;

const ANSWER_POLL: Duration = Duration::from_millis(100);
/// A tool call is put aside when so many attempts at it never came to their end.
const ATTEMPTS: u32 = 2;

/// What is brought to the desk.
pub(super) enum Cargo {
    Visit(Box<Order>),
    Newcomer(Box<NewcomerOrder>),
}

struct Errand {
    house: Arc<House>,
    clinic: Arc<Clinic>,
    claimant: Claimant,
    tool: Tool,
    arguments: Phi<String>,
    note: OrderNote,
    deadline: Instant,
    cargo: Cargo,
}

impl State {
    pub(super) fn errand(
        &self,
        call: &ToolCall,
        note: OrderNote,
        deadline: Instant,
        cargo: Cargo,
    ) -> Result<Task, Situation> {
        let Life::Owned(fence) = self.life else { return Err(Situation::InternalError) };
        let errand = Errand {
            house: Arc::clone(&self.house),
            clinic: Arc::clone(&self.clinic),
            claimant: Claimant { generation: self.house.generation, fence },
            tool: call.tool,
            arguments: Phi::new(serde_json::Value::Object(call.arguments.reveal().clone()).to_string()),
            note,
            deadline,
            cargo,
        };
        Ok(Task::of(async move { errand.run().await }))
    }

    /// Who asks, and where a text to them goes.
    pub(super) fn note(&self, call: &ToolCall) -> OrderNote {
        let consents = self.call.sms_consent() != Some(false);
        OrderNote {
            tool_call: call.key(),
            language: self.language(),
            seen: None,
            text_to: self.call.caller().filter(|_| consents).cloned().map(Phi::new),
        }
    }
}

type Carried = Result<(Concluded, Option<Registered>), NotAnswered>;

/// Whether it ended without an answer, and whoever was at it lives. A desk that is gone may have died of it.
fn is_left_open(carried: &Carried) -> bool {
    match carried {
        Ok((concluded, _)) => concluded.provisional,
        Err(failure) => *failure == NotAnswered::Late,
    }
}

impl Errand {
    async fn run(self) -> Finding {
        let key = self.note.tool_call.clone();
        let concluded = match self.house.store.claim(&key, self.tool, self.claimant, self.house.now()).await {
            Ok(Claimed::Answered(line)) => Self::said(line, key),
            Ok(Claimed::Underway) => self.wait_for(key).await,
            Ok(Claimed::Ours { attempt }) if attempt > ATTEMPTS => self.put_aside(key).await,
            Ok(Claimed::Ours { .. }) => return self.carry(key).await,
            Err(StoreError::Usurped) => return Finding::Usurped,
            Err(_) => self.word(Situation::InternalError),
        };
        Finding::Concluded(concluded)
    }

    async fn carry(&self, key: ToolCallKey) -> Finding {
        self.house.pass(Crashpoint::Claimed);
        let Some(desk) = self.house.directory.desk(&self.clinic.id) else {
            return Finding::Concluded(self.store(key, self.word(Situation::EmrUnavailable)).await);
        };
        let carried = self.hand_in(&desk).await;
        if is_left_open(&carried) {
            self.absolve(key.clone());
        }
        match carried {
            Ok((concluded, Some(registered))) => Finding::Registered(concluded, registered),
            Ok((concluded, None)) if concluded.stored_for.as_ref() == Some(&key) => {
                Finding::Concluded(concluded)
            }
            Ok((concluded, None)) if concluded.provisional => Finding::Concluded(concluded),
            Ok((concluded, None)) => Finding::Concluded(self.store(key, concluded).await),
            Err(NotAnswered::Full) => Finding::Concluded(self.store(key, self.word(Situation::Busy)).await),
            // It may have been sent, and whoever is at it goes on: a refusal that it still stores in time is told, and what
            // it finds out later is for staff. So nobody hears "pending" before the time is over.
            Err(NotAnswered::Gone | NotAnswered::Late) => Finding::Concluded(self.wait_for(key).await),
        }
    }

    async fn hand_in(&self, desk: &Mailbox<DeskMsg>) -> Carried {
        let by = self.in_time();
        match &self.cargo {
            Cargo::Visit(order) => {
                let order = order.clone();
                desk.ask(by, |reply| DeskMsg::Carry(order, reply)).await.map(|concluded| (concluded, None))
            }
            Cargo::Newcomer(order) => {
                let order = order.clone();
                let enrolled = desk.ask(by, |reply| DeskMsg::Register(order, reply)).await?;
                Ok((enrolled.concluded, enrolled.registered))
            }
        }
    }

    /// Whoever asks waits for no commit that is not their answer's.
    fn absolve(&self, key: ToolCallKey) {
        let (house, claimant) = (Arc::clone(&self.house), self.claimant);
        // If it cannot be written the attempt counts.
        tokio::spawn(async move { house.store.absolve(&key, claimant).await });
    }

    /// The answer of a wish that another tool call carried, or that was refused before anything was written.
    async fn store(&self, key: ToolCallKey, concluded: Concluded) -> Concluded {
        match self.answer(&key, concluded.line.clone()).await {
            Ok(line) => Concluded { line, stored_for: Some(key), ..concluded },
            Err(_) => self.word(Situation::InternalError),
        }
    }

    async fn answer(&self, key: &ToolCallKey, line: AnswerLine) -> StoreResult<AnswerLine> {
        self.house.store.answer(key, line, Vec::new(), self.house.now()).await
    }

    /// Somebody else is at it, here or elsewhere.
    async fn wait_for(&self, key: ToolCallKey) -> Concluded {
        match stored_answer(&self.house, &key, self.in_time(), ANSWER_POLL).await {
            Some(line) => Self::said(line, key),
            None => self.word(self.pending()),
        }
    }

    fn in_time(&self) -> Instant {
        self.deadline.checked_sub(self.house.settings.answer_margin).unwrap_or(self.deadline)
    }

    async fn put_aside(&self, key: ToolCallKey) -> Concluded {
        self.house.meters.dead_letter(&self.clinic.id);
        tracing::error!(
            clinic.id = %self.clinic.id, call.id = %key.call.call, tool = self.tool.name(),
            "a tool call killed what handled it twice and is put aside"
        );
        let put =
            self.house.store.dead_letter(&key, self.tool, self.arguments.clone(), self.house.now()).await;
        match put {
            Ok(()) => self.store(key, self.word(Situation::HandedToStaff)).await,
            Err(_) => self.word(Situation::InternalError),
        }
    }

    const fn said(line: AnswerLine, key: ToolCallKey) -> Concluded {
        Concluded { line, situation: None, stored_for: Some(key), provisional: false }
    }

    const fn pending(&self) -> Situation {
        match self.cargo {
            Cargo::Visit(_) => Situation::Pending,
            Cargo::Newcomer(_) => Situation::RegistrationPending,
        }
    }

    fn word(&self, situation: Situation) -> Concluded {
        let phone = self.clinic.phone.0.spoken();
        let line = Answer::new(situation, self.note.language, &[("phone", &phone)]).line();
        Concluded { line, situation: Some(situation), stored_for: None, provisional: situation.is_pending() }
    }
}
