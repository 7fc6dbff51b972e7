//! What stands in the EMRs in the end (law B-2), and that none of it lies where a clock changes.

use std::collections::HashMap;

use vitarad_actors::domain::booking::Act;
use vitarad_actors::domain::ids::AppointmentNo;
use vitarad_actors::domain::laws::{LiveRow, no_overlap_by_us};
use vitarad_actors::domain::mark::Mark;
use vitarad_actors::testing::{PretendEmr, Tables, World};

use crate::newcomers::one_chart_each;
use crate::record::Record;
use crate::story::story;
use crate::summary::{Part, Summary};

pub fn judge(world: &World, tables: &Tables, record: &Record, summary: &mut Summary) {
    for (n, clinic) in world.clinics.iter().enumerate() {
        let emr = &world.emrs[&clinic.id];
        one_chart_each(tables, emr, n, record);
        let live = with_halves(tables, emr);
        if let Some((a, b)) = no_overlap_by_us(&live) {
            let marks = [a, b].map(|row| emr.row(row.no).and_then(|row| row.appointment.mark()));
            let story = story(tables, &marks);
            record.breach(format!("B-2: at {} {a:?} and {b:?} overlap in the end{story}", clinic.id));
        }
        for row in live.iter().filter(|row| row.made_by_us) {
            summary.count(Part::Emr, "live rows of ours", 1);
            if !clinic.timezone.is_plain(row.slot.date, row.slot.interval) {
                record.breach(format!("{:?} at {} lies where the clock changes", row.slot, clinic.id));
            }
        }
        let unmarked = emr.rows().iter().filter(|row| row.appointment.mark().is_none()).count();
        summary.count(Part::Emr, "rows of staff", unmarked as u64);
        one_row_per_mark(tables, emr, record);
    }
}

/// What is live, each new half of a move tied to its old one.
fn with_halves(tables: &Tables, emr: &PretendEmr) -> Vec<LiveRow> {
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

/// One booking intent leaves at most one live row. One that staff have moved is theirs.
fn one_row_per_mark(tables: &Tables, emr: &PretendEmr, record: &Record) {
    let mut seen: HashMap<_, AppointmentNo> = HashMap::new();
    for row in emr.rows() {
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
            let (story, no) = (story(tables, &[Some(mark)]), row.no);
            record.breach(format!("B-2: {other:?} and {no:?} are one write{story}"));
        }
    }
}
