//! People every seeded clinic knows, so that a demonstration or a test can call as one of them. All invented.

use jiff::civil::{Date, date};

/// The integration account of every seeded clinic.
pub const LOGIN: &str = "voicedesk";
/// Its password, until the clinic is given another one.
pub const PASSWORD: &str = "correct horse";
/// Its number, which the security header wants as the user name.
pub const SECURITY_ID: i32 = 131;

/// As whom it acts.
pub const PROVIDER_NO: &str = "210";

/// What the clinic's administrator registered for the REST services.
pub const CONSUMER_KEY: &str = "vitara0demo0desk";
pub const CONSUMER_SECRET: &str = "n0t0a0real0s3cret";
/// What a callback must begin with.
pub const CALLBACK: &str = "http://localhost";

/// What the bridge beside a seeded clinic's server wants to be shown.
pub const BRIDGE_KEY: &str = "br1dge0demo0key0";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    pub demographic_no: i32,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub birth: Date,
    /// As typed into the chart.
    pub phone: &'static str,
    pub hin: &'static str,
}

const fn person(
    demographic_no: i32,
    name: (&'static str, &'static str),
    birth: Date,
    phone: &'static str,
    hin: &'static str,
) -> Person {
    Person { demographic_no, first_name: name.0, last_name: name.1, birth, phone, hin }
}

/// Calls from her home phone, and has one appointment: with provider 101, at ten o'clock on the third working
/// day after today.
pub const MARIE: Person = person(4711, ("Marie", "Tremblay"), date(1979, 4, 7), "604-555-0142", "9999004711");

/// Speaks Mandarin; somebody typed the number with brackets.
pub const WEI: Person = person(4712, ("Wei", "Zhang"), date(1985, 11, 23), "(604) 555-0144", "9999004712");

/// Reached at work: the chart has this number as the work phone and none at home.
pub const OMAR: Person = person(4713, ("Omar", "Haddad"), date(1968, 2, 29), "6045550146", "9999004713");

/// One household, one telephone, different birth dates.
pub const HOUSEHOLD: [Person; 2] = [
    person(4721, ("Harpreet", "Gill"), date(1981, 8, 14), "604-555-0120", "9999004721"),
    person(4722, ("Jasleen", "Gill"), date(2015, 5, 30), "604-555-0120", "9999004722"),
];

/// Same telephone and same birth date: only the given name tells them apart.
pub const TWINS: [Person; 2] = [
    person(4723, ("Noah", "Peters"), date(2012, 1, 19), "604 555 0121", "9999004723"),
    person(4724, ("Liam", "Peters"), date(2012, 1, 19), "604 555 0121", "9999004724"),
];

/// Same name, different people.
pub const NAMESAKES: [Person; 2] = [
    person(4725, ("Min", "Li"), date(1990, 3, 3), "604-555-0122", "9999004725"),
    person(4726, ("Min", "Li"), date(1958, 12, 9), "6045550123", "9999004726"),
];

/// Accents and a hyphen.
pub const ZOE: Person =
    person(4727, ("Zoé", "Côté-Bélanger"), date(1994, 7, 1), "604.555.0124", "9999004727");

/// An old chart that was merged into the other one.
pub const MERGED: Person =
    person(4731, ("Elena", "Petrova"), date(1973, 10, 12), "604-555-0125", "9999004732");
pub const MERGED_INTO: Person =
    person(4732, ("Elena", "Petrova-Ross"), date(1973, 10, 12), "604-555-0125", "9999004732");

/// Died; the chart is still found.
pub const DECEASED: Person =
    person(4733, ("Walter", "Braun"), date(1931, 6, 6), "604-555-0126", "9999004733");

/// Withheld the number: the chart holds the area code the form starts with.
pub const WITHHELD: Person = person(4734, ("Grace", "Kim"), date(2001, 9, 27), "604-", "9999004734");

/// Two clinics, one chart number, two people: whoever mixes up clinics meets the wrong one.
pub const ONLY_AT_MAPLE: Person =
    person(4760, ("Ingrid", "Solberg"), date(1966, 5, 17), "604-555-0130", "9999004760");
pub const ONLY_AT_CEDAR: Person =
    person(4760, ("Kwame", "Mensah"), date(1988, 3, 6), "604-555-0131", "9999004761");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybodys_number_is_fictitious() {
        let people = [MARIE, WEI, OMAR, ZOE, MERGED, MERGED_INTO, DECEASED, ONLY_AT_MAPLE, ONLY_AT_CEDAR];
        for person in people.into_iter().chain(HOUSEHOLD).chain(TWINS).chain(NAMESAKES) {
            let digits: String = person.phone.chars().filter(char::is_ascii_digit).collect();
            assert!(digits.starts_with("60455501") && digits.len() == 10, "{}", person.phone);
        }
    }
}
