//! The sealed forms of bookings and registrations: what stands inside the envelopes of `intent`, `effect`,
//! `registration` and `held_request`.
//!
//! The domain does not serialise; these records do, and only on their way into an envelope.

use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vitarad_actors::domain::appointment::{Fingerprint, Seen};
use vitarad_actors::domain::booking::{Act, Effect, Intent, Slot, Want};
use vitarad_actors::domain::emr_path::Path;
use vitarad_actors::domain::held::{HeldVisit, HeldWish};
use vitarad_actors::domain::ids::{
    AppointmentNo, ClinicId, DemographicNo, IntentId, ProviderNo, ToolCallKey,
};
use vitarad_actors::domain::new_patient::NewPatient;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::domain::say::Language;
use vitarad_actors::domain::time::{Interval, Minute};
use vitarad_actors::ports::store::{OrderNote, StoreError, StoreResult};
use zeroize::Zeroizing;

/// A record is written into this much at once, so that growing leaves no unwiped copy behind.
const ROOM: usize = 4096;

pub(super) fn encode<T: Serialize>(record: &T) -> StoreResult<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    serde_json::to_writer(&mut *bytes, record)
        .map_err(|_| StoreError::Unreadable("a record to be sealed"))?;
    Ok(bytes)
}

pub(super) fn decode<T: DeserializeOwned>(plain: &Phi<Vec<u8>>, table: &'static str) -> StoreResult<T> {
    serde_json::from_slice(plain.reveal()).map_err(|_| StoreError::Unreadable(table))
}

/// A slot from its columns.
pub(super) fn slot(provider: &str, date: &str, start: i64, end: i64) -> StoreResult<Slot> {
    let read = || {
        let minute = |stored: i64| Minute::new(u16::try_from(stored).ok()?);
        Some(Slot {
            provider: ProviderNo::parse(provider).ok()?,
            date: date.parse::<Date>().ok()?,
            interval: Interval::new(minute(start)?, minute(end)?)?,
        })
    };
    read().ok_or(StoreError::Unreadable("the columns of a slot"))
}

#[derive(Serialize, Deserialize)]
struct SlotRecord {
    provider: ProviderNo,
    date: Date,
    interval: Interval,
}

impl From<&Slot> for SlotRecord {
    fn from(slot: &Slot) -> Self {
        Self { provider: slot.provider.clone(), date: slot.date, interval: slot.interval }
    }
}

impl From<SlotRecord> for Slot {
    fn from(SlotRecord { provider, date, interval }: SlotRecord) -> Self {
        Self { provider, date, interval }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WantRecord {
    Book(SlotRecord),
    Move { old: AppointmentNo, to: SlotRecord },
    Cancel(AppointmentNo),
}

/// What an intent seals: the wish, whose it is, and who asked.
#[derive(Serialize, Deserialize)]
pub(super) struct IntentRecord {
    patient: i32,
    want: WantRecord,
    language: Language,
    seen: Option<Fingerprint>,
    /// By which path that was read; an earlier release knew only one.
    #[serde(default)]
    seen_by: Path,
    text_to: Option<PhoneNumber>,
}

impl IntentRecord {
    pub(super) fn new(intent: &Intent, order: &OrderNote) -> Self {
        Self {
            patient: intent.patient.reveal(),
            want: match &intent.want {
                Want::Book(slot) => WantRecord::Book(slot.into()),
                Want::Move { old, to } => WantRecord::Move { old: *old, to: to.into() },
                Want::Cancel(no) => WantRecord::Cancel(*no),
            },
            language: order.language,
            seen: order.seen.map(|seen| seen.row),
            seen_by: order.seen.map(|seen| seen.by).unwrap_or_default(),
            text_to: order.text_to.as_ref().map(|number| number.reveal().clone()),
        }
    }

    pub(super) fn patient(&self) -> DemographicNo {
        DemographicNo::new(self.patient)
    }

    pub(super) fn read(self, tool_call: ToolCallKey) -> (Want, OrderNote) {
        let want = match self.want {
            WantRecord::Book(slot) => Want::Book(slot.into()),
            WantRecord::Move { old, to } => Want::Move { old, to: to.into() },
            WantRecord::Cancel(no) => Want::Cancel(no),
        };
        let text_to = self.text_to.map(Phi::new);
        let seen = self.seen.map(|row| Seen { row, by: self.seen_by });
        (want, OrderNote { tool_call, language: self.language, seen, text_to })
    }
}

/// What a registration seals: who is to be registered, and who asked.
#[derive(Serialize, Deserialize)]
pub(super) struct RegistrationRecord {
    who: NewPatient,
    asked_in: Language,
    text_to: Option<PhoneNumber>,
}

impl RegistrationRecord {
    pub(super) fn new(who: &NewPatient, note: &OrderNote) -> Self {
        let text_to = note.text_to.as_ref().map(|number| number.reveal().clone());
        Self { who: who.clone(), asked_in: note.language, text_to }
    }

    pub(super) fn read(self, tool_call: ToolCallKey) -> (NewPatient, OrderNote) {
        let text_to = self.text_to.map(Phi::new);
        (self.who, OrderNote { tool_call, language: self.asked_in, seen: None, text_to })
    }
}

/// What a held request seals. Both kinds stand there without a name: visits were there first.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum HeldRecord {
    Visit(VisitRecord),
    Registration(RegistrationRecord),
}

#[derive(Serialize, Deserialize)]
pub(super) struct VisitRecord {
    asked: IntentRecord,
    sheet_name: String,
    visit: String,
    reason: String,
    old_slot: Option<SlotRecord>,
    is_new: bool,
}

impl HeldRecord {
    pub(super) fn new(clinic: &ClinicId, wish: &HeldWish, note: &OrderNote) -> Self {
        let visit = match wish {
            HeldWish::Visit(visit) => visit,
            HeldWish::Registration(who) => return Self::Registration(RegistrationRecord::new(who, note)),
        };
        let id = IntentId(uuid::Uuid::nil());
        let intent = Intent { id, clinic: clinic.clone(), patient: visit.patient, want: visit.want.clone() };
        Self::Visit(VisitRecord {
            asked: IntentRecord::new(&intent, note),
            sheet_name: visit.sheet_name.reveal().clone(),
            visit: visit.visit.clone(),
            reason: visit.reason.reveal().clone(),
            old_slot: visit.old_slot.as_ref().map(Into::into),
            is_new: visit.is_new,
        })
    }

    pub(super) fn decode(plain: &Phi<Vec<u8>>) -> StoreResult<Self> {
        let visit = decode(plain, "held_request.wish").map(Self::Visit);
        visit.or_else(|_| decode(plain, "held_request.wish").map(Self::Registration))
    }

    pub(super) fn read(self, tool_call: ToolCallKey) -> (HeldWish, OrderNote) {
        let visit = match self {
            Self::Visit(visit) => visit,
            Self::Registration(record) => {
                let (who, note) = record.read(tool_call);
                return (HeldWish::Registration(Box::new(who)), note);
            }
        };
        let patient = visit.asked.patient();
        let (want, note) = visit.asked.read(tool_call);
        let wish = HeldVisit {
            patient,
            want,
            sheet_name: Phi::new(visit.sheet_name),
            visit: visit.visit,
            reason: Phi::new(visit.reason),
            old_slot: visit.old_slot.map(Into::into),
            is_new: visit.is_new,
        };
        (HeldWish::Visit(wish), note)
    }
}

/// What an effect seals: the appointment it is about and the path it goes by; its slot stands in the columns.
#[derive(Serialize, Deserialize)]
pub(super) struct EffectRecord {
    #[serde(flatten)]
    act: ActRecord,
    /// An earlier release knew only one.
    #[serde(default)]
    path: Path,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ActRecord {
    Add { beside: Option<AppointmentNo> },
    Cancel { appointment: AppointmentNo, instead: Option<AppointmentNo> },
}

impl EffectRecord {
    pub(super) const fn new(effect: &Effect) -> Self {
        let act = match &effect.act {
            Act::Add { beside, .. } => ActRecord::Add { beside: *beside },
            Act::Cancel { appointment, instead, .. } => {
                ActRecord::Cancel { appointment: *appointment, instead: *instead }
            }
        };
        Self { act, path: effect.path }
    }

    pub(super) fn read(self, slot: Slot) -> (Act, Path) {
        let act = match self.act {
            ActRecord::Add { beside } => Act::Add { slot, beside },
            ActRecord::Cancel { appointment, instead } => Act::Cancel { appointment, slot, instead },
        };
        (act, self.path)
    }
}
