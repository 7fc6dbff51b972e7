//! From request to task, and from finding to answer: what each tool changes in the call and says about it.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::State;
use super::finding::{Finding, Task};
use crate::desk::{moment, when_and_who};
use crate::domain::answer::Answer;
use crate::domain::appointment::Appointment;
use crate::domain::arguments::{ToolRequest, ToolWish};
use crate::domain::availability::Certainty;
use crate::domain::booking::Slot;
use crate::domain::call::Offer;
use crate::domain::call_note::CallNote;
use crate::domain::ids::DemographicNo;
use crate::domain::patient::{Identification, Patient};
use crate::domain::say::{Language, Situation, spoken_list};
use crate::domain::slot_offer::OpenOffer;
use crate::domain::time::Ts;
use crate::domain::tool::Tool;
use crate::domain::waitlist::Waiting;
use crate::emr_link::cache::Dated;
use crate::ports::emr::{EmrProvider, Path};
use crate::ports::store::HeldRow;
use crate::switchboard::ToolCall;

/// An answer and whom it was about; `None` when it reveals nobody and changes nothing worth keeping.
pub(super) struct Told {
    pub(super) answer: Answer,
    pub(super) record: Option<Record>,
}

pub(super) struct Record {
    pub(super) tool: Tool,
    pub(super) patients: Vec<DemographicNo>,
    /// Who is entered into the waiting list by the same commit.
    pub(super) joins: Option<Waiting>,
}

impl Told {
    pub(super) const fn nothing(answer: Answer) -> Self {
        Self { answer, record: None }
    }

    pub(super) const fn of(answer: Answer, tool: Tool, patients: Vec<DemographicNo>) -> Self {
        Self { answer, record: Some(Record { tool, patients, joins: None }) }
    }

    pub(super) fn joining(answer: Answer, tool: Tool, waiting: Waiting) -> Self {
        Self { answer, record: Some(Record { tool, patients: Vec::new(), joins: Some(waiting) }) }
    }
}

impl State {
    pub(super) fn plan(
        &mut self,
        call: &ToolCall,
        request: ToolRequest,
        by: Instant,
    ) -> Result<Task, Situation> {
        match request.wish {
            ToolWish::ClinicInfo | ToolWish::Transfer => Err(Situation::InternalError),
            ToolWish::Providers => Ok(self.providers(by)),
            ToolWish::SearchByPhone { birth_date } => self.by_number(birth_date, by),
            ToolWish::Search(search) => self.by_name(search, by),
            ToolWish::Patient { patient } => {
                let no = self.call.patient(patient.as_deref())?.no();
                Ok(Task::of(async move { Finding::Patient(no) }))
            }
            ToolWish::FindEarliest(wanted) => self.find_earliest(wanted, by),
            ToolWish::Check { patient } => self.check(patient.as_deref(), by),
            ToolWish::Create(booking) => self.create(call, &booking, by),
            ToolWish::Update(wanted) => self.relocate(call, &wanted, by),
            ToolWish::Cancel(wanted) => self.cancel(call, &wanted, by),
            ToolWish::Note(notice) => Ok(self.take_notice(notice)),
            ToolWish::Wait(wish) => self.wait_for_a_place(wish),
            ToolWish::Register(form) => self.register(call, &form, by),
        }
    }

    fn providers(&self, by: Instant) -> Task {
        let (house, clinic) = (Arc::clone(&self.house), self.clinic.id.clone());
        Task::of(async move {
            match house.emr_link(&clinic).providers(by).await {
                Ok(listed) => Finding::Providers(listed),
                Err(failure) => Finding::Plain(crate::desk::situation_of(failure)),
            }
        })
    }

    pub(super) fn apply(&mut self, finding: Finding, language: Language) -> Told {
        match finding {
            Finding::Plain(situation) => Told::nothing(self.plain(situation, language)),
            Finding::Declined(tool, situation) => Told::of(self.plain(situation, language), tool, Vec::new()),
            Finding::Unidentified(situation) => {
                self.call.verification_undecided();
                Told::nothing(self.plain(situation, language))
            }
            Finding::Urgent(tool, urgent) => {
                if let Some(reason) = urgent.transferred {
                    self.call.take_note(CallNote::transferred(reason));
                }
                Told::of(urgent.answer, tool, Vec::new())
            }
            Finding::Noted(note) => self.noted(note, language),
            Finding::Waits(waiting) => self.waits(*waiting, language),
            Finding::Incomplete(gaps) => Told::nothing(self.incomplete(&gaps, language)),
            Finding::Closed(situation) => self.closed(situation, language),
            Finding::Providers(listed) => Told::nothing(self.list_providers(&listed, language)),
            Finding::Number { by, charts } => self.number_found(by, charts, language),
            Finding::Identified(who) => self.identified(who, language),
            Finding::Patient(no) => self.describe(no, language),
            Finding::Slots { held, until, visit, open, certainty } => {
                let held = held.into_iter().map(|slot| (slot, visit.clone(), until)).collect();
                self.offer(held, open.map(|open| *open), certainty, language)
            }
            Finding::Appointments { patient, by, upcoming, held } => {
                self.call.list(patient, by, &upcoming);
                self.list(patient, &upcoming, &held, language)
            }
            Finding::Held { patient, held } => self.list_held(patient, &held, language),
            Finding::Concluded(_) | Finding::Registered(..) | Finding::Usurped => {
                Told::nothing(self.plain(Situation::InternalError, language))
            }
        }
    }

    fn list_providers(&self, listed: &Dated<Vec<EmrProvider>>, language: Language) -> Answer {
        let bookable: Vec<(&str, Value)> = self
            .clinic
            .providers
            .iter()
            .filter(|provider| self.clinic.policy_of(provider).serves(language))
            .filter_map(|provider| {
                let in_emr = listed.value.iter().find(|emr| emr.no == provider.provider_no)?;
                let name = provider.spoken_name(language);
                Some((
                    name,
                    json!({
                        "providerId": provider.provider_no.as_str(),
                        "displayName": name,
                        "specialty": in_emr.specialty,
                        "acceptsNewPatients": self.clinic.policy_of(provider).accepts_new_patients().value,
                    }),
                ))
            })
            .collect();
        let names: Vec<&str> = bookable.iter().map(|(name, _)| *name).collect();
        let situation = if names.is_empty() { Situation::NoProviders } else { Situation::ProvidersListed };
        let phone = self.clinic.phone.0.spoken();
        let values = [("providers", spoken_list(language, &names)), ("phone", phone)];
        let answer = Answer::new(situation, language, &values.each_ref().map(|(k, v)| (*k, v.as_str())))
            .with("providers", bookable.into_iter().map(|(_, facts)| facts).collect::<Vec<_>>());
        if listed.stale { answer.with("asOf", self.wall(listed.as_of)) } else { answer }
    }

    pub(super) fn wall(&self, at: Ts) -> String {
        self.clinic.timezone.wall(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// A number alone answers only that verification is needed, however many charts carry it.
    fn number_found(&self, by: Path, charts: Vec<DemographicNo>, language: Language) -> Told {
        let situation =
            if charts.is_empty() { Situation::NumberUnknown } else { Situation::VerificationNeeded };
        let answer =
            self.plain(situation, language).with("patient", Value::Null).with("needsVerification", true);
        // No more is searched by REST, so that a number which was not found may be in the files all the same.
        let answer = if by == Path::Rest { answer.with("searched", "home numbers only") } else { answer };
        Told::of(answer, Tool::SearchPatientByPhone, charts)
    }

    fn identified(&mut self, who: Identification, language: Language) -> Told {
        match who {
            Identification::Verified(patient) => self.verified(&patient, language),
            Identification::Ambiguous => {
                self.call.verification_undecided();
                let answer = self.plain(Situation::PatientAmbiguous, language).with("patient", Value::Null);
                Told::of(answer, Tool::SearchPatient, Vec::new())
            }
            Identification::NotFound => {
                self.call.verification_failed();
                let answer = self.plain(Situation::PatientNotFound, language).with("patient", Value::Null);
                Told::of(answer, Tool::SearchPatient, Vec::new())
            }
        }
    }

    fn verified(&mut self, patient: &Patient, language: Language) -> Told {
        let no = patient.no;
        let known = self.call.verified(patient);
        let (handle, first, last) =
            (known.handle.clone(), known.first_name.reveal().clone(), known.last_name.reveal().clone());
        let answer = Answer::new(Situation::PatientVerified, language, &[("first_name", &first)])
            .with("patient", json!({ "patientId": handle, "firstName": first, "lastName": last }));
        Told::of(answer, Tool::SearchPatient, vec![no])
    }

    fn describe(&self, no: DemographicNo, language: Language) -> Told {
        let Some(known) = self.call.verified_as(no) else {
            return Told::nothing(self.plain(Situation::NotVerified, language));
        };
        let first = known.first_name.reveal();
        let answer = Answer::new(Situation::PatientVerified, language, &[("first_name", first)]).with(
            "patient",
            json!({
                "patientId": known.handle,
                "firstName": first,
                "lastName": known.last_name.reveal(),
                "dateOfBirth": known.birth_date.reveal().map(|born| born.to_string()),
            }),
        );
        Told::of(answer, Tool::GetPatient, vec![no])
    }

    /// What the patient was texted about goes before what was found now; what is only assumed is not said as if it were
    /// known.
    fn offer(
        &mut self,
        mut slots: Vec<(Slot, String, Ts)>,
        open: Option<OpenOffer>,
        certainty: Certainty,
        language: Language,
    ) -> Told {
        if let Some(OpenOffer { slot, visit, until, .. }) = open.clone() {
            slots.insert(0, (slot, visit, until));
        }
        let offers = self.call.offer(slots).to_vec();
        let Some((best, others)) = offers.split_first() else {
            return Told::nothing(self.plain(Situation::NoAvailability, language));
        };
        let (when, provider) = when_and_who(&self.clinic, language, &best.slot());
        let until = moment(&self.clinic, language, best.held_until);
        let situation = match (&open, certainty) {
            (Some(_), _) => Situation::OfferOpen,
            (None, Certainty::Read) => Situation::SlotFound,
            (None, Certainty::Assumed) => Situation::SlotAssumed,
        };
        let values = [("when", when.as_str()), ("provider", &provider), ("until", &until)];
        let mut answer = Answer::new(situation, language, &values)
            .with("slot", self.offer_facts(best, language))
            .with("alternatives", others.iter().map(|o| self.offer_facts(o, language)).collect::<Vec<_>>());
        if certainty == Certainty::Assumed {
            answer = answer.with("certainty", "assumed");
        }
        match open {
            Some(open) => {
                let answer = answer.with("offeredByText", true).with("keptUntil", self.wall(open.until));
                Told::of(answer, Tool::FindEarliestAppointment, vec![open.patient])
            }
            None => Told::of(answer, Tool::FindEarliestAppointment, Vec::new()),
        }
    }

    fn offer_facts(&self, offer: &Offer, language: Language) -> Value {
        let mut facts = self.slot_facts(&offer.slot(), language);
        facts["slotId"] = offer.id.as_str().into();
        facts["appointmentType"] = offer.visit.as_str().into();
        facts
    }

    pub(super) fn slot_facts(&self, slot: &Slot, language: Language) -> Value {
        let (spoken, provider) = when_and_who(&self.clinic, language, slot);
        json!({
            "date": slot.date.to_string(),
            "startTime": slot.interval.start.to_string(),
            "endTime": slot.interval.end.to_string(),
            "durationMinutes": slot.interval.minutes(),
            "providerId": slot.provider.as_str(),
            "providerName": provider,
            "spoken": spoken,
        })
    }

    fn list(
        &self,
        patient: DemographicNo,
        upcoming: &[Appointment],
        held: &[HeldRow],
        language: Language,
    ) -> Told {
        let slot = |row: &Appointment| Slot {
            provider: row.provider.clone(),
            date: row.date,
            interval: row.interval,
        };
        let facts: Vec<Value> = upcoming
            .iter()
            .map(|row| {
                let mut facts = self.slot_facts(&slot(row), language);
                facts["appointmentId"] = row.no.0.into();
                facts
            })
            .collect();
        let answer = match upcoming.first() {
            Some(next) => {
                let (when, provider) = when_and_who(&self.clinic, language, &slot(next));
                Answer::new(
                    Situation::AppointmentsListed,
                    language,
                    &[("when", &when), ("provider", &provider)],
                )
            }
            None => self.plain(Situation::NoAppointments, language),
        };
        let answer = self.with_held(answer.with("appointments", facts), held, language);
        Told::of(answer, Tool::CheckAppointments, vec![patient])
    }
}
