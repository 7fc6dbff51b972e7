//! Somebody new to test with, and the chart that a faithful EMR makes of them. The health number is a published example.

use jiff::civil::date;

use super::provider_no;
use crate::domain::health_number::{HealthNumber, Province};
use crate::domain::ids::DemographicNo;
use crate::domain::new_patient::{Address, ChartRecord, NewPatient, Sex};
use crate::domain::patient::{Patient, Standing};
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::say::Language;

#[expect(clippy::expect_used, reason = "constants")]
pub fn newcomer(first: &str, last: &str) -> NewPatient {
    NewPatient {
        first_name: first.to_owned().into(),
        last_name: last.to_owned().into(),
        born: date(1991, 2, 3).into(),
        sex: Sex::F.into(),
        phone: PhoneNumber::parse("604-555-0142").expect("a number").into(),
        address: Phi::new(Address {
            street: "12 Rue King".to_owned(),
            city: "Vancouver".to_owned(),
            province: Province::Bc,
            postal_code: "V6B 1A1".to_owned(),
        }),
        health_number: Phi::new(HealthNumber::parse("9999004755", Province::Bc).ok()),
        email: "zoe@mail.example.test".to_owned().into(),
        provider: Some(provider_no(1)),
        language: Language::En,
    }
}

/// As OSCAR stores it: whatever was sent.
pub fn chart_of(no: i32, who: &NewPatient) -> ChartRecord {
    let address = who.address.reveal();
    let number = who.health_number.reveal().as_ref().map(|number| number.number().to_owned());
    ChartRecord {
        patient: Patient {
            no: DemographicNo::new(no),
            first_name: who.first_name.clone(),
            last_name: who.last_name.clone(),
            birth_date: Some(who.born),
            phones: vec![who.phone.reveal().spoken().into()],
            standing: Standing::Active,
            merged_into: None,
            provider: who.provider.clone(),
        },
        sex: who.sex.reveal().written().to_owned().into(),
        health_number: number.unwrap_or_default().into(),
        street: address.street.clone().into(),
        city: address.city.clone().into(),
        province: address.province.code().into(),
        postal_code: address.postal_code.clone().into(),
        email: who.email.clone(),
    }
}
