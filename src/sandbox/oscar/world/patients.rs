//! The patients' charts and the two searches OSCAR offers over them.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

use super::like::Like;

/// One row of table `demographic`. `None` is NULL and never goes over the wire; an empty string does.
#[derive(Clone, Debug, Default)]
pub struct Patient {
    pub number: i32,
    pub last_name: String,
    pub first_name: String,
    pub birth: Date,
    pub sex: Sex,
    /// Home phone, exactly as somebody typed it.
    pub phone: Option<String>,
    /// Work phone.
    pub phone2: Option<String>,
    /// In a side table: only Open-O shows it, and nobody can search it.
    pub cell_phone: Option<String>,
    pub email: Option<String>,
    pub hin: Option<String>,
    pub ver: Option<String>,
    /// `RO`, `NR`, …
    pub roster_status: Option<String>,
    pub hc_type: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    pub postal: Option<String>,
    pub alias: Option<String>,
    pub spoken_language: Option<String>,
    /// `AC`, `IN`, `DE`, …
    pub patient_status: Option<String>,
    /// The most responsible provider.
    pub provider_no: Option<String>,
    /// Set when this chart was merged into another one.
    pub head_record: Option<i32>,
    pub my_oscar_user_name: Option<String>,
    pub joined: Option<Date>,
    pub updated: Option<DateTime>,
    pub updated_by: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sex {
    M,
    F,
    T,
    O,
    #[default]
    U,
}

impl Sex {
    pub(crate) const ALL: [Self; 5] = [Self::M, Self::F, Self::T, Self::O, Self::U];

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sex| sex.code() == code)
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::M => "M",
            Self::F => "F",
            Self::T => "T",
            Self::O => "O",
            Self::U => "U",
        }
    }

    pub(crate) fn spelled(self) -> &'static str {
        match self {
            Self::M => "Male",
            Self::F => "Female",
            Self::T => "Transgendered",
            Self::O => "Other",
            Self::U => "Undefined",
        }
    }
}

/// Search by attributes: whatever is given must match, text as a substring with `%` as a wildcard.
#[derive(Debug, Default)]
pub(crate) struct Attributes<'a> {
    pub(crate) hin: Option<&'a str>,
    pub(crate) first_name: Option<&'a str>,
    pub(crate) last_name: Option<&'a str>,
    pub(crate) sex: Option<Sex>,
    pub(crate) birth: Option<Date>,
    pub(crate) city: Option<&'a str>,
    pub(crate) province: Option<&'a str>,
    pub(crate) phone: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
    pub(crate) alias: Option<&'a str>,
}

impl Attributes<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.sex.is_none() && self.birth.is_none() && self.texts().iter().all(Option::is_none)
    }

    /// In the order of `TEXT_COLUMNS`.
    fn texts(&self) -> [Option<&str>; 8] {
        [
            self.hin,
            self.first_name,
            self.last_name,
            self.city,
            self.province,
            self.phone,
            self.email,
            self.alias,
        ]
    }
}

/// The one or two columns that a text of a search is looked for in.
type Columns = fn(&Patient) -> [Option<&str>; 2];

const TEXT_COLUMNS: [Columns; 8] = [
    |row| [row.hin.as_deref(), None],
    |row| [Some(&row.first_name), None],
    |row| [Some(&row.last_name), None],
    |row| [row.city.as_deref(), None],
    |row| [row.province.as_deref(), None],
    |row| [row.phone.as_deref(), row.phone2.as_deref()],
    |row| [row.email.as_deref(), None],
    |row| [row.alias.as_deref(), None],
];

#[derive(Debug, Default)]
pub struct Patients(BTreeMap<i32, Patient>);

impl Patients {
    pub fn insert(&mut self, patient: Patient) {
        self.0.insert(patient.number, patient);
    }

    pub fn get(&self, number: i32) -> Option<&Patient> {
        self.0.get(&number)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Patient> {
        self.0.values()
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn highest_number(&self) -> i32 {
        self.0.keys().next_back().copied().unwrap_or_default()
    }

    /// `last[,first]`, both as prefixes; a comma alone decides where the given name starts.
    pub(crate) fn by_name(&self, term: &str) -> impl Iterator<Item = &Patient> {
        let (last, first) = term.split_once(',').unwrap_or((term, ""));
        let (last, first) = (Like::prefix(last.trim()), Like::prefix(first.trim()));
        self.iter().filter(move |row| last.matches(&row.last_name) && first.matches(&row.first_name))
    }

    pub(crate) fn by_attributes(&self, wanted: &Attributes<'_>) -> impl Iterator<Item = &Patient> {
        let (sex, birth) = (wanted.sex, wanted.birth);
        let pairs = wanted.texts().into_iter().zip(TEXT_COLUMNS);
        let filters: Vec<_> =
            pairs.filter_map(|(text, columns)| Some((Like::substring(text?), columns))).collect();
        self.iter().filter(move |row| {
            sex.is_none_or(|sex| row.sex == sex)
                && birth.is_none_or(|birth| row.birth == birth)
                && filters.iter().all(|(like, columns)| {
                    columns(row).into_iter().flatten().any(|value| like.matches(value))
                })
        })
    }
}
