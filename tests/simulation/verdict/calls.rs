//! How each call ended: with the last that was said about a wish; what was pending then, with what came of it.

use std::collections::BTreeMap;

use serde_json::Value;
use vitarad_actors::domain::booking::IntentState;
use vitarad_actors::domain::ids::CallKey;
use vitarad_actors::domain::registration::RegistrationState;
use vitarad_actors::testing::{IntentRow, Tables};

use super::Errand;
use crate::ending::{Ending, Said};
use crate::record::Record;
use crate::summary::{Part, Summary};

pub fn judge(
    tables: &Tables,
    calls: &BTreeMap<&CallKey, Vec<&Errand<'_>>>,
    record: &Record,
    summary: &mut Summary,
) {
    for (call, errands) in calls {
        let ending = match errands.iter().rev().find_map(|errand| said(errand)) {
            Some((Said::Ending(ending), _)) => Some(ending),
            Some((_, errand)) => settled_as(tables, errand),
            None => None,
        };
        match ending {
            Some(ending) => summary.count(Part::Calls, ending.name(), 1),
            None => record.breach(format!("{call:?} did not end in any way: {}", last_of(tables, errands))),
        }
    }
}

fn said<'a, 'b>(errand: &'a Errand<'b>) -> Option<(Said, &'a Errand<'b>)> {
    let said = Said::of(&errand.last_word()?.code)?;
    said.is_about_a_wish().then_some((said, errand))
}

/// For whoever has to understand why.
fn last_of(tables: &Tables, errands: &[&Errand<'_>]) -> String {
    let Some(errand) = errands.iter().rfind(|errand| said(errand).is_some()) else {
        return "nothing was wanted".to_owned();
    };
    let codes: Vec<&str> = errand.heard.iter().map(|heard| heard.code.as_str()).collect();
    let claim =
        tables.tool_calls.get(errand.key).map(|row| (row.claimant, row.attempt, row.answer.is_some()));
    format!("{:?} heard {codes:?}, claim {claim:?}", errand.key.tool_call)
}

/// What is told to who asks again; else what the clinic was left with.
pub fn settled_as(tables: &Tables, errand: &Errand<'_>) -> Option<Ending> {
    let stored = tables.tool_calls.get(errand.key).and_then(|row| row.answer.as_ref());
    let answer: Option<Value> = stored.and_then(|line| serde_json::from_str(line.reveal()).ok());
    let said = answer.and_then(|answer| Said::of(answer["code"].as_str()?));
    if let Some(Said::Ending(ending)) = said {
        return Some(ending);
    }
    let registered = tables.registrations.iter().find(|entry| entry.row.note.tool_call == *errand.key);
    if let Some(entry) = registered {
        return match entry.row.state {
            RegistrationState::Done(_) => Some(Ending::Done),
            RegistrationState::NotDone => Some(Ending::Refused),
            RegistrationState::HandedToStaff => Some(Ending::HandedToStaff),
            RegistrationState::Announced | RegistrationState::Unknown => None,
        };
    }
    // The same wish may have been asked for by another tool call.
    let of_wish = |row: &&IntentRow| row.order.tool_call == *errand.key || errand.wishes(&row.intent);
    let intent = tables.intents.values().filter(of_wish).max_by_key(|row| row.closed_at)?;
    match intent.state {
        IntentState::Open => None,
        IntentState::Done(_) => Some(Ending::Done),
        IntentState::Refused => Some(Ending::Refused),
        IntentState::HandedToStaff => Some(Ending::HandedToStaff),
    }
}
