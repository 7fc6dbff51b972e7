//! Patients: the ones a demonstration calls as, and a crowd around them. All invented, all on 555-01xx.

use jiff::civil::Date;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::Flavour;
use super::staff::DOCTORS;
use crate::sandbox::oscar::demo::{self, Person};
use crate::sandbox::oscar::world::{Patient, Sex, World};

pub(super) const FIRST_OF_CROWD: i32 = 5001;

const NAMES: [(&str, &str); 20] = [
    ("Abena", "Asante"),
    ("Ahmed", "Rahimi"),
    ("Anneke", "de Vries"),
    ("Benoît", "Gagnon"),
    ("Chloé", "Bouchard"),
    ("Dmitri", "Volkov"),
    ("Farah", "Siddiqui"),
    ("Giulia", "Romano"),
    ("Hannah", "O'Connor"),
    ("Ivan", "Kovač"),
    ("José", "Núñez"),
    ("Kateryna", "Shevchenko"),
    ("Mary-Ann", "McAllister"),
    ("Nguyen", "Tran"),
    ("Olga", "Smith-Jones"),
    ("Pradeep", "Sharma"),
    ("Rosa", "Fernandes"),
    ("Søren", "Østergaard"),
    ("Thomas", "Wright"),
    ("Yuki", "Tanaka"),
];

const PINYIN_NAMES: [(&str, &str); 10] = [
    ("Fang", "Wang"),
    ("Guoqiang", "Liu"),
    ("Hui", "Huang"),
    ("Jianguo", "Zhao"),
    ("Lihua", "Chen"),
    ("Meiling", "Zhou"),
    ("Na", "Li"),
    ("Xiaoming", "Xu"),
    ("Xiuying", "Yang"),
    ("Yan", "Lü"),
];

const AREA_CODES: [&str; 12] =
    ["778", "236", "250", "416", "647", "437", "905", "289", "613", "403", "780", "204"];

pub(super) fn register_demo(world: &mut World, flavour: Flavour, today: Date) {
    let (unique, home) = match flavour {
        Flavour::Maple => (demo::ONLY_AT_MAPLE, ("VANCOUVER", "BC")),
        Flavour::Cedar => (demo::ONLY_AT_CEDAR, ("TORONTO", "ON")),
    };
    let mut register = |person: Person, change: fn(&mut Patient)| {
        let mut patient = chart(person, home, today);
        change(&mut patient);
        world.patients.insert(patient);
    };
    register(demo::MARIE, |row| {
        row.sex = Sex::F;
        row.cell_phone = Some("604-555-0143".to_owned());
        row.my_oscar_user_name = Some("marie.tremblay".to_owned());
    });
    register(demo::WEI, |row| row.spoken_language = Some("Mandarin".to_owned()));
    register(demo::OMAR, |row| row.phone2 = row.phone.replace(String::new()));
    register(demo::MERGED, |row| row.head_record = Some(demo::MERGED_INTO.demographic_no));
    register(demo::DECEASED, |row| row.patient_status = Some("DE".to_owned()));
    let plain = [demo::ZOE, demo::MERGED_INTO, demo::WITHHELD, unique];
    let shared = demo::HOUSEHOLD.into_iter().chain(demo::TWINS).chain(demo::NAMESAKES);
    for person in plain.into_iter().chain(shared) {
        register(person, |_| {});
    }
}

/// Adds made-up patients until there are `count`.
pub(super) fn register_crowd(world: &mut World, count: usize, luck: &mut StdRng) {
    // Whoever was registered first tells where and since when this clinic is.
    let Some(model) = world.patients.iter().next().cloned() else { return };
    let mut number = world.patients.highest_number().max(FIRST_OF_CROWD - 1);
    while world.patients.count() < count {
        number += 1;
        world.patients.insert(stranger(&model, number, luck));
    }
}

fn stranger(model: &Patient, number: i32, luck: &mut StdRng) -> Patient {
    let pinyin = luck.random_bool(0.3);
    let names: &[_] = if pinyin { &PINYIN_NAMES } else { &NAMES };
    let (first, _) = names.choose(luck).copied().unwrap_or_default();
    let (_, last) = names.choose(luck).copied().unwrap_or_default();
    Patient {
        number,
        last_name: last.to_owned(),
        first_name: first.to_owned(),
        birth: birth(luck),
        sex: Sex::ALL.choose(luck).copied().unwrap_or_default(),
        phone: Some(typed_phone(luck)),
        phone2: luck.random_bool(0.2).then(|| typed_phone(luck)),
        cell_phone: None,
        hin: Some(format!("9998{number:06}")),
        address: Some(format!("{} Nowhere St", number % 100)),
        spoken_language: Some(if pinyin { "Mandarin" } else { "English" }.to_owned()),
        provider_no: DOCTORS.choose(luck).map(|&doctor| doctor.to_owned()),
        head_record: None,
        my_oscar_user_name: None,
        ..model.clone()
    }
}

fn birth(luck: &mut StdRng) -> Date {
    let day = (luck.random_range(1930..=2022), luck.random_range(1..=12), luck.random_range(1..=28));
    Date::new(day.0, day.1, day.2).unwrap_or_default()
}

/// Everybody types telephone numbers as they like.
fn typed_phone(luck: &mut StdRng) -> String {
    let area = AREA_CODES.choose(luck).copied().unwrap_or_default();
    let last = luck.random_range(100..=199);
    match luck.random_range(0..5) {
        0 => format!("{area}-555-0{last}"),
        1 => format!("{area}5550{last}"),
        2 => format!("({area}) 555-0{last}"),
        3 => format!("{area}.555.0{last}"),
        _ => format!("{area} 555 0{last}"),
    }
}

fn chart(person: Person, home: (&str, &str), today: Date) -> Patient {
    Patient {
        number: person.demographic_no,
        last_name: person.last_name.to_owned(),
        first_name: person.first_name.to_owned(),
        birth: person.birth,
        phone: Some(person.phone.to_owned()),
        hin: Some(person.hin.to_owned()),
        hc_type: Some(home.1.to_owned()),
        city: Some(home.0.to_owned()),
        province: Some(home.1.to_owned()),
        address: Some("12 Rue King".to_owned()),
        postal: Some("V0X 0X0".to_owned()),
        email: Some(String::new()),
        ver: Some(String::new()),
        alias: Some(String::new()),
        spoken_language: Some("English".to_owned()),
        patient_status: Some("AC".to_owned()),
        provider_no: Some(DOCTORS[0].to_owned()),
        joined: Some(today),
        updated: Some(today.at(8, 0, 0, 0)),
        updated_by: Some("188".to_owned()),
        ..Patient::default()
    }
}
