//! What a language model passes to a tool, read leniently and trusted with nothing.
//!
//! Models misname, misformat and leave out. Keys are compared without case and underscores; a value in
//! a wrong form is answered with the form to ask for.

mod newcomer;
mod notes;

use jiff::civil::{Date, Time};
use serde_json::{Map, Value};

pub use self::newcomer::{Known, NewcomerForm};
pub use self::notes::{Notice, WaitlistWish, WhoWaits};
use super::ids::{AppointmentNo, ProviderNo};
use super::phi::Phi;
use super::say::Language;
use super::time::Minute;
use super::tool::Tool;
use super::transfer::TransferReason;

/// An argument that is missing or in a wrong form, and the form that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be {want}")]
pub struct BadArgument {
    pub name: &'static str,
    pub want: &'static str,
}

/// One tool call, understood.
#[derive(Clone, PartialEq, Eq)]
pub struct ToolRequest {
    pub language: Option<Language>,
    pub wish: ToolWish,
}

#[derive(Clone, PartialEq, Eq)]
pub enum ToolWish {
    ClinicInfo,
    SearchByPhone {
        birth_date: Option<Phi<Date>>,
    },
    Search(NameSearch),
    Patient {
        patient: Option<String>,
    },
    Providers,
    FindEarliest(SlotSearch),
    Check {
        patient: Option<String>,
    },
    Create(Booking),
    Update(Move),
    Cancel(Cancellation),
    /// Its reason is read where it is answered, at once.
    Transfer,
    Note(Notice),
    Wait(WaitlistWish),
    Register(Box<NewcomerForm>),
}

#[derive(Clone, PartialEq, Eq)]
pub struct NameSearch {
    pub first_name: Option<Phi<String>>,
    pub last_name: Option<Phi<String>>,
    pub birth_date: Phi<Date>,
}

#[derive(Clone, PartialEq, Eq, Default)]
pub struct SlotSearch {
    pub provider: Option<ProviderNo>,
    pub visit: Option<String>,
    pub from: Option<Date>,
    pub preference: Preference,
    pub exclude: Vec<Minute>,
    /// The caller does not want the time that was texted to them.
    pub declines_offer: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preference {
    Morning,
    Afternoon,
    Evening,
    #[default]
    Any,
}

impl Preference {
    pub fn admits(self, start: Minute) -> bool {
        let hour = start.get() / 60;
        match self {
            Self::Morning => hour < 12,
            Self::Afternoon => (12..17).contains(&hour),
            Self::Evening => hour >= 17,
            Self::Any => true,
        }
    }
}

/// Which slot: by the id of one we offered, or spelled out.
#[derive(Clone, PartialEq, Eq)]
pub enum Choice {
    Offered(String),
    Named { provider: Option<ProviderNo>, date: Date, start: Minute },
}

#[derive(Clone, PartialEq, Eq)]
pub struct Booking {
    pub patient: Option<String>,
    pub choice: Choice,
    pub visit: Option<String>,
    pub reason: Option<Phi<String>>,
    pub sms_consent: Option<bool>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Move {
    pub patient: Option<String>,
    pub appointment: AppointmentNo,
    pub choice: Choice,
    pub visit: Option<String>,
    pub sms_consent: Option<bool>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Cancellation {
    pub patient: Option<String>,
    pub appointment: AppointmentNo,
    pub sms_consent: Option<bool>,
}

/// The argument object of one tool call.
pub struct Arguments<'a>(&'a Map<String, Value>);

impl<'a> Arguments<'a> {
    pub const fn new(object: &'a Map<String, Value>) -> Self {
        Self(object)
    }

    pub fn read(&self, tool: Tool) -> Result<ToolRequest, BadArgument> {
        let patient = || self.text(&["patientid", "demographicno", "patient"]);
        let wish = match tool {
            Tool::GetClinicInfo => ToolWish::ClinicInfo,
            Tool::GetProviders => ToolWish::Providers,
            Tool::SearchPatientByPhone => ToolWish::SearchByPhone { birth_date: self.birth_date()? },
            Tool::SearchPatient => ToolWish::Search(self.name_search()?),
            Tool::GetPatient => ToolWish::Patient { patient: patient() },
            Tool::CheckAppointments => ToolWish::Check { patient: patient() },
            Tool::FindEarliestAppointment => ToolWish::FindEarliest(self.slot_search()?),
            Tool::CreateAppointment => ToolWish::Create(Booking {
                patient: patient(),
                choice: self.choice(
                    &["date"],
                    &["starttime", "time"],
                    &["providerid", "providerno", "provider"],
                )?,
                visit: self.visit(),
                reason: self.text(&["reason"]).map(Phi::new),
                sms_consent: self.flag(&["smsconsent"]),
            }),
            Tool::UpdateAppointment => ToolWish::Update(Move {
                patient: patient(),
                appointment: self.appointment()?,
                choice: self.choice(
                    &["newdate", "date"],
                    &["newstarttime", "newtime", "starttime", "time"],
                    &["newproviderid", "newproviderno", "providerid", "providerno", "provider"],
                )?,
                visit: self.visit(),
                sms_consent: self.flag(&["smsconsent"]),
            }),
            Tool::CancelAppointment => ToolWish::Cancel(Cancellation {
                patient: patient(),
                appointment: self.appointment()?,
                sms_consent: self.flag(&["smsconsent"]),
            }),
            Tool::TransferCall => ToolWish::Transfer,
            Tool::LogCallMetadata => ToolWish::Note(self.notice()),
            Tool::AddToWaitlist => ToolWish::Wait(self.waitlist_wish()?),
            Tool::RegisterNewPatient => ToolWish::Register(Box::new(self.newcomer())),
        };
        Ok(ToolRequest { language: self.language(), wish })
    }

    pub fn language(&self) -> Option<Language> {
        self.text(&["language", "lang"]).and_then(|text| Language::named(&text))
    }

    pub fn transfer_reason(&self) -> TransferReason {
        let named = self.text(&["reason", "transferreason"]);
        named.map_or_else(TransferReason::default, |text| TransferReason::named(&text))
    }

    fn name_search(&self) -> Result<NameSearch, BadArgument> {
        Ok(NameSearch {
            first_name: self.text(&["firstname", "givenname"]).map(Phi::new),
            last_name: self.text(&["lastname", "surname", "familyname"]).map(Phi::new),
            birth_date: self.birth_date()?.ok_or(BIRTH_DATE)?,
        })
    }

    fn slot_search(&self) -> Result<SlotSearch, BadArgument> {
        let exclude = match self.value(&["excludetimes"]) {
            Some(Value::Array(times)) => times.iter().filter_map(|time| clock(time.as_str()?)).collect(),
            _ => Vec::new(),
        };
        Ok(SlotSearch {
            provider: self.provider(&["providerid", "providerno", "provider"])?,
            visit: self.visit(),
            from: self.date(&["startdate", "date"], DATE)?,
            preference: match self.text(&["timepreference"]).map(|text| text.to_lowercase()).as_deref() {
                Some("morning") => Preference::Morning,
                Some("afternoon") => Preference::Afternoon,
                Some("evening") => Preference::Evening,
                _ => Preference::Any,
            },
            exclude,
            declines_offer: self.flag(&["declineoffer"]).unwrap_or_default(),
        })
    }

    fn choice(&self, date: &[&str], time: &[&str], provider: &[&str]) -> Result<Choice, BadArgument> {
        match self.date(date, DATE)? {
            Some(date) => {
                let start = self.text(time).as_deref().and_then(clock).ok_or(TIME)?;
                Ok(Choice::Named { provider: self.provider(provider)?, date, start })
            }
            None => self.text(&["slotid"]).map(Choice::Offered).ok_or(DATE),
        }
    }

    fn visit(&self) -> Option<String> {
        self.text(&["appointmenttype", "visittype"])
    }

    fn appointment(&self) -> Result<AppointmentNo, BadArgument> {
        self.text(&["appointmentid", "appointmentno"])
            .and_then(|text| text.parse().ok())
            .map(AppointmentNo)
            .ok_or(BadArgument { name: "appointmentId", want: "the id that check_appointments gave" })
    }

    fn provider(&self, keys: &[&str]) -> Result<Option<ProviderNo>, BadArgument> {
        match self.text(keys) {
            Some(text) if !text.eq_ignore_ascii_case("any") => {
                ProviderNo::parse(&text).map(Some).map_err(|_| BadArgument {
                    name: "providerId",
                    want: "an id that get_providers gave, or any",
                })
            }
            _ => Ok(None),
        }
    }

    fn birth_date(&self) -> Result<Option<Phi<Date>>, BadArgument> {
        let date = self.date(&["dateofbirth", "dob", "birthdate"], BIRTH_DATE)?;
        Ok(date.map(Phi::new))
    }

    fn date(&self, keys: &[&str], otherwise: BadArgument) -> Result<Option<Date>, BadArgument> {
        self.text(keys).map(|text| calendar_date(&text).ok_or(otherwise)).transpose()
    }

    fn flag(&self, keys: &[&str]) -> Option<bool> {
        match self.value(keys)? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => match text.trim().to_lowercase().as_str() {
                "true" | "yes" => Some(true),
                "false" | "no" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A non-empty text, or a number as text.
    fn text(&self, keys: &[&str]) -> Option<String> {
        let text = match self.value(keys)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (!text.is_empty() && !text.eq_ignore_ascii_case("null")).then_some(text)
    }

    fn value(&self, keys: &[&str]) -> Option<&'a Value> {
        keys.iter().find_map(|wanted| {
            let same =
                |key: &str| key.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).eq(wanted.chars());
            self.0.iter().find(|(key, value)| same(key) && !value.is_null()).map(|(_, value)| value)
        })
    }
}

const BIRTH_DATE: BadArgument = BadArgument { name: "dateOfBirth", want: "a date like 1979-04-07" };
const DATE: BadArgument = BadArgument { name: "date", want: "a date like 2026-12-01" };
const TIME: BadArgument = BadArgument { name: "startTime", want: "a time like 14:30" };

/// Year first, so that no day is taken for a month; a time after it is ignored.
fn calendar_date(text: &str) -> Option<Date> {
    let day = text.split(['T', ' ']).next()?.replace('/', "-");
    let mut parts = day.split('-').map(str::parse::<i16>);
    let (year, month, date) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if parts.next().is_some() || year < 1850 {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(date).ok()?).ok()
}

/// `14:30`, `14:30:00`, `2 PM`, `2:30 p.m.`, or the time of an ISO date-time.
fn clock(text: &str) -> Option<Minute> {
    let text = text.rsplit('T').next()?.to_lowercase().replace(['.', ' '], "");
    let (digits, noon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(false)),
        (_, Some(digits)) => (digits, Some(true)),
        _ => (text.as_str(), None),
    };
    let mut parts = digits.split(':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = match parts.next() {
        Some(minute) => minute.parse().ok()?,
        None if noon.is_some() => 0,
        None => return None,
    };
    let hour = match noon {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        None => hour,
    };
    Time::new(hour, minute, 0, 0).ok().map(Minute::of)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(tool: Tool, arguments: &Value) -> Result<ToolWish, BadArgument> {
        Arguments::new(arguments.as_object().unwrap()).read(tool).map(|request| request.wish)
    }

    #[test]
    fn keys_are_read_in_any_case_and_numbers_as_texts() {
        let wish = read(
            Tool::CreateAppointment,
            &json!({
                "patient_id": 7, "PROVIDERID": "021", "date": "2026-12-01T00:00:00Z", "start_time": "2:30 PM", "smsConsent": "no"
            }),
        );
        let Ok(ToolWish::Create(booking)) = wish else { panic!("not a booking") };
        assert_eq!(booking.patient.as_deref(), Some("7"));
        assert_eq!(booking.sms_consent, Some(false));
        let Choice::Named { provider, date: day, start } = booking.choice else { panic!("not named") };
        assert_eq!(provider.unwrap().as_str(), "021");
        assert_eq!((day, start.to_string().as_str()), (date(2026, 12, 1), "14:30"));
    }

    #[test]
    fn a_missing_or_malformed_argument_says_what_is_wanted() {
        let refused = |tool, arguments| read(tool, &arguments).err().map(|bad| bad.to_string());
        assert_eq!(
            refused(Tool::SearchPatient, json!({"firstName": "A"})).unwrap(),
            "dateOfBirth must be a date like 1979-04-07"
        );
        assert_eq!(
            refused(Tool::SearchPatient, json!({"dob": "07/04/1979"})).unwrap(),
            "dateOfBirth must be a date like 1979-04-07"
        );
        assert_eq!(
            refused(Tool::CreateAppointment, json!({"date": "2026-12-01"})).unwrap(),
            "startTime must be a time like 14:30"
        );
        assert_eq!(
            refused(Tool::CreateAppointment, json!({})).unwrap(),
            "date must be a date like 2026-12-01"
        );
        assert!(
            refused(Tool::CancelAppointment, json!({"appointmentId": "the first"}))
                .unwrap()
                .starts_with("appointmentId")
        );
    }

    #[test]
    fn clock_times_are_read_as_people_say_them() {
        for (text, expected) in [
            ("14:30", Some("14:30")),
            ("9:05", Some("09:05")),
            ("12 am", Some("00:00")),
            ("12:15 p.m.", Some("12:15")),
            ("2026-12-01T08:00:00", Some("08:00")),
            ("13 pm", None),
            ("25:00", None),
            ("9", None),
            ("noon", None),
        ] {
            assert_eq!(clock(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_argument_object_can_hurt(key in "[a-zA-Z_]{0,14}", text: String, number: i64, flag: bool) {
            for value in [json!(text), json!(number), json!(flag), json!(null), json!([text]), json!({ "x": text })] {
                let mut map = Map::new();
                map.insert(key.clone(), value.clone());
                map.insert("date".into(), value);
                for tool in Tool::ALL {
                    let _ = Arguments::new(&map).read(tool);
                }
            }
        }
    }
}
