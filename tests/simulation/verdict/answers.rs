//! Law B-6: whatever certain answer a tool call got, it got every time.

use std::collections::BTreeMap;

use vitarad_actors::domain::ids::ToolCallKey;
use vitarad_actors::domain::laws::same_answer;

use super::Errand;
use crate::ending::Said;
use crate::record::Record;
use crate::summary::{Part, Summary};

/// Answers that an error or an overload gave before anything was decided; the next delivery may hear another.
const TRANSIENT: [&str; 6] =
    ["PENDING", "INTERNAL_ERROR", "BUSY", "EMR_TIMEOUT", "EMR_UNAVAILABLE", "PATIENT_BUSY"];

pub fn is_certain(code: &str) -> bool {
    !TRANSIENT.contains(&code)
}

pub fn one_each(errands: &BTreeMap<&ToolCallKey, Errand<'_>>, record: &Record, summary: &mut Summary) {
    for errand in errands.values() {
        for heard in &errand.heard {
            if Said::of(&heard.code).is_none() {
                record.breach(format!("C-1: {} is no code of ours", heard.code));
            }
        }
        if !errand.first.tool.changes_the_emr() {
            continue;
        }
        summary.count(Part::Happened, "changes attempted", 1);
        let mut first: Option<String> = None;
        for heard in &errand.heard {
            summary.count(Part::Answers, &heard.code, 1);
            if !is_certain(&heard.code) {
                continue;
            }
            let said = format!("{} {:?} {:?}", heard.code, heard.appointment, heard.reference);
            let before = first.get_or_insert_with(|| said.clone());
            if !same_answer(before, &said) {
                record.breach(format!("B-6: {:?} was told {before} and then {said}", errand.key));
            }
        }
    }
}
