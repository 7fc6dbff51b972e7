//! Calls in the store: adopted under a fence, saved, ended, and the record that their messages add up to.

use async_trait::async_trait;

use super::{AuditAction, AuditEntry, StoreResult, WaitlistJoin};
use crate::domain::call_record::CallFacts;
use crate::domain::ids::{CallKey, Fence, Generation};
use crate::domain::phi::Phi;
use crate::domain::time::Ts;

/// A call as its new owner finds it.
pub struct AdoptedCall {
    pub fence: Fence,
    /// What [`crate::domain::call::Call::encode`] gave; `None` for a call nobody has seen before.
    pub memory: Option<Phi<Vec<u8>>>,
    pub ended: bool,
}

/// A fenced save of a call's memory, with what follows from it: one commit.
pub struct CallSave {
    pub key: CallKey,
    pub fence: Fence,
    /// A save never replaces one with a higher version; that one already includes it.
    pub version: u64,
    pub memory: Phi<Vec<u8>>,
    pub audit: Vec<AuditEntry>,
    /// For the call's record.
    pub facts: CallFacts,
    pub joins: Option<WaitlistJoin>,
}

/// A message about a call that is kept for its record: status, report, hang, transfer.
pub struct CallEvent {
    pub key: CallKey,
    /// The message's `type`.
    pub kind: String,
    /// Two deliveries of one message have the same digest and are kept once.
    pub digest: String,
    /// Redacted of secrets; sealed by the store.
    pub body: Phi<Vec<u8>>,
    /// What it adds to the call's record.
    pub facts: CallFacts,
    /// As what it is entered into the audit log.
    pub audited: Option<AuditAction>,
}

impl CallEvent {
    /// The kind of message that tells all of a call.
    pub const REPORT: &str = "end-of-call-report";

    pub fn is_report(&self) -> bool {
        self.kind == Self::REPORT
    }
}

#[async_trait]
pub trait CallStore: Send + Sync + 'static {
    /// The only way a call comes to life (law O-2): the row is made or taken over, its fence grows by one.
    async fn adopt_call(&self, key: &CallKey, owner: Generation, now: Ts) -> StoreResult<AdoptedCall>;

    async fn save_call(&self, save: CallSave, now: Ts) -> StoreResult<()>;

    /// Ends the call and releases its holds. Late messages may still enrich its record.
    async fn end_call(&self, key: &CallKey, fence: Fence, now: Ts) -> StoreResult<()>;

    /// `false` when this very message was kept before.
    async fn keep_event(&self, event: CallEvent, now: Ts) -> StoreResult<bool>;

    /// What all messages and saves of the call have added up to.
    async fn call_record(&self, key: &CallKey) -> StoreResult<Option<CallFacts>>;
}
