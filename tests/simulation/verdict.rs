//! When everything has settled: does what was said agree with what is?

mod answers;
mod calls;
mod endings;
mod rows;

use std::collections::BTreeMap;

use vitarad_actors::domain::booking::{Intent, IntentState, Slot, Want};
use vitarad_actors::domain::held::{HeldState, HeldWish};
use vitarad_actors::domain::ids::{CallKey, ToolCallKey};
use vitarad_actors::domain::registration::RegistrationState;
use vitarad_actors::ports::store::HeldRow;
use vitarad_actors::testing::{EffectRow, Tables, World};

use crate::record::{Heard, Record, Told};
use crate::story::story;
use crate::summary::{Part, Summary};

/// One tool call: everything that came back to its deliveries, in order.
pub struct Errand<'a> {
    pub key: &'a ToolCallKey,
    pub first: &'a Told,
    pub heard: Vec<&'a Heard>,
    pub deliveries: usize,
}

impl<'a> Errand<'a> {
    /// What the caller goes by: the last that was certain, else the last that was heard.
    pub fn last_word(&self) -> Option<&'a Heard> {
        let certain = self.heard.iter().rfind(|heard| answers::is_certain(&heard.code));
        certain.or(self.heard.last()).copied()
    }

    /// Whether that intent is the same wish, whoever has asked for it.
    pub fn wishes(&self, intent: &Intent) -> bool {
        let Told { patient, about, wanted, .. } = self.first;
        let at = |slot: &Slot| {
            wanted.as_ref().is_some_and(|wanted| wanted.is(&slot.provider, slot.date, slot.interval))
        };
        let same = match &intent.want {
            Want::Book(slot) => about.is_none() && at(slot),
            Want::Move { old, to } => *about == Some(*old) && at(to),
            Want::Cancel(no) => *about == Some(*no) && wanted.is_none(),
        };
        same && intent.patient == *patient && intent.clinic == self.key.call.clinic
    }
}

pub fn judge(world: &World, record: &Record) -> Summary {
    let mut summary = Summary::default();
    let told = record.told.lock().unwrap();
    let errands = errands(&told);
    let tables = world.store.peek();
    for (what, times) in record.counts.lock().unwrap().iter() {
        summary.count(Part::Happened, what, *times);
    }
    answers::one_each(&errands, record, &mut summary);
    nothing_is_open(&tables, record, &mut summary);
    nothing_is_held(&tables, record, &mut summary);
    rows::judge(world, &tables, record, &mut summary);
    endings::judge(world, &tables, &errands, record, &mut summary);
    calls::judge(&tables, &calls_of(&errands, &told), record, &mut summary);
    texted_once(world, &tables, record);
    summary
}

fn errands(told: &[Told]) -> BTreeMap<&ToolCallKey, Errand<'_>> {
    let mut errands = BTreeMap::new();
    for told in told {
        let new = || Errand { key: &told.key, first: told, heard: Vec::new(), deliveries: 0 };
        let errand = errands.entry(&told.key).or_insert_with(new);
        errand.deliveries += 1;
        errand.heard.extend(&told.heard);
    }
    errands
}

/// Each call's tool calls, in the order in which they were answered last.
fn calls_of<'a>(
    errands: &'a BTreeMap<&ToolCallKey, Errand<'a>>,
    told: &'a [Told],
) -> BTreeMap<&'a CallKey, Vec<&'a Errand<'a>>> {
    let mut calls: BTreeMap<&CallKey, Vec<&Errand<'_>>> = BTreeMap::new();
    for told in told {
        let of_call = calls.entry(&told.key.call).or_default();
        of_call.retain(|errand| *errand.key != told.key);
        of_call.push(&errands[&told.key]);
    }
    calls
}

fn nothing_is_open(tables: &Tables, record: &Record, summary: &mut Summary) {
    for row in tables.intents.values() {
        let state = match row.state {
            IntentState::Open => "open",
            IntentState::Done(_) => "done",
            IntentState::Refused => "refused",
            IntentState::HandedToStaff => "handed_to_staff",
        };
        summary.count(Part::Intents, state, 1);
        if row.state == IntentState::Open {
            let of_intent = |effect: &&EffectRow| effect.effect.intent == row.intent.id;
            let marks: Vec<_> =
                tables.effects.iter().filter(of_intent).map(|effect| Some(effect.effect.mark())).collect();
            let story = story(tables, &marks);
            record.breach(format!("B-5: the intent of {:?} never settled{story}", row.order.tool_call));
        }
    }
}

/// What was held has ended, and was done if that is what it says.
fn nothing_is_held(tables: &Tables, record: &Record, summary: &mut Summary) {
    for row in tables.held.iter().map(|entry| &entry.row) {
        summary.count(Part::Held, row.state.name(), 1);
        if row.state.is_waiting() {
            record.breach(format!(
                "{} of {:?} still waits: {:?}, taken up {} times",
                row.reference, row.note.tool_call, row.outcome, row.fence.0
            ));
        }
        let done = was_done(tables, row);
        if row.state == HeldState::Done && !done {
            record.breach(format!("B-3: {} is called done and no intent is", row.reference));
        }
    }
}

/// Some intent or registration of the same wish has been read back and agrees.
fn was_done(tables: &Tables, held: &HeldRow) -> bool {
    let clinic = &held.note.tool_call.call.clinic;
    match &held.wish {
        HeldWish::Visit(visit) => tables.intents.values().any(|row| {
            let same = visit.want.canonical(visit.patient) == row.intent.want.canonical(row.intent.patient);
            same && row.intent.clinic == *clinic && matches!(row.state, IntentState::Done(_))
        }),
        HeldWish::Registration(who) => tables.registrations.iter().map(|entry| &entry.row).any(|row| {
            let same = row.who.person() == who.person() && row.note.tool_call.call.clinic == *clinic;
            same && matches!(row.state, RegistrationState::Done(_))
        }),
    }
}

/// O-1: however many processes have the outbox's role, no text is sent twice.
fn texted_once(world: &World, tables: &Tables, record: &Record) {
    let (sent, texts) = (world.sms.sent().len(), tables.texts.len());
    if sent > texts {
        record.breach(format!("O-1: {sent} texts were sent for {texts} in the outbox"));
    }
}
