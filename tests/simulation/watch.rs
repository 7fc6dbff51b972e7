//! The laws, as each write arrives at an EMR.

use std::sync::Arc;

use vitarad_actors::domain::appointment::{Appointment, NewAppointment};
use vitarad_actors::domain::booking::{Act, EffectState, Slot};
use vitarad_actors::domain::ids::AppointmentNo;
use vitarad_actors::domain::laws::{LiveRow, announced_first, holds_one, no_overlap_by_us};
use vitarad_actors::domain::mark::Mark;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::testing::{EffectRow, EmrWrite, MemoryStore, PretendEmr, Row, Tables, World};

use crate::record::Record;
use crate::story::story;
use crate::town::CLINICS;

pub fn watch_the_laws(world: &Arc<World>, record: &Arc<Record>) {
    for clinic in CLINICS {
        let (store, emr) = (Arc::clone(&world.store), Arc::clone(world.emr(clinic)));
        let record = Arc::clone(record);
        let seen = Arc::downgrade(&emr);
        emr.watch(move |write| match write {
            EmrWrite::Add { new, at } => {
                if let Some(emr) = seen.upgrade() {
                    addition(&store, &emr, &record, new, *at);
                }
            }
            EmrWrite::Cancel { seen, now, rows, sent, at } => {
                overwriting(&record, seen, now, *sent);
                let tables = store.peek();
                let instead = instead_of(&tables, clinic, seen.no);
                let new = instead.map(|no| (no, rows.get(&no)));
                new.inspect(|(no, new)| half_moved(&tables, &record, seen, *no, *new, *at));
            }
        });
    }
}

/// B-1, B-2 and B-5.
fn addition(store: &MemoryStore, emr: &PretendEmr, record: &Record, new: &NewAppointment, at: Ts) {
    // The row's stamp is by a clock that somebody may have set; that it stands is proof enough.
    let announced_at = store.announced_at(new.mark).map(|stamp| stamp.min(at));
    if !announced_first(announced_at, at) {
        record.breach(format!("B-1: an addition arrived at {at:?} before its announcement"));
    }
    let tables = store.peek();
    let announced = tables.effects.iter().find(|row| row.effect.mark() == new.mark);
    if announced.is_some_and(|row| row.state == EffectState::Absent) {
        let story = story(&tables, &[Some(new.mark)]);
        record.breach(format!("B-5: an addition arrived at {at:?} that had been counted as absent{story}"));
    }
    let moves = announced.and_then(|row| match row.effect.act {
        Act::Add { beside, .. } => beside,
        Act::Cancel { .. } => None,
    });
    let slot = Slot { provider: new.provider.clone(), date: new.date, interval: new.interval };
    let new_row = LiveRow { no: AppointmentNo(i32::MAX), slot, made_by_us: true, moves };
    for row in ours_but(emr, new.mark) {
        if no_overlap_by_us(&[row.clone(), new_row.clone()]).is_some() {
            let marks = [Some(new.mark), emr.row(row.no).and_then(|row| row.appointment.mark())];
            let story = story(&tables, &marks);
            record.breach(format!("B-2: an addition at {at:?} overlaps our {:?}{story}", row.no));
        }
    }
}

/// B-7: what staff changed before our last look at it. What they change while the write is on its way nobody can know.
fn overwriting(record: &Record, seen: &Appointment, now: &Row, sent: Ts) {
    let Some(edited) = now.staff_at else { return };
    let looked_at = now.read_at.iter().rfind(|read| **read <= sent);
    // A row's stamp is the time of its last change; one of ours may have come after theirs.
    let stamp = seen.changed_at.as_deref().and_then(|stamp| stamp.parse().ok()).map_or(Ts(0), Ts);
    if edited < *looked_at.unwrap_or(&sent) && stamp < edited {
        record.breach(format!("B-7: {:?} was overwritten by what was sent at {sent:?}", seen.no));
    }
}

/// The new half beside which `old` is being cancelled, by the cancellation announced last of those that may be arriving.
fn instead_of(tables: &Tables, clinic: &str, old: AppointmentNo) -> Option<AppointmentNo> {
    let under_way = |row: &&EffectRow| {
        row.effect.clinic.as_str() == clinic && (!row.state.is_settled() || row.due.is_some())
    };
    let of_old = |row: &EffectRow| match row.effect.act {
        Act::Cancel { appointment, instead, .. } if appointment == old => Some(instead),
        _ => None,
    };
    tables.effects.iter().rev().filter(under_way).find_map(of_old).flatten()
}

/// B-4.
fn half_moved(
    tables: &Tables,
    record: &Record,
    old: &Appointment,
    no: AppointmentNo,
    new: Option<&Row>,
    at: Ts,
) {
    let holds = new.is_some_and(|row| row.appointment.status.occupies() || row.staff_at.is_some());
    if !holds_one(false, holds) {
        let marks = [old.mark(), new.and_then(|row| row.appointment.mark())];
        let story = story(tables, &marks);
        record.breach(format!("B-4: {:?} was cancelled at {at:?} while {no:?} is not live{story}", old.no));
    }
}

/// What of ours is live beside this write; a write that the EMR did twice is one.
fn ours_but(emr: &PretendEmr, mark: Mark) -> Vec<LiveRow> {
    let mut marks = vec![Some(mark)];
    let anew = |row: &LiveRow| {
        let mark = emr.row(row.no).and_then(|row| row.appointment.mark());
        let anew = row.made_by_us && !marks.contains(&mark);
        marks.push(mark);
        anew
    };
    emr.live().into_iter().filter(anew).collect()
}
