//! Health card numbers of the provinces, as callers read them out: a slip of the tongue is noticed while they are still
//! on the line, as far as a number's own check digit can tell.

use serde::{Deserialize, Serialize};

macro_rules! provinces {
    ($($variant:ident $name:literal: $letters:literal letters $digits:literal digits;)+) => {
        /// A province or territory: who issued a health card, or where somebody lives.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "UPPERCASE")]
        pub enum Province { $($variant),+ }

        impl Province {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// How many letters its health numbers begin with, and how many digits follow.
            const fn shape(self) -> (usize, usize) {
                match self { $(Self::$variant => ($letters, $digits)),+ }
            }

            /// Two capitals.
            pub fn code(self) -> String {
                format!("{self:?}").to_uppercase()
            }
        }
    };
}

provinces! {
    Bc "british columbia": 0 letters 10 digits;
    Ab "alberta": 0 letters 9 digits;
    Sk "saskatchewan": 0 letters 9 digits;
    Mb "manitoba": 0 letters 9 digits;
    On "ontario": 0 letters 10 digits;
    Qc "quebec": 4 letters 8 digits;
    Nb "new brunswick": 0 letters 9 digits;
    Ns "nova scotia": 0 letters 10 digits;
    Pe "prince edward island": 0 letters 8 digits;
    Nl "newfoundland and labrador": 0 letters 12 digits;
    Yt "yukon": 0 letters 9 digits;
    Nt "northwest territories": 1 letters 7 digits;
    Nu "nunavut": 0 letters 9 digits;
}

impl Province {
    /// By its two letters or its name, in any case.
    pub fn named(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase().replace(['é', 'É'], "e");
        Self::ALL.iter().copied().find(|it| text == it.code().to_lowercase() || text == it.name())
    }
}

/// A number that may exist. Whether it does, only the province knows.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthNumber {
    province: Province,
    number: String,
    /// The letters behind an Ontario number, which change with each new card.
    version: String,
}

/// The text holds no health number of that province.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a health number of that province")]
pub struct NotAHealthNumber;

impl HealthNumber {
    /// With any punctuation; for Ontario with or without the version code behind it.
    pub fn parse(text: &str, province: Province) -> Result<Self, NotAHealthNumber> {
        let said: String =
            text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        let (letters, digits) = province.shape();
        let (number, version) = said.split_at_checked(letters + digits).ok_or(NotAHealthNumber)?;
        let (head, tail) = number.split_at(letters);
        let shaped = head.bytes().all(|c| c.is_ascii_uppercase()) && tail.bytes().all(|c| c.is_ascii_digit());
        let checks = match province {
            Province::Bc => version.is_empty() && is_phn(number),
            Province::On => is_version(version) && is_luhn(number),
            _ => version.is_empty(),
        };
        if !shaped || !checks {
            return Err(NotAHealthNumber);
        }
        Ok(Self { province, number: number.to_owned(), version: version.to_owned() })
    }

    pub const fn province(&self) -> Province {
        self.province
    }

    pub fn number(&self) -> &str {
        &self.number
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether this is what somebody typed into a chart.
    pub fn is_typed_as(&self, typed: &str) -> bool {
        let typed = typed.chars().filter(char::is_ascii_alphanumeric);
        typed.map(|c| c.to_ascii_uppercase()).eq(self.number.chars())
    }
}

fn digits(number: &str) -> impl DoubleEndedIterator<Item = u32> {
    number.bytes().map(|digit| u32::from(digit.wrapping_sub(b'0')))
}

/// British Columbia: a nine, eight digits, and a check digit modulo 11 over these eight.
fn is_phn(number: &str) -> bool {
    const WEIGHTS: [u32; 8] = [2, 4, 8, 5, 10, 9, 7, 3];
    let sum: u32 = digits(number).skip(1).zip(WEIGHTS).map(|(digit, weight)| digit * weight % 11).sum();
    number.starts_with('9') && digits(number).last() == Some(11 - sum % 11)
}

/// Ontario: modulo 10, every second digit doubled.
fn is_luhn(number: &str) -> bool {
    let doubled = |(place, digit): (usize, u32)| match (place % 2, digit * 2) {
        (0, _) => digit,
        (_, double) => double / 10 + double % 10,
    };
    digits(number).rev().enumerate().map(doubled).sum::<u32>().is_multiple_of(10)
}

fn is_version(text: &str) -> bool {
    text.len() <= 2 && text.bytes().all(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str, province: Province) -> Option<String> {
        HealthNumber::parse(text, province).ok().map(|it| format!("{}{}", it.number, it.version))
    }

    /// From the published examples of the check digit, by those who implement it for others.
    #[test]
    fn a_number_of_british_columbia_begins_with_nine_and_ends_with_its_check_digit() {
        for valid in ["9698 658 215", "9012-372-173", "9999004755"] {
            assert!(number(valid, Province::Bc).is_some(), "{valid}");
        }
        for wrong in
            ["9698 648 215", "5736 504 210", "9999004756", "999900475", "99990047550", "", "9999004755AB"]
        {
            assert_eq!(number(wrong, Province::Bc), None, "{wrong}");
        }
    }

    #[test]
    fn a_number_of_ontario_obeys_luhn_and_may_have_a_version_code() {
        assert_eq!(number("9999-004-717", Province::On).as_deref(), Some("9999004717"));
        assert_eq!(number("9999 004 717 ab", Province::On).as_deref(), Some("9999004717AB"));
        assert!(number("9876 543 217", Province::On).is_some(), "as published");
        for wrong in ["9999004710", "9999004717ABC", "99990047171", "9999004717A1"] {
            assert_eq!(number(wrong, Province::On), None, "{wrong}");
        }
    }

    #[test]
    fn of_the_other_provinces_only_the_length_is_known() {
        for (text, province) in [
            ("12345-6789", Province::Ab),
            ("TREM 5812 3456", Province::Qc),
            ("N1234567", Province::Nt),
            ("123456789012", Province::Nl),
        ] {
            assert!(number(text, province).is_some(), "{text}");
            assert_eq!(number(&text[1..], province), None, "{text}");
        }
        assert_eq!(number("TREM58123456", Province::Ns), None);
    }

    #[test]
    fn a_province_is_known_by_code_and_name() {
        for province in Province::ALL {
            assert_eq!(Province::named(&province.code()), Some(*province));
            assert_eq!(Province::named(&province.name().to_uppercase()), Some(*province));
        }
        assert_eq!(Province::named("Québec"), Some(Province::Qc));
        assert_eq!(Province::named("Washington"), None);
    }

    #[test]
    fn a_chart_holds_it_in_any_spelling() {
        let number = HealthNumber::parse("9999004755", Province::Bc).unwrap();
        assert!(number.is_typed_as("9999 004 755") && !number.is_typed_as("19999004755"));
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(text: String, province in prop::sample::select(Province::ALL)) {
            let _ = HealthNumber::parse(&text, province);
        }

        /// Every single slip is noticed.
        #[test]
        fn one_wrong_digit_is_found_out(place in 0_usize..10, slip in 1_u8..10) {
            for (valid, province) in [("9999004755", Province::Bc), ("9999004717", Province::On)] {
                let mut bytes = valid.as_bytes().to_vec();
                bytes[place] = b'0' + (bytes[place] - b'0' + slip) % 10;
                let slipped = String::from_utf8(bytes).unwrap();
                prop_assert!(HealthNumber::parse(&slipped, province).is_err(), "{}", slipped);
            }
        }
    }
}
