//! Who is calling: two factors or nothing (law I-3).
//!
//! A birth date is always one of the two, with the caller's own number or a name as the other: a number and a name
//! alone are known to everybody who shares the household's telephone.

use jiff::civil::Date;

use super::ids::{DemographicNo, ProviderNo};
use super::phi::Phi;
use super::phone::PhoneNumber;

/// A chart, as far as a receptionist may see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Patient {
    pub no: DemographicNo,
    pub first_name: Phi<String>,
    pub last_name: Phi<String>,
    pub birth_date: Option<Phi<Date>>,
    /// As typed at the clinic, in any spelling.
    pub phones: Vec<Phi<String>>,
    pub standing: Standing,
    /// Set when this chart was merged into another: the other one counts.
    pub merged_into: Option<DemographicNo>,
    pub provider: Option<ProviderNo>,
}

/// OSCAR's `patientStatus`, as far as it matters for booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Active,
    Inactive,
    Deceased,
}

impl Standing {
    /// Codes as shipped; a site's own strings count as active.
    pub fn of(code: &str) -> Self {
        match code {
            "DE" => Self::Deceased,
            "IN" | "IC" | "ID" | "MO" | "FI" => Self::Inactive,
            _ => Self::Active,
        }
    }
}

impl Patient {
    /// `LAST,FIRST`, as the day sheet prints it.
    pub fn sheet_name(&self) -> Phi<String> {
        let name = format!("{},{}", self.last_name.reveal(), self.first_name.reveal());
        Phi::new(name.to_uppercase())
    }

    /// Whether these are this chart's names, in any spelling and either order; with `slips`, also when they are near.
    pub fn answers_to(&self, first: &Phi<String>, last: &Phi<String>, slips: bool) -> bool {
        match match_name(Some(first), Some(last), self) {
            NameMatch::Exact => true,
            NameMatch::Near => slips,
            NameMatch::Silent | NameMatch::Differs => false,
        }
    }
}

/// What a caller has said, and what the telephone network said for them.
#[derive(Clone, Default)]
pub struct Testimony {
    /// From the call itself, never from the model.
    pub caller: Option<PhoneNumber>,
    pub first_name: Option<Phi<String>>,
    pub last_name: Option<Phi<String>>,
    pub birth_date: Option<Phi<Date>>,
}

/// Which of the three factors agree with one chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Factors {
    pub number: bool,
    pub name: bool,
    pub birth_date: bool,
}

impl Factors {
    /// Law I-3.
    pub const fn suffice(self) -> bool {
        self.birth_date && (self.number || self.name)
    }
}

/// What a search for the caller came to.
#[derive(Clone, PartialEq, Eq)]
pub enum Identification {
    Verified(Box<Patient>),
    /// Two charts agree equally well; nothing is said about either.
    Ambiguous,
    NotFound,
}

/// Compares testimony with charts. A statement that contradicts a chart rules the chart out, it does not merely fail to
/// support it.
pub fn identify(testimony: &Testimony, charts: &[Patient]) -> Identification {
    let mut fitting: Vec<(&Patient, Resemblance)> = charts
        .iter()
        .filter(|chart| chart.standing == Standing::Active && chart.merged_into.is_none())
        .filter_map(|chart| resemblance(testimony, chart).map(|found| (chart, found)))
        .filter(|(_, found)| found.factors.suffice())
        .collect();
    fitting.sort_by_key(|(chart, _)| chart.no);
    fitting.dedup_by_key(|(chart, _)| chart.no);
    if fitting.iter().any(|(_, found)| found.exact_name) {
        fitting.retain(|(_, found)| found.exact_name);
    }
    match fitting.as_slice() {
        [] => Identification::NotFound,
        [(chart, _)] => Identification::Verified(Box::new((*chart).clone())),
        _ => Identification::Ambiguous,
    }
}

struct Resemblance {
    factors: Factors,
    exact_name: bool,
}

fn resemblance(testimony: &Testimony, chart: &Patient) -> Option<Resemblance> {
    let birth_date = match &testimony.birth_date {
        Some(said) if chart.birth_date.as_ref() == Some(said) => true,
        Some(_) => return None,
        None => false,
    };
    let name = match (&testimony.first_name, &testimony.last_name) {
        (None, None) => NameMatch::Silent,
        (first, last) => match match_name(first.as_ref(), last.as_ref(), chart) {
            NameMatch::Differs => return None,
            other => other,
        },
    };
    let number = testimony.caller.as_ref().is_some_and(|caller| caller.is_among(&chart.phones));
    Some(Resemblance {
        factors: Factors { number, name: matches!(name, NameMatch::Exact | NameMatch::Near), birth_date },
        exact_name: name == NameMatch::Exact,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NameMatch {
    Exact,
    Near,
    /// Given in part: it contradicts nothing and proves nothing.
    Silent,
    Differs,
}

fn match_name(first: Option<&Phi<String>>, last: Option<&Phi<String>>, chart: &Patient) -> NameMatch {
    let (chart_first, chart_last) = (folded(chart.first_name.reveal()), folded(chart.last_name.reveal()));
    match (first.map(|name| folded(name.reveal())), last.map(|name| folded(name.reveal()))) {
        (Some(first), Some(last)) => {
            // Chinese names arrive in either order.
            let straight = pair(&first, &chart_first, &last, &chart_last);
            let swapped = pair(&last, &chart_first, &first, &chart_last);
            if straight == NameMatch::Differs { swapped } else { straight }
        }
        (Some(one), None) | (None, Some(one)) => {
            if close(&one, &chart_first) || close(&one, &chart_last) {
                NameMatch::Silent
            } else {
                NameMatch::Differs
            }
        }
        (None, None) => NameMatch::Silent,
    }
}

fn pair(first: &str, chart_first: &str, last: &str, chart_last: &str) -> NameMatch {
    if first == chart_first && last == chart_last {
        NameMatch::Exact
    } else if close(last, chart_last) && (close(first, chart_first) || short_form(first, chart_first)) {
        NameMatch::Near
    } else {
        NameMatch::Differs
    }
}

/// Letters only, lower case, accents removed: what survives dictation, transcription and a clerk's keyboard.
pub(super) fn folded(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    name.nfkd().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// "Rob" for "Robert", and the other way round.
fn short_form(said: &str, chart: &str) -> bool {
    let (short, long) = if said.len() < chart.len() { (said, chart) } else { (chart, said) };
    short.chars().count() >= 3 && long.starts_with(short)
}

/// Equal, or one letter apart when long enough that one letter is a slip and not another name.
fn close(said: &str, chart: &str) -> bool {
    if said == chart {
        return !said.is_empty();
    }
    let (said, chart): (Vec<char>, Vec<char>) = (said.chars().collect(), chart.chars().collect());
    said.len().min(chart.len()) >= 5 && one_edit_apart(&said, &chart)
}

fn one_edit_apart(a: &[char], b: &[char]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let head = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    match long.len() - short.len() {
        0 => short[head + 1..] == long[head + 1..],
        1 => short[head..] == long[head + 1..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn chart(no: i32, first: &str, last: &str, born: Date, phones: &[&str]) -> Patient {
        Patient {
            no: DemographicNo::new(no),
            first_name: first.to_owned().into(),
            last_name: last.to_owned().into(),
            birth_date: Some(born.into()),
            phones: phones.iter().map(|phone| (*phone).to_owned().into()).collect(),
            standing: Standing::Active,
            merged_into: None,
            provider: None,
        }
    }

    fn says(caller: Option<&str>, name: Option<(&str, &str)>, born: Option<Date>) -> Testimony {
        Testimony {
            caller: caller.map(|number| PhoneNumber::parse(number).unwrap()),
            first_name: name.map(|(first, _)| first.to_owned().into()),
            last_name: name.map(|(_, last)| last.to_owned().into()),
            birth_date: born.map(Phi::new),
        }
    }

    fn found(testimony: &Testimony, charts: &[Patient]) -> Option<i32> {
        match identify(testimony, charts) {
            Identification::Verified(patient) => Some(patient.no.reveal()),
            _ => None,
        }
    }

    #[test]
    fn one_factor_is_never_enough() {
        let born = date(1979, 4, 7);
        let charts = [chart(1, "Marie", "Tremblay", born, &["604-555-0142"])];
        assert_eq!(found(&says(Some("6045550142"), None, None), &charts), None);
        assert_eq!(found(&says(None, Some(("Marie", "Tremblay")), None), &charts), None);
        assert_eq!(found(&says(None, None, Some(born)), &charts), None);
        assert_eq!(found(&says(Some("6045550142"), Some(("Marie", "Tremblay")), None), &charts), None);
    }

    #[test]
    fn a_birth_date_with_number_or_name_identifies() {
        let born = date(1979, 4, 7);
        let charts = [chart(1, "Marie", "Tremblay", born, &["604-555-0142"])];
        assert_eq!(found(&says(Some("6045550142"), None, Some(born)), &charts), Some(1));
        assert_eq!(
            found(&says(Some("6045550199"), Some(("marie", "TREMBLAY")), Some(born)), &charts),
            Some(1)
        );
        assert_eq!(found(&says(Some("6045550199"), None, Some(born)), &charts), None);
    }

    #[test]
    fn a_wrong_statement_rules_a_chart_out_though_others_agree() {
        let born = date(1979, 4, 7);
        let charts = [chart(1, "Marie", "Tremblay", born, &["604-555-0142"])];
        assert_eq!(found(&says(Some("6045550142"), Some(("Julie", "Gagnon")), Some(born)), &charts), None);
        assert_eq!(
            found(&says(Some("6045550142"), Some(("Marie", "Tremblay")), Some(date(1979, 4, 8))), &charts),
            None
        );
    }

    #[test]
    fn a_household_is_told_apart_by_birth_date_and_twins_by_name() {
        let (parent, twins) = (date(1980, 1, 1), date(2010, 5, 5));
        let charts = [
            chart(1, "Ann", "Lee", parent, &["6045550143"]),
            chart(2, "Max", "Lee", twins, &["6045550143"]),
            chart(3, "Mia", "Lee", twins, &["6045550143"]),
        ];
        assert_eq!(found(&says(Some("6045550143"), None, Some(parent)), &charts), Some(1));
        assert!(matches!(
            identify(&says(Some("6045550143"), None, Some(twins)), &charts),
            Identification::Ambiguous
        ));
        assert_eq!(found(&says(Some("6045550143"), Some(("Mia", "Lee")), Some(twins)), &charts), Some(3));
    }

    #[test]
    fn spelling_noise_matches_and_other_names_do_not() {
        let born = date(1990, 9, 23);
        let charts = [chart(1, "Hélène", "Chén-Test", born, &[]), chart(2, "Wei", "Wang", born, &[])];
        for (first, last, expected) in [
            ("Helene", "Chen Test", Some(1)),
            ("Helen", "ChenTest", Some(1)),
            ("Wang", "Wei", Some(2)),
            ("Wei", "Wong", None),
            ("Hel", "Chentest", Some(1)),
            ("", "", None),
        ] {
            assert_eq!(
                found(&says(None, Some((first, last)), Some(born)), &charts),
                expected,
                "{first} {last}"
            );
        }
    }

    #[test]
    fn an_exact_name_wins_over_a_near_one() {
        let born = date(1990, 9, 23);
        let charts = [chart(1, "Martin", "Larsen", born, &[]), chart(2, "Martin", "Larson", born, &[])];
        assert_eq!(found(&says(None, Some(("Martin", "Larson")), Some(born)), &charts), Some(2));
    }

    #[test]
    fn merged_inactive_and_deceased_charts_identify_nobody() {
        let born = date(1979, 4, 7);
        let mut charts = [chart(1, "Marie", "Tremblay", born, &["604-555-0142"])];
        charts[0].merged_into = Some(DemographicNo::new(2));
        assert_eq!(found(&says(Some("6045550142"), None, Some(born)), &charts), None);
        charts[0].merged_into = None;
        charts[0].standing = Standing::Deceased;
        assert_eq!(found(&says(Some("6045550142"), None, Some(born)), &charts), None);
    }
}
