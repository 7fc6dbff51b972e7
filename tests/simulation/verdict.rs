//! When everything has settled: does what was said agree with what is?

use std::collections::{BTreeMap, HashMap};

use vitarad_actors::domain::booking::{Act, IntentState, Want};
use vitarad_actors::domain::held::HeldState;
use vitarad_actors::domain::ids::{AppointmentNo, ToolCallKey};
use vitarad_actors::domain::laws::{LiveRow, no_overlap_by_us, same_answer};
use vitarad_actors::domain::mark::Mark;
use vitarad_actors::testing::{EffectRow, PretendEmr, Tables, World};

use super::{CLINICS, Record, Told};

/// What a run, or all runs, came to.
#[derive(Debug, Default)]
pub struct Summary {
    answers: BTreeMap<String, u64>,
    intents: BTreeMap<&'static str, u64>,
    held: BTreeMap<&'static str, u64>,
    staff_rows: u64,
    our_live_rows: u64,
}

impl Summary {
    pub fn add(&mut self, other: &Self) {
        for (code, count) in &other.answers {
            *self.answers.entry(code.clone()).or_default() += count;
        }
        for (state, count) in &other.intents {
            *self.intents.entry(state).or_default() += count;
        }
        for (state, count) in &other.held {
            *self.held.entry(state).or_default() += count;
        }
        self.staff_rows += other.staff_rows;
        self.our_live_rows += other.our_live_rows;
    }

    /// A simulation in which nothing happens proves nothing.
    pub fn must_have_seen_everything(&self) {
        for code in [
            "BOOKED",
            "MOVED",
            "CANCELLED",
            "SLOT_TAKEN",
            "PENDING",
            "HANDED_TO_STAFF",
            "APPOINTMENT_CHANGED",
            "HELD",
        ] {
            assert!(self.answers.get(code).is_some_and(|count| *count > 0), "no answer was {code}");
        }
        for state in ["done", "handed_to_staff"] {
            assert!(self.held.contains_key(state), "no held request ended {state}");
        }
        assert!(self.staff_rows > 0 && self.our_live_rows > 0);
    }
}

/// Answers that an error or an overload gave before anything was decided; the next delivery may hear another.
const TRANSIENT: [&str; 6] =
    ["PENDING", "INTERNAL_ERROR", "BUSY", "EMR_TIMEOUT", "EMR_UNAVAILABLE", "PATIENT_BUSY"];

pub fn judge(world: &World, record: &Record) -> Summary {
    let mut summary = Summary::default();
    one_answer_each(record, &mut summary);
    nothing_open(world, record, &mut summary);
    nothing_held(world, record, &mut summary);
    for clinic in CLINICS {
        let emr = world.emr(clinic);
        let live = with_halves(world, emr);
        if let Some((a, b)) = no_overlap_by_us(&live) {
            let marks = [a, b].map(|row| emr.row(row.no).and_then(|row| row.appointment.mark()));
            let story = story(&world.store.peek(), &marks);
            record.breach(format!("B-2: at {clinic} {a:?} and {b:?} overlap in the end{story}"));
        }
        summary.our_live_rows += live.iter().filter(|row| row.made_by_us).count() as u64;
        summary.staff_rows += emr.rows().iter().filter(|row| row.appointment.mark().is_none()).count() as u64;
        said_is_so(world, record, clinic);
    }
    one_row_per_mark(world, record);
    summary
}

/// What is live, each new half of a move tied to its old one.
fn with_halves(world: &World, emr: &PretendEmr) -> Vec<LiveRow> {
    let tables = world.store.peek();
    let beside = |mark: Mark| {
        tables.effects.iter().find(|row| row.effect.mark() == mark).and_then(|row| match row.effect.act {
            Act::Add { beside, .. } => beside,
            Act::Cancel { .. } => None,
        })
    };
    let tied = |row: LiveRow| {
        let mark = emr.row(row.no).and_then(|row| row.appointment.mark());
        LiveRow { moves: mark.and_then(beside), ..row }
    };
    emr.live().into_iter().map(tied).collect()
}

/// B-6: whatever final answer a tool call got, it got every time.
fn one_answer_each(record: &Record, summary: &mut Summary) {
    let mut first: HashMap<ToolCallKey, String> = HashMap::new();
    for told in record.answers.lock().unwrap().iter() {
        *summary.answers.entry(told.code.clone()).or_default() += 1;
        if TRANSIENT.contains(&told.code.as_str()) {
            continue;
        }
        let said = format!("{} {:?}", told.code, told.appointment);
        let before = first.entry(told.key.clone()).or_insert_with(|| said.clone());
        if !same_answer(before, &said) {
            record.breach(format!("B-6: {:?} was told {before} and then {said}", told.key));
        }
    }
}

fn nothing_open(world: &World, record: &Record, summary: &mut Summary) {
    let tables = world.store.peek();
    for row in tables.intents.values() {
        let state = match row.state {
            IntentState::Open => "open",
            IntentState::Done(_) => "done",
            IntentState::Refused => "refused",
            IntentState::HandedToStaff => "handed_to_staff",
        };
        *summary.intents.entry(state).or_default() += 1;
        if row.state == IntentState::Open {
            let of_intent = |effect: &&EffectRow| effect.effect.intent == row.intent.id;
            let marks: Vec<_> =
                tables.effects.iter().filter(of_intent).map(|effect| Some(effect.effect.mark())).collect();
            let story = story(&tables, &marks);
            record.breach(format!("B-5: the intent of {:?} never settled{story}", row.order.tool_call));
        }
    }
}

/// What was held has ended, and was done if that is what it says.
fn nothing_held(world: &World, record: &Record, summary: &mut Summary) {
    let tables = world.store.peek();
    for row in tables.held.iter().map(|entry| &entry.row) {
        *summary.held.entry(row.state.name()).or_default() += 1;
        if row.state.is_waiting() {
            record.breach(format!(
                "{} of {:?} still waits: {:?}, taken up {} times",
                row.reference, row.note.tool_call, row.outcome, row.fence.0
            ));
        }
        let wish = row.wish.canonical();
        let done = tables.intents.values().any(|known| {
            matches!(known.state, IntentState::Done(_))
                && known.intent.want.canonical(known.intent.patient) == wish
        });
        if row.state == HeldState::Done && !done {
            record.breach(format!("B-3: {} is called done and no intent is", row.reference));
        }
    }
}

/// B-3: who was told "booked" or "moved" holds it, unless staff or a later wish of theirs changed that.
fn said_is_so(world: &World, record: &Record, clinic: &str) {
    let emr = world.emr(clinic);
    let given_up: Vec<AppointmentNo> = world
        .store
        .peek()
        .intents
        .values()
        .filter_map(|row| match row.intent.want {
            Want::Cancel(no) | Want::Move { old: no, .. } => Some(no),
            Want::Book(_) => None,
        })
        .collect();
    let of_clinic = |told: &&Told| told.key.call.clinic.as_str() == clinic;
    for told in record.answers.lock().unwrap().iter().filter(of_clinic) {
        let Some(row) = told.appointment.and_then(|no| emr.row(AppointmentNo(no))) else { continue };
        let live = row.appointment.status.occupies();
        let touched = row.staff_at.is_some() || given_up.contains(&row.appointment.no);
        match told.code.as_str() {
            "BOOKED" | "MOVED" | "MOVED_OLD_REMAINS" if !live && !touched => {
                record.breach(format!(
                    "B-3: {} was said of {:?} at {:?}, which is not live",
                    told.code, row.appointment.no, told.at
                ));
            }
            "CANCELLED" if live && row.staff_at.is_none() => {
                record.breach(format!(
                    "B-3: CANCELLED was said of {:?} at {:?}, which is live",
                    row.appointment.no, told.at
                ));
            }
            _ => {}
        }
    }
}

/// B-2: one booking intent leaves at most one live row. One that staff have moved is theirs.
fn one_row_per_mark(world: &World, record: &Record) {
    let tables = world.store.peek();
    for clinic in CLINICS {
        let mut seen: HashMap<_, AppointmentNo> = HashMap::new();
        for row in world.emr(clinic).rows() {
            let row = row.appointment;
            let Some(mark) = row.mark().filter(|_| row.status.occupies()) else { continue };
            let as_written = tables.effects.iter().any(|effect| {
                let slot = effect.effect.slot();
                effect.effect.mark() == mark && slot.provider == row.provider && slot.interval == row.interval
            });
            if !as_written {
                continue;
            }
            if let Some(other) = seen.insert(mark, row.no) {
                let (story, no) = (story(&tables, &[Some(mark)]), row.no);
                record.breach(format!("B-2: {other:?} and {no:?} at {clinic} are one write{story}"));
            }
        }
    }
}

/// The journal of the intents that touched these appointments, for whoever has to understand a breach.
pub fn story(tables: &Tables, marks: &[Option<Mark>]) -> String {
    let intents: Vec<_> = tables
        .effects
        .iter()
        .filter(|row| marks.contains(&Some(row.effect.mark())))
        .map(|row| row.effect.intent)
        .collect();
    let lines = tables.effects.iter().filter(|row| intents.contains(&row.effect.intent)).map(|row| {
        let intent = &tables.intents[&row.effect.intent];
        format!(
            "\n      {:?} {} {} {:?} announced {:?} due {:?} sender {:?} owner {:?} intent {:?} by {:?}",
            row.effect.intent.0.as_u128() % 1000,
            if row.effect.adds() { "add" } else { "cancel" },
            row.effect.slot().interval,
            row.state,
            row.announced_at.0,
            row.due.map(|due| due.0),
            row.sender.0,
            intent.owner.0,
            intent.state,
            intent.order.tool_call.tool_call,
        )
    });
    lines.collect()
}
