//! The last that was said about each wish agrees with the EMR's final state and with the store.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use vitarad_actors::domain::booking::{EffectState, IntentState, Want};
use vitarad_actors::domain::held::HeldState;
use vitarad_actors::domain::ids::{AppointmentNo, ToolCallKey};
use vitarad_actors::domain::registration::RegistrationState;
use vitarad_actors::testing::{PretendEmr, PretendVoice, Tables, World, patient};

use super::{Errand, calls};
use crate::ending::{Ending, Said};
use crate::newcomers::against_registered;
use crate::record::{Appointment, Heard, Record};
use crate::summary::{Part, Summary};

pub fn judge(
    world: &World,
    tables: &Tables,
    errands: &BTreeMap<&ToolCallKey, Errand<'_>>,
    record: &Record,
    summary: &mut Summary,
) {
    for clinic in &world.clinics {
        let emr = world.emrs[&clinic.id].as_ref();
        let lines: Vec<String> =
            clinic.transfers.lines().chain([&clinic.phone]).map(|l| l.0.e164()).collect();
        let given_up = given_up(tables, clinic.id.as_str());
        let truth = Truth { tables, emr, voice: &world.voice, given_up, lines };
        for errand in errands.values().filter(|errand| errand.key.call.clinic == clinic.id) {
            let Some(heard) = errand.last_word() else { continue };
            let disagrees = match Said::of(&heard.code) {
                Some(Said::Ending(ending)) => truth.against(errand, ending, heard),
                Some(Said::NotYet) => truth.against_pending(errand, summary),
                Some(Said::OnTheWay) | None => None,
            };
            if let Some(why) = disagrees {
                record.breach(format!("{} of {:?}: {why}{}", heard.code, errand.key, truth.story(errand)));
            }
        }
    }
}

/// Appointments that somebody wanted to be rid of later, and may be.
fn given_up(tables: &Tables, clinic: &str) -> HashSet<AppointmentNo> {
    let wanted = tables.intents.values().filter(|row| row.intent.clinic.as_str() == clinic);
    let tried = wanted.filter(|row| row.state != IntentState::Refused);
    tried
        .filter_map(|row| match row.intent.want {
            Want::Cancel(no) | Want::Move { old: no, .. } => Some(no),
            Want::Book(_) => None,
        })
        .collect()
}

/// One clinic as it is in the end.
struct Truth<'a> {
    tables: &'a Tables,
    emr: &'a PretendEmr,
    voice: &'a PretendVoice,
    given_up: HashSet<AppointmentNo>,
    lines: Vec<String>,
}

impl Truth<'_> {
    /// Why what was said is not so; `None` when it is.
    fn against(&self, errand: &Errand<'_>, ending: Ending, heard: &Heard) -> Option<String> {
        match ending {
            Ending::Done if heard.code == "CANCELLED" => self.against_cancelled(errand.first.about),
            Ending::Done if heard.code == "REGISTERED" => against_registered(self.emr, number_of(errand)),
            Ending::Done => self.against_booked(errand, heard.appointment.as_ref()),
            Ending::HandedToStaff => {
                let both = heard.appointment.as_ref().filter(|_| heard.code == "MOVED_OLD_REMAINS");
                let untrue = both.and_then(|both| self.against_booked(errand, Some(both)));
                untrue
                    .or_else(|| (!self.is_with_staff(errand)).then(|| "staff know nothing of it".to_owned()))
            }
            Ending::Held => self.against_held(errand, heard),
            Ending::Transferred => {
                let line = heard.destination.as_ref();
                (!line.is_some_and(|line| self.lines.contains(line)))
                    .then(|| format!("I-2: {line:?} is no line of the clinic"))
            }
            Ending::Warned => self.intents_of(errand).next().map(|_| "it was begun all the same".to_owned()),
            Ending::MessageTaken => {
                let taken = self.tables.waitlist.iter().any(|row| {
                    row.key.call.clinic == errand.key.call.clinic
                        && row.waiting.phone.reveal().digits().ends_with(&format!("{:02}", number_of(errand)))
                });
                (!taken).then(|| "nobody of that number waits".to_owned())
            }
            Ending::Refused => self.against_refused(errand, heard),
        }
    }

    /// B-3: a live row with our mark at that time, unless staff or a later wish of theirs changed that.
    fn against_booked(&self, errand: &Errand<'_>, told: Option<&Appointment>) -> Option<String> {
        let Some(told) = told else { return Some("no appointment was named".to_owned()) };
        let Some(row) = self.emr.row(told.no) else { return Some(format!("there is no {:?}", told.no)) };
        if row.staff_at.is_some() {
            return None;
        }
        let now = &row.appointment;
        if now.patient != errand.first.patient {
            return Some(format!("I-3: {:?} is another patient's", told.no));
        }
        if !told.at.is(&now.provider, now.date, now.interval) || now.mark().is_none() {
            return Some(format!("{:?} is elsewhere: {} {}", told.no, now.date, now.interval));
        }
        let live = now.status.occupies() || self.given_up.contains(&told.no);
        (!live).then(|| format!("B-3: {:?} is not live", told.no))
    }

    fn against_cancelled(&self, named: Option<AppointmentNo>) -> Option<String> {
        let Some(row) = named.and_then(|no| self.emr.row(no)) else {
            return Some("no appointment was named".to_owned());
        };
        let live = row.appointment.status.occupies() && row.staff_at.is_none();
        live.then(|| format!("B-3: {:?} is live", row.appointment.no))
    }

    fn against_held(&self, errand: &Errand<'_>, heard: &Heard) -> Option<String> {
        // A list of what is held names its requests elsewhere.
        let reference = heard.reference.as_ref()?;
        // A reference may be drawn again once the request that had it has ended.
        let named: Vec<_> = self
            .tables
            .held
            .iter()
            .map(|entry| &entry.row)
            .filter(|row| {
                row.reference.as_str() == reference
                    && row.note.tool_call.call.clinic == errand.key.call.clinic
            })
            .collect();
        let patient = errand.first.patient;
        let theirs = named.iter().rfind(|row| row.wish.patient().is_none_or(|of| of == patient));
        match theirs {
            None if named.is_empty() => Some(format!("nothing is held as {reference}")),
            None => Some("I-3: another's".to_owned()),
            Some(row) if row.state == HeldState::Done => None,
            Some(row) => row.state.is_waiting().then(|| format!("{reference} has not ended")),
        }
    }

    /// Nothing of ours stands for that wish. Where one delivery was lost with its process, only a certain refusal says
    /// so.
    fn against_refused(&self, errand: &Errand<'_>, heard: &Heard) -> Option<String> {
        let all_heard = errand.heard.len() == errand.deliveries
            && errand.heard.iter().all(|heard| heard.code != "PENDING");
        if !all_heard && !super::answers::is_certain(&heard.code) {
            return None;
        }
        let done = self.intents_of(errand).any(|row| matches!(row.state, IntentState::Done(_)));
        let marks: Vec<_> = self.marks_of(errand).collect();
        let stands = self.emr.rows().into_iter().find(|row| {
            let live = row.appointment.status.occupies() && row.staff_at.is_none();
            live && row.appointment.mark().is_some_and(|mark| marks.contains(&mark))
        });
        let row = stands.map(|row| format!(", {:?} stands", row.appointment.no));
        (done || row.is_some()).then(|| format!("an intent of it is done: {done}{}", row.unwrap_or_default()))
    }

    /// "The clinic will make sure": it was done, or a person knows of it; or it came to nothing, and the caller has heard so.
    fn against_pending(&self, errand: &Errand<'_>, summary: &mut Summary) -> Option<String> {
        match calls::settled_as(self.tables, errand) {
            Some(Ending::Done) => summary.count(Part::Happened, "pending: done", 1),
            Some(Ending::Held) => summary.count(Part::Happened, "pending: held", 1),
            Some(Ending::HandedToStaff) => summary.count(Part::Happened, "pending: handed to staff", 1),
            Some(Ending::Refused) if self.tables.dead_letters.contains_key(errand.key) => {
                summary.count(Part::Happened, "pending: refused, and staff call", 1);
            }
            Some(Ending::Refused) if self.was_said(errand) => {
                summary.count(Part::Happened, "pending: refused, and said into the call", 1);
            }
            Some(ending) => return Some(format!("{}, which reached nobody", ending.name())),
            None if self.is_with_staff(errand) => summary.count(Part::Happened, "pending: with staff", 1),
            None => return Some("nothing came of it".to_owned()),
        }
        None
    }

    /// What it came to was said into the call afterwards.
    fn was_said(&self, errand: &Errand<'_>) -> bool {
        let stored = self.tables.tool_calls.get(errand.key).and_then(|row| row.answer.as_ref());
        let answer = stored.and_then(|line| serde_json::from_str::<Value>(line.reveal()).ok());
        let words = answer.as_ref().and_then(|answer| answer["say"].as_str());
        words.is_some_and(|words| self.voice.has_said(&errand.key.call.call, words))
    }

    fn is_with_staff(&self, errand: &Errand<'_>) -> bool {
        let Tables { intents, effects, dead_letters, held, registrations, .. } = self.tables;
        let patients = || {
            intents.values().filter(|row| {
                row.intent.clinic == errand.key.call.clinic && row.intent.patient == errand.first.patient
            })
        };
        let written =
            |id| effects.iter().any(|row| row.effect.intent == id && row.state == EffectState::HandedToStaff);
        patients().any(|row| row.state == IntentState::HandedToStaff || written(row.intent.id))
            || registrations.iter().map(|entry| &entry.row).any(|row| {
                // Who asks again while it is pending shares the outcome of the first.
                let of_them = row.note.tool_call.call.clinic == errand.key.call.clinic
                    && row.who.last_name == patient(number_of(errand)).last_name;
                of_them && row.state == RegistrationState::HandedToStaff
            })
            || dead_letters.contains_key(errand.key)
            || held.iter().any(|entry| {
                entry.row.note.tool_call == *errand.key && entry.row.state == HeldState::HandedToStaff
            })
    }

    fn intents_of(
        &self,
        errand: &Errand<'_>,
    ) -> impl Iterator<Item = &vitarad_actors::testing::IntentRow> + use<'_> {
        let key = errand.key.clone();
        self.tables.intents.values().filter(move |row| row.order.tool_call == key)
    }

    fn marks_of(
        &self,
        errand: &Errand<'_>,
    ) -> impl Iterator<Item = vitarad_actors::domain::mark::Mark> + use<'_> {
        let ids: Vec<_> = self.intents_of(errand).map(|row| row.intent.id).collect();
        let effects = self.tables.effects.iter();
        effects.filter(move |row| ids.contains(&row.effect.intent)).map(|row| row.effect.mark())
    }

    fn story(&self, errand: &Errand<'_>) -> String {
        let marks: Vec<_> = self.marks_of(errand).map(Some).collect();
        crate::story::story(self.tables, &marks)
    }
}

/// A caller's number in the town, by which their telephone number ends.
const fn number_of(errand: &Errand<'_>) -> i32 {
    errand.first.patient.reveal() % 100
}
