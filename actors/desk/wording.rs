//! The answer to an order: what the agent needs and a line that is true.

use serde_json::json;

use super::order::Registered;
use crate::domain::answer::Answer;
use crate::domain::booking::Slot;
use crate::domain::clinic::Clinic;
use crate::domain::held::Reference;
use crate::domain::ids::AppointmentNo;
use crate::domain::phi::Phi;
use crate::domain::say::{Language, Situation, spoken_time};
use crate::domain::time::{Minute, Ts};

/// The situation that says a text is coming, where one is.
pub const fn texted(situation: Situation) -> Situation {
    match situation {
        Situation::Booked => Situation::BookedAndTexted,
        Situation::Moved => Situation::MovedAndTexted,
        Situation::Cancelled => Situation::CancelledAndTexted,
        other => other,
    }
}

/// Whether the patient is to be texted about it at all.
pub const fn is_texted_about(situation: Situation) -> bool {
    matches!(
        situation,
        Situation::Booked | Situation::Moved | Situation::Cancelled | Situation::MovedOldRemains
    )
}

pub fn answer(
    clinic: &Clinic,
    language: Language,
    situation: Situation,
    slot: Option<&Slot>,
    no: Option<AppointmentNo>,
    will_text: bool,
) -> Answer {
    let situation = if will_text { texted(situation) } else { situation };
    let phone = clinic.phone.0.spoken();
    let (when, provider) = slot.map_or_else(Default::default, |slot| when_and_who(clinic, language, slot));
    let values = [
        ("when", when.as_str()),
        ("provider", provider.as_str()),
        ("phone", &phone),
        ("clinic", &clinic.name),
    ];
    let answer = Answer::new(situation, language, &values);
    match (situation.success(), slot, no) {
        (true, Some(slot), Some(no)) => {
            answer.with("appointment", appointment(slot, no, &provider)).with("smsQueued", will_text)
        }
        _ => answer,
    }
}

/// The answer to who wants to become a patient; of a chart that exists already it says nothing (law I-3).
pub fn of_newcomer(
    clinic: &Clinic,
    language: Language,
    situation: Situation,
    first_name: &str,
    registered: Option<&Registered>,
) -> Answer {
    let phone = clinic.phone.0.spoken();
    let answer = Answer::new(situation, language, &[("first_name", first_name), ("phone", &phone)]);
    match (situation, registered) {
        (Situation::Registered, Some(Registered { handle, patient })) => answer.with(
            "patient",
            json!({
                "patientId": handle,
                "firstName": patient.first_name.reveal(),
                "lastName": patient.last_name.reveal(),
            }),
        ),
        (Situation::Registered, None) => answer,
        (refused, _) if !refused.success() => answer.with("waitlistAvailable", clinic.waitlist_enabled),
        _ => answer,
    }
}

pub fn when_and_who(clinic: &Clinic, language: Language, slot: &Slot) -> (String, String) {
    let when = spoken_time(language, slot.date, slot.interval.start);
    let provider = clinic.provider(&slot.provider).map_or("", |provider| provider.spoken_name(language));
    (when, provider.to_owned())
}

/// A moment by the clinic's clock, as it is said.
pub fn moment(clinic: &Clinic, language: Language, at: Ts) -> String {
    let wall = clinic.timezone.wall(at);
    spoken_time(language, wall.date(), Minute::of(wall.time()))
}

fn appointment(slot: &Slot, no: AppointmentNo, provider: &str) -> serde_json::Value {
    json!({
        "appointmentId": no.0,
        "date": slot.date.to_string(),
        "startTime": slot.interval.start.to_string(),
        "durationMinutes": slot.interval.minutes(),
        "providerId": slot.provider.as_str(),
        "providerName": provider,
    })
}

/// A text about a held request that could not be carried out.
pub fn not_done(clinic: &Clinic, language: Language, reference: &Reference) -> Phi<String> {
    let (name, phone) = (&clinic.name, clinic.phone.0.spoken());
    Phi::new(match language {
        Language::En => {
            format!(
                "{name}: we could not do what you asked for ({reference}). We will call you, or call {phone}."
            )
        }
        Language::Zh => format!("{name}:您的请求({reference})未能办理。我们会给您回电,或请致电{phone}。"),
    })
}

/// A text about time that came free. The number in it leads to us: the clinic's staff cannot see what is kept.
pub fn offer(clinic: &Clinic, language: Language, slot: &Slot, until: Ts) -> Phi<String> {
    let (when, provider) = when_and_who(clinic, language, slot);
    let (name, phone) = (&clinic.name, clinic.callback_line().0.spoken());
    let until = moment(clinic, language, until);
    Phi::new(match language {
        Language::En => {
            format!(
                "{name}: {when} with {provider} has come free. It is kept for you until {until}. To take it call {phone}."
            )
        }
        Language::Zh => {
            format!("{name}:{when},{provider}有一个空位,为您保留至{until}。如需预约请致电{phone}。")
        }
    })
}

/// A text to who was registered after they had hung up; it does not name them.
pub fn registered(clinic: &Clinic, language: Language) -> Phi<String> {
    let (name, phone) = (&clinic.name, clinic.phone.0.spoken());
    Phi::new(match language {
        Language::En => format!("{name}: you are registered as a patient now. To book a visit call {phone}."),
        Language::Zh => format!("{name}:您已登记为诊所的病人。如需预约请致电{phone}。"),
    })
}

/// A text names the clinic, the time and the provider; never the patient.
pub fn text(clinic: &Clinic, language: Language, situation: Situation, slot: &Slot) -> Phi<String> {
    let (when, provider) = when_and_who(clinic, language, slot);
    let (name, phone) = (&clinic.name, clinic.phone.0.spoken());
    Phi::new(match (language, situation) {
        (Language::En, Situation::Cancelled) => {
            format!("{name}: your appointment on {when} is cancelled. To rebook call {phone}.")
        }
        (Language::Zh, Situation::Cancelled) => {
            format!("{name}:您{when}的预约已取消。如需重新预约请致电{phone}。")
        }
        (Language::En, Situation::Moved | Situation::MovedOldRemains) => {
            format!("{name}: your appointment is now {when} with {provider}. To change it call {phone}.")
        }
        (Language::Zh, Situation::Moved | Situation::MovedOldRemains) => {
            format!("{name}:您的预约已改为{when},{provider}。如需更改请致电{phone}。")
        }
        (Language::En, _) => {
            format!(
                "{name}: your appointment is confirmed for {when} with {provider}. To change it call {phone}."
            )
        }
        (Language::Zh, _) => format!("{name}:您的预约已确认,{when},{provider}。如需更改请致电{phone}。"),
    })
}
