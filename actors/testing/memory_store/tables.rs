//! The rows, and what several methods ask of them.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use crate::domain::answer::AnswerLine;
use crate::domain::booking::{Effect, EffectState, Intent, IntentState, Slot};
use crate::domain::ids::{CallKey, ClinicId, Fence, Generation, IntentId, ProviderNo, ToolCallKey};
use crate::domain::phi::Phi;
use crate::domain::time::Ts;
use crate::ports::store::{AuditEntry, Claimant, OrderNote, RoleLease, SmsDraft, StoreError, StoreResult};

#[derive(Default)]
pub struct Tables {
    pub generation: i64,
    pub active: HashSet<Generation>,
    pub calls: HashMap<CallKey, CallRow>,
    pub events: HashSet<(CallKey, String)>,
    pub tool_calls: HashMap<ToolCallKey, ToolCallRow>,
    pub dead_letters: Vec<ToolCallKey>,
    pub holds: Vec<HoldRow>,
    pub intents: HashMap<IntentId, IntentRow>,
    pub effects: Vec<EffectRow>,
    pub days: HashMap<(ClinicId, ProviderNo, Date), LeaseRow>,
    pub roles: HashMap<&'static str, LeaseRow>,
    pub audit: Vec<AuditEntry>,
    pub sealed: usize,
    pub texts: Vec<TextRow>,
}

pub struct CallRow {
    pub fence: Fence,
    pub owner: Generation,
    pub version: u64,
    pub memory: Option<Phi<Vec<u8>>>,
    pub ended_at: Option<Ts>,
}

pub struct ToolCallRow {
    pub claimant: Claimant,
    pub attempt: u32,
    pub answer: Option<AnswerLine>,
}

pub struct HoldRow {
    pub call: CallKey,
    pub slot: Slot,
    pub until: Ts,
}

#[derive(Clone)]
pub struct IntentRow {
    pub intent: Intent,
    pub order: OrderNote,
    pub state: IntentState,
    pub owner: Generation,
}

#[derive(Clone)]
pub struct EffectRow {
    pub effect: Effect,
    pub state: EffectState,
    pub sender: Generation,
    pub announced_at: Ts,
    pub last_arrival: Ts,
    pub due: Option<Ts>,
}

pub struct LeaseRow {
    pub owner: Generation,
    pub fence: Fence,
    pub expires_at: Ts,
}

pub struct TextRow {
    pub draft: SmsDraft,
    pub attempt: u32,
    pub state: TextState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextState {
    Due(Ts),
    Sending(Generation),
    Over,
}

impl Tables {
    pub fn unsettled_additions(&self) -> impl Iterator<Item = &EffectRow> {
        self.effects.iter().filter(|row| row.effect.adds() && !row.state.is_settled())
    }

    /// Takes or renews a lease; `None` while another living owner has it.
    pub fn lease<'a, K: std::hash::Hash + Eq>(
        rows: &'a mut HashMap<K, LeaseRow>,
        active: &HashSet<Generation>,
        key: K,
        owner: Generation,
        until: Ts,
        now: Ts,
    ) -> Option<&'a LeaseRow> {
        let row = rows.entry(key).or_insert(LeaseRow { owner, fence: Fence(0), expires_at: Ts(0) });
        let free = row.expires_at <= now || !active.contains(&row.owner);
        if row.owner != owner && !free {
            return None;
        }
        if row.owner != owner || free {
            row.fence = Fence(row.fence.0 + 1);
        }
        row.owner = owner;
        row.expires_at = until;
        Some(row)
    }

    pub fn guard_role(&self, lease: &RoleLease) -> StoreResult<()> {
        let held = self.roles.get(lease.role);
        let ours = held.is_some_and(|row| row.owner == lease.owner && row.fence == lease.fence);
        if ours { Ok(()) } else { Err(StoreError::Usurped) }
    }
}
