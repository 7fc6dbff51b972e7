//! A house with its two clinics, and people who call.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde_json::{Value, json};
use vitarad::sandbox::oscar::demo::Person;

use crate::engine::around;
use crate::house::House;
use crate::premises::Premises;
use crate::town::{CEDAR_LINE, Emr, MAPLE_LINE, Town, today};
use crate::voice::{PhoneCall, Platform};

pub(crate) struct Stage {
    pub(crate) premises: Premises,
    pub(crate) house: House,
}

impl Stage {
    pub(crate) async fn open() -> Self {
        Self::with(&[]).await
    }

    /// With these settings instead of the usual ones.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let mut premises = around(Town::open().await).await;
        for (name, value) in settings {
            premises.set(name, value);
        }
        Self::on(premises).await
    }

    pub(crate) async fn on(premises: Premises) -> Self {
        let house = House::open(&premises).await;
        Self { premises, house }
    }

    pub(crate) fn maple(&self) -> Emr {
        self.premises.town.maple()
    }

    pub(crate) fn cedar(&self) -> Emr {
        self.premises.town.cedar()
    }

    pub(crate) fn platform(&self) -> &Platform {
        &self.house.platform
    }

    /// Somebody who dials the Maple clinic.
    pub(crate) fn rings(&self, call: &str, person: Person) -> PhoneCall {
        self.platform().call(call, MAPLE_LINE, Some(person.phone))
    }

    pub(crate) fn rings_cedar(&self, call: &str, person: Person) -> PhoneCall {
        self.platform().call(call, CEDAR_LINE, Some(person.phone))
    }
}

/// A Monday that is at least a week away: an ordinary day, as is the one after it.
pub(crate) fn monday() -> Date {
    today().saturating_add(7.days()).nth_weekday(1, Weekday::Monday).expect("a Monday")
}

pub(crate) fn code(answer: &Value) -> &str {
    answer["code"].as_str().unwrap_or_default()
}

/// What a caller says who is asked for everything.
pub(crate) fn full_name(person: Person) -> Value {
    json!({
        "firstName": person.first_name,
        "lastName": person.last_name,
        "dateOfBirth": person.birth.to_string(),
    })
}
