//! The rows, and what several methods ask of them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use tokio::time::Instant;

use super::lives::Pulse;
use crate::domain::answer::AnswerLine;
use crate::domain::booking::{Effect, EffectState, Intent, IntentState, Slot};
use crate::domain::call_record::CallFacts;
use crate::domain::capabilities::Capabilities;
use crate::domain::ids::{
    CallId, CallKey, ClinicId, DemographicNo, Fence, Generation, IntentId, ProviderNo, ToolCallKey,
};
use crate::domain::node::Node;
use crate::domain::phi::Phi;
use crate::domain::time::Ts;
use crate::domain::tool::Tool;
use crate::domain::waitlist::{Waiting, WaitlistStatus};
use crate::ports::store::{
    AuditEntry, Claimant, EmrToken, HeldRow, OfferRow, OrderNote, RegistrationRow, RoleLease, SmsDraft,
    StoreError, StoreResult,
};

#[derive(Default)]
pub struct Tables {
    pub generation: i64,
    pub nodes: BTreeMap<String, Node>,
    pub pulses: BTreeMap<Generation, Pulse>,
    pub calls: BTreeMap<CallKey, CallRow>,
    /// When each message was kept.
    pub events: BTreeMap<(CallKey, String), Ts>,
    pub tool_calls: BTreeMap<ToolCallKey, ToolCallRow>,
    /// When each was set aside.
    pub dead_letters: BTreeMap<ToolCallKey, Ts>,
    pub holds: Vec<HoldRow>,
    pub intents: BTreeMap<IntentId, IntentRow>,
    /// In the order in which they were announced.
    pub effects: Vec<EffectRow>,
    pub days: BTreeMap<(ClinicId, ProviderNo, Date), LeaseRow>,
    pub roles: BTreeMap<&'static str, LeaseRow>,
    pub emr_tokens: Vec<EmrToken>,
    pub capabilities: BTreeMap<ClinicId, Capabilities>,
    pub troubles: BTreeMap<(ClinicId, String), TroubleRow>,
    pub audit: Vec<AuditEntry>,
    pub sealed: usize,
    pub texts: BTreeMap<i64, TextRow>,
    pub records: BTreeMap<CallKey, RecordRow>,
    pub waitlist: Vec<WaitingRow>,
    pub held: Vec<HeldEntry>,
    pub freed: Vec<FreedEntry>,
    pub offers: Vec<OfferEntry>,
    /// In the order in which they were announced.
    pub registrations: Vec<RegistrationEntry>,
    /// Of the clinics' declarations, which are not kept here: a test counts them up.
    pub revision: i64,
}

#[derive(Default)]
pub struct RecordRow {
    pub facts: CallFacts,
    pub changed_at: Ts,
    /// When the report is asked for; `None` when it has come or will not.
    pub report_due: Option<Ts>,
    pub report_asked: u32,
}

pub struct TroubleRow {
    /// `None`: it is over.
    pub ends_at: Option<Instant>,
    pub told_at: Instant,
    pub told_by: Generation,
    pub revision: i64,
}

pub struct HeldEntry {
    pub row: HeldRow,
    pub owner: Option<Generation>,
    pub due: Ts,
    pub changed_at: Ts,
}

pub struct FreedEntry {
    pub id: i64,
    pub clinic: ClinicId,
    pub slot: Slot,
    pub by: DemographicNo,
    pub is_open: bool,
    pub due: Ts,
    pub freed_at: Ts,
}

pub struct OfferEntry {
    pub row: OfferRow,
    pub clinic: ClinicId,
    pub freed: i64,
    pub patient: DemographicNo,
    pub text: Option<i64>,
    pub changed_at: Ts,
}

pub struct RegistrationEntry {
    pub row: RegistrationRow,
    pub owner: Generation,
    pub sender: Generation,
    pub due: Option<Ts>,
    pub closed_at: Option<Ts>,
}

pub struct WaitingRow {
    pub id: i64,
    pub key: ToolCallKey,
    pub waiting: Waiting,
    pub status: WaitlistStatus,
    pub added_at: Ts,
    pub changed_at: Ts,
}

pub struct CallRow {
    pub fence: Fence,
    pub owner: Generation,
    pub version: u64,
    pub memory: Option<Phi<Vec<u8>>>,
    pub touched_at: Ts,
    pub ended_at: Option<Ts>,
}

pub struct ToolCallRow {
    pub tool: Tool,
    pub claimant: Claimant,
    pub attempt: u32,
    pub answer: Option<AnswerLine>,
    /// When it was claimed, or answered since.
    pub touched_at: Ts,
}

/// Who keeps a slot from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    Call(CallId),
    Offer(i64),
}

pub struct HoldRow {
    pub holder: Holder,
    pub clinic: ClinicId,
    pub slot: Slot,
    pub until: Ts,
    /// Whose way it is not in: the patient who was offered it.
    pub patient: Option<DemographicNo>,
}

#[derive(Clone)]
pub struct IntentRow {
    pub intent: Intent,
    pub order: OrderNote,
    pub state: IntentState,
    pub owner: Generation,
    /// Another intent of the same wish stands in its place.
    pub replaced: bool,
    pub closed_at: Option<Ts>,
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

/// It ends by tokio's clock, which no process sets.
pub struct LeaseRow {
    pub owner: Generation,
    pub fence: Fence,
    pub expires_at: Instant,
}

pub struct TextRow {
    pub draft: SmsDraft,
    pub attempt: u32,
    pub state: TextState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextState {
    Due(Ts),
    Sending {
        fence: Fence,
        since: Ts,
    },
    /// Left in sending by a death, or told to be unknown.
    Unknown {
        since: Ts,
    },
    /// Never to be sent.
    Refused {
        since: Ts,
    },
    Over {
        since: Ts,
    },
}

impl HoldRow {
    /// Whether it is not in the way of this call, or of this patient.
    pub fn is_of(&self, call: Option<&CallId>, patient: Option<DemographicNo>) -> bool {
        matches!(&self.holder, Holder::Call(holder) if Some(holder) == call)
            || self.patient.is_some() && self.patient == patient
    }
}

impl EffectRow {
    /// What is looked at after its intent is closed: what may yet turn up.
    pub fn may_turn_up(&self) -> bool {
        !self.state.is_settled() || self.state == EffectState::Absent && self.effect.adds()
    }
}

impl Tables {
    pub fn effects_of(&self, intent: IntentId) -> impl DoubleEndedIterator<Item = &EffectRow> {
        self.effects.iter().filter(move |row| row.effect.intent == intent)
    }

    pub fn newest_addition(&self, intent: IntentId) -> Option<&EffectRow> {
        self.effects_of(intent).rev().find(|row| row.effect.adds())
    }

    pub fn unsettled_additions(&self) -> impl Iterator<Item = &EffectRow> {
        self.effects.iter().filter(|row| row.effect.adds() && !row.state.is_settled())
    }

    /// Neither another call's hold, nor what is kept for another patient, nor another intent's unsettled addition is in the
    /// way.
    pub fn is_free(
        &self,
        clinic: &ClinicId,
        call: Option<&CallId>,
        slot: &Slot,
        intent: Option<IntentId>,
        patient: Option<DemographicNo>,
        now: Ts,
    ) -> bool {
        let held = self.holds.iter().any(|hold| {
            hold.clinic == *clinic
                && !hold.is_of(call, patient)
                && hold.until > now
                && hold.slot.overlaps(slot)
        });
        let unsettled = self.unsettled_additions().any(|row| {
            row.effect.clinic == *clinic
                && Some(row.effect.intent) != intent
                && row.effect.slot().overlaps(slot)
        });
        !held && !unsettled
    }

    pub fn guard_role(&self, lease: &RoleLease) -> StoreResult<()> {
        let held = self.roles.get(lease.role);
        let ours = held.is_some_and(|row| row.owner == lease.owner && row.fence == lease.fence);
        if ours { Ok(()) } else { Err(StoreError::Usurped) }
    }
}
