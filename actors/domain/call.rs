//! What one phone call knows: who is verified, what was offered, what was answered.
//!
//! The aggregate is pure; its owner keeps it in memory and saves it, sealed, before an answer that depends on it leaves.

use std::collections::VecDeque;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::answer::AnswerLine;
use super::appointment::{Appointment, Fingerprint, Seen};
use super::booking::Slot;
use super::call_note::CallNote;
use super::call_record::CallFacts;
use super::emr_path::Path;
use super::ids::{AppointmentNo, DemographicNo, ProviderNo, ToolCallId};
use super::patient::{Patient, folded};
use super::phi::{self, Phi};
use super::phone::PhoneNumber;
use super::registration::MAX_REGISTRATIONS;
use super::say::{Language, Situation};
use super::time::{Interval, Minute, Ts};

/// Three wrong guesses at a birth date, and this call guesses no more (law I-3).
pub const MAX_FAILED_VERIFICATIONS: u8 = 3;
const MAX_VERIFIED: usize = 8;
const MAX_LISTED: usize = 40;
const MAX_ANSWERS: usize = 64;

/// Kept answers beyond `MAX_ANSWERS` push out the oldest: a delivery that late finds its tool call claimed or is asked
/// afresh, and a reading asked afresh harms nobody.
#[derive(Clone, Default)]
pub struct Call {
    memory: Memory,
    /// Verifications under way: they count as failed until they have succeeded, or twenty guesses in one message would
    /// all be the first.
    verifying: u8,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    /// Grows with every change; a save never replaces a later one.
    version: u64,
    language: Option<Language>,
    caller: Option<PhoneNumber>,
    sms_consent: Option<bool>,
    failed: u8,
    registrations: u8,
    next_id: u32,
    verified: Vec<Verified>,
    offers: Vec<Offer>,
    listed: Vec<Listed>,
    answers: VecDeque<Kept>,
    note: CallNote,
}

/// A patient of this call, under a handle that means nothing outside it: a chart number never reaches the model.
#[derive(Clone, Serialize, Deserialize)]
pub struct Verified {
    pub handle: String,
    no: i32,
    #[serde(serialize_with = "phi::sealing")]
    pub first_name: Phi<String>,
    #[serde(serialize_with = "phi::sealing")]
    pub last_name: Phi<String>,
    #[serde(serialize_with = "phi::sealing")]
    pub birth_date: Phi<Option<Date>>,
    #[serde(serialize_with = "phi::sealing")]
    pub sheet_name: Phi<String>,
    /// The chart names no provider of the clinic.
    #[serde(default)]
    pub is_new: bool,
}

impl Verified {
    pub const fn no(&self) -> DemographicNo {
        DemographicNo::new(self.no)
    }
}

/// A slot we named to the caller and hold for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub id: String,
    provider: ProviderNo,
    date: Date,
    interval: Interval,
    pub visit: String,
    pub held_until: Ts,
}

impl Offer {
    pub fn slot(&self) -> Slot {
        Slot { provider: self.provider.clone(), date: self.date, interval: self.interval }
    }
}

/// An appointment the caller has heard of, as it was then (law B-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub no: AppointmentNo,
    patient: i32,
    seen: Fingerprint,
    /// By which path it was read; calls of an earlier release knew only one.
    #[serde(default)]
    by: Path,
    /// Where it lay; a call of an earlier release does not know.
    #[serde(default)]
    pub slot: Option<Slot>,
}

impl Listed {
    pub const fn seen(&self) -> Seen {
        Seen { row: self.seen, by: self.by }
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    tool_call: ToolCallId,
    #[serde(serialize_with = "phi::sealing")]
    line: Phi<String>,
}

/// The stored form cannot be read: written by a later release, or not ours.
#[derive(Debug, thiserror::Error)]
#[error("the call's stored memory cannot be read")]
pub struct Unreadable;

impl Call {
    /// The form that is sealed and stored.
    pub fn encode(&self) -> Phi<Vec<u8>> {
        Phi::new(serde_json::to_vec(&self.memory).unwrap_or_default())
    }

    pub fn decode(bytes: &Phi<Vec<u8>>) -> Result<Self, Unreadable> {
        let memory = serde_json::from_slice(bytes.reveal()).map_err(|_| Unreadable)?;
        Ok(Self { memory, verifying: 0 })
    }

    pub const fn version(&self) -> u64 {
        self.memory.version
    }

    pub fn language(&self) -> Option<Language> {
        self.memory.language
    }

    pub const fn caller(&self) -> Option<&PhoneNumber> {
        self.memory.caller.as_ref()
    }

    /// What the telephone network and the agent said in passing. The caller's number is set once: a later message of the
    /// same call that names another does not change who is calling.
    pub fn hear(&mut self, caller: Option<PhoneNumber>, language: Option<Language>) {
        if self.memory.caller.is_none() {
            self.memory.caller = caller;
        }
        if language.is_some() {
            self.memory.language = language;
        }
    }

    pub fn sms_consent(&self) -> Option<bool> {
        self.memory.sms_consent
    }

    pub fn consent_to_sms(&mut self, consent: Option<bool>) {
        if consent.is_some() && consent != self.memory.sms_consent {
            self.memory.sms_consent = consent;
            self.memory.version += 1;
        }
    }

    pub fn begin_verification(&mut self) -> Result<(), Situation> {
        if self.memory.failed.saturating_add(self.verifying) >= MAX_FAILED_VERIFICATIONS {
            return Err(Situation::VerificationLocked);
        }
        self.verifying += 1;
        Ok(())
    }

    pub fn verification_failed(&mut self) {
        self.verifying = self.verifying.saturating_sub(1);
        self.memory.failed = self.memory.failed.saturating_add(1);
        self.memory.version += 1;
    }

    /// The EMR could not say, or two charts fit: nobody guessed wrong.
    pub fn verification_undecided(&mut self) {
        self.verifying = self.verifying.saturating_sub(1);
    }

    pub fn verified(&mut self, patient: &Patient) -> &Verified {
        self.verifying = self.verifying.saturating_sub(1);
        self.memory.version += 1;
        let known = self.memory.verified.iter().position(|known| known.no() == patient.no);
        let index = known.unwrap_or_else(|| {
            let handle = self.new_handle('p');
            self.remember(patient, handle, patient.provider.is_none())
        });
        &self.memory.verified[index]
    }

    /// Tries are bounded: each of them may make a chart.
    pub fn begin_registration(&mut self) -> Result<(), Situation> {
        if self.memory.registrations >= MAX_REGISTRATIONS {
            return Err(Situation::CannotRegister);
        }
        self.memory.registrations += 1;
        self.memory.version += 1;
        Ok(())
    }

    /// A patient of this call from now on, and new to the clinic whoever is to look after them.
    pub fn registered(&mut self, patient: &Patient, handle: &str) {
        self.memory.version += 1;
        if !self.memory.verified.iter().any(|known| known.handle == handle) {
            self.remember(patient, handle.to_owned(), true);
        }
    }

    fn remember(&mut self, patient: &Patient, handle: String, is_new: bool) -> usize {
        if self.memory.verified.len() == MAX_VERIFIED {
            self.memory.verified.remove(0);
        }
        self.memory.verified.push(Verified {
            handle,
            no: patient.no.reveal(),
            first_name: patient.first_name.clone(),
            last_name: patient.last_name.clone(),
            birth_date: Phi::new(patient.birth_date.map(Phi::into_revealed)),
            sheet_name: patient.sheet_name(),
            is_new,
        });
        self.memory.verified.len() - 1
    }

    /// The patient a tool call is for. A handle from the model chooses among those this call has verified, and may be
    /// left out when there is only one.
    pub fn patient(&self, handle: Option<&str>) -> Result<&Verified, Situation> {
        match (handle, self.memory.verified.as_slice()) {
            (_, []) => Err(Situation::NotVerified),
            (None, [only]) => Ok(only),
            (None, _) => Err(Situation::WhichPatient),
            (Some(handle), known) => {
                known.iter().find(|patient| patient.handle == handle).ok_or(Situation::NotVerified)
            }
        }
    }

    /// Everybody this call has verified.
    pub fn patients(&self) -> Vec<DemographicNo> {
        self.memory.verified.iter().map(Verified::no).collect()
    }

    /// The patient of this call who is named so, however it is spelled.
    pub fn patient_named(&self, first: &Phi<String>, last: &Phi<String>) -> Option<&Verified> {
        let same = |said: &Phi<String>, known: &Phi<String>| folded(said.reveal()) == folded(known.reveal());
        let named = |known: &&Verified| same(first, &known.first_name) && same(last, &known.last_name);
        self.memory.verified.iter().find(named)
    }

    pub fn verified_as(&self, no: DemographicNo) -> Option<&Verified> {
        self.memory.verified.iter().find(|known| known.no() == no)
    }

    /// Replaces what was offered before: those holds are released by the same commit.
    pub fn offer(&mut self, slots: Vec<(Slot, String, Ts)>) -> &[Offer] {
        self.memory.version += 1;
        self.memory.offers = slots
            .into_iter()
            .map(|(Slot { provider, date, interval }, visit, held_until)| Offer {
                id: self.new_handle('s'),
                provider,
                date,
                interval,
                visit,
                held_until,
            })
            .collect();
        &self.memory.offers
    }

    pub fn offered(&self, id: &str) -> Option<&Offer> {
        self.memory.offers.iter().find(|offer| offer.id == id)
    }

    /// The offer that a model spells out instead of naming it.
    pub fn offer_at(&self, provider: Option<&ProviderNo>, date: Date, start: Minute) -> Option<&Offer> {
        self.memory.offers.iter().find(|offer| {
            offer.date == date
                && offer.interval.start == start
                && provider.is_none_or(|provider| *provider == offer.provider)
        })
    }

    pub fn list(&mut self, patient: DemographicNo, by: Path, appointments: &[Appointment]) {
        self.memory.version += 1;
        self.memory.listed.retain(|listed| listed.patient != patient.reveal());
        self.memory.listed.extend(appointments.iter().map(|appointment| Listed {
            no: appointment.no,
            patient: patient.reveal(),
            seen: appointment.fingerprint(),
            by,
            slot: Some(Slot {
                provider: appointment.provider.clone(),
                date: appointment.date,
                interval: appointment.interval,
            }),
        }));
        let excess = self.memory.listed.len().saturating_sub(MAX_LISTED);
        self.memory.listed.drain(..excess);
    }

    /// What the caller was told of an appointment of this patient, if anything.
    pub fn listed(&self, patient: DemographicNo, no: AppointmentNo) -> Option<&Listed> {
        let of_patient = |listed: &&Listed| listed.patient == patient.reveal() && listed.no == no;
        self.memory.listed.iter().find(of_patient)
    }

    pub fn answer(&self, tool_call: &ToolCallId) -> Option<AnswerLine> {
        let kept = self.memory.answers.iter().find(|kept| kept.tool_call == *tool_call)?;
        Some(AnswerLine::stored(kept.line.clone()))
    }

    pub fn keep_answer(&mut self, tool_call: ToolCallId, line: &AnswerLine) {
        self.memory.version += 1;
        if self.memory.answers.len() == MAX_ANSWERS {
            self.memory.answers.pop_front();
        }
        self.memory.answers.push_back(Kept { tool_call, line: Phi::new(line.reveal().clone()) });
    }

    /// What was not saved is not told again (law P-2).
    pub fn forget_answer(&mut self, tool_call: &ToolCallId) {
        self.memory.answers.retain(|kept| kept.tool_call != *tool_call);
    }

    /// What the call itself knows for its record.
    pub fn facts(&self) -> CallFacts {
        let CallNote { intent, outcome, transfer_reason } = self.memory.note;
        CallFacts {
            language: self.memory.language,
            sms_consent: self.memory.sms_consent,
            intent,
            outcome,
            transfer_reason,
            ..CallFacts::default()
        }
    }

    pub fn take_note(&mut self, said: CallNote) {
        let noted = self.memory.note.with(said);
        if noted != self.memory.note {
            self.memory.note = noted;
            self.memory.version += 1;
        }
    }

    fn new_handle(&mut self, kind: char) -> String {
        self.memory.next_id += 1;
        format!("{kind}{}", self.memory.next_id)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::patient::Standing;

    fn marie(no: i32) -> Patient {
        Patient {
            no: DemographicNo::new(no),
            first_name: "Marie".to_owned().into(),
            last_name: "Tremblay".to_owned().into(),
            birth_date: Some(date(1979, 4, 7).into()),
            phones: vec![],
            standing: Standing::Active,
            merged_into: None,
            provider: None,
        }
    }

    #[test]
    fn a_patient_id_from_the_model_only_chooses_among_the_verified() {
        let mut call = Call::default();
        assert_eq!(call.patient(Some("4711")).err(), Some(Situation::NotVerified));
        let first = call.verified(&marie(4711)).handle.clone();
        assert!(call.patient(None).is_ok());
        assert_eq!(
            call.patient(Some("4711")).err(),
            Some(Situation::NotVerified),
            "a chart number is no handle"
        );
        let second = call.verified(&marie(4712)).handle.clone();
        assert_eq!(call.patient(None).err(), Some(Situation::WhichPatient));
        assert_eq!(call.patient(Some(&first)).unwrap().no(), DemographicNo::new(4711));
        assert_eq!(call.patient(Some(&second)).unwrap().no(), DemographicNo::new(4712));
        assert_eq!(call.verified(&marie(4711)).handle, first, "verifying twice keeps the handle");
    }

    #[test]
    fn guesses_under_way_count_so_a_volley_gets_no_more_than_three() {
        let mut call = Call::default();
        let admitted = (0..20).filter(|_| call.begin_verification().is_ok()).count();
        assert_eq!(admitted, 3);
        call.verification_undecided();
        assert!(call.begin_verification().is_ok());
        (0..3).for_each(|_| call.verification_failed());
        assert_eq!(call.begin_verification(), Err(Situation::VerificationLocked));
    }

    #[test]
    fn the_number_that_rang_stays_the_caller() {
        let mut call = Call::default();
        call.hear(PhoneNumber::parse("6045550142").ok(), None);
        call.hear(PhoneNumber::parse("6045550199").ok(), Some(Language::Zh));
        assert_eq!(call.caller().unwrap().digits(), "6045550142");
        assert_eq!(call.language(), Some(Language::Zh));
    }

    #[test]
    fn what_is_stored_comes_back_and_what_is_bounded_stays_bounded() {
        let mut call = Call::default();
        call.verified(&marie(4711));
        for n in 0..100 {
            let id = ToolCallId::parse(&format!("call_{n}")).unwrap();
            call.keep_answer(id, &AnswerLine::stored(format!("answer {n}").into()));
        }
        let back = Call::decode(&call.encode()).unwrap_or_default();
        assert_eq!(back.version(), call.version());
        assert_eq!(back.patient(None).unwrap().sheet_name.reveal(), "TREMBLAY,MARIE");
        let answer = |n: u32| back.answer(&ToolCallId::parse(&format!("call_{n}")).unwrap());
        assert!(answer(35).is_none());
        assert_eq!(answer(36).unwrap().reveal(), "answer 36");
    }
}
