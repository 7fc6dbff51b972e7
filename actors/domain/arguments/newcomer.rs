//! What a model passes on of somebody who wants to become a patient. Nothing is refused as a whole: whatever is missing
//! or cannot be right is listed at once, so that the agent asks for that and for nothing again.

use jiff::civil::Date;
use serde_json::Value;

use super::{Arguments, BadArgument, calendar_date};
use crate::domain::clinic::Clinic;
use crate::domain::health_number::{HealthNumber, Province};
use crate::domain::ids::ProviderNo;
use crate::domain::new_patient::{Address, NewPatient, Sex};
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::say::Language;

/// OSCAR's columns: what is longer, it cuts without a word.
const NAME: usize = 30;
const STREET: usize = 60;
const CITY: usize = 50;
const EMAIL: usize = 100;

/// As it was said; [`NewcomerForm::completed`] makes a person of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct NewcomerForm {
    first_name: Phi<Option<String>>,
    last_name: Phi<Option<String>>,
    born: Phi<Option<String>>,
    sex: Phi<Option<String>>,
    phone: Phi<Option<String>>,
    street: Phi<Option<String>>,
    city: Phi<Option<String>>,
    province: Phi<Option<String>>,
    postal_code: Phi<Option<String>>,
    health_number: Phi<Option<String>>,
    health_province: Phi<Option<String>>,
    email: Phi<Option<String>>,
    provider: Option<String>,
    language: Option<Language>,
    pub sms_consent: Option<bool>,
}

/// What is known without the caller saying it.
pub struct Known<'a> {
    pub clinic: &'a Clinic,
    /// From the telephone network: goes before whatever a model wrote down.
    pub caller: Option<&'a PhoneNumber>,
    pub language: Language,
    pub today: Date,
}

impl Arguments<'_> {
    pub(super) fn newcomer(&self) -> NewcomerForm {
        let said = |keys: &[&str]| Phi::new(self.text(keys).as_deref().map(in_one_line));
        let of_address = |keys: &[&str]| match self.value(&["address"]) {
            Some(Value::Object(address)) => {
                Phi::new(Arguments::new(address).text(keys).as_deref().map(in_one_line))
            }
            _ => said(keys),
        };
        let mut form = NewcomerForm {
            first_name: said(&["firstname", "givenname"]),
            last_name: said(&["lastname", "surname", "familyname"]),
            born: said(&["dateofbirth", "dob", "birthdate"]),
            sex: said(&["sex", "gender"]),
            phone: said(&["phone", "phonenumber"]),
            street: of_address(&["street", "streetaddress", "line1"]),
            city: of_address(&["city", "town"]),
            province: of_address(&["province", "state"]),
            postal_code: of_address(&["postalcode", "postal", "zip"]),
            health_number: said(&["phn", "hin", "healthnumber", "healthcardnumber"]),
            health_province: said(&["hinprovince", "phnprovince", "healthprovince"]),
            email: said(&["email"]),
            provider: self.text(&["preferredproviderid", "providerid", "providerno", "provider"]),
            language: self.text(&["preferredlanguage"]).and_then(|text| Language::named(&text)),
            sms_consent: self.flag(&["smsconsent"]),
        };
        if let (None, Some(line)) = (form.street.reveal(), self.text(&["address"])) {
            form.take_address(&line);
        }
        form
    }
}

impl NewcomerForm {
    /// "12 River Road, Vancouver BC V6B 1A1", said in one breath.
    fn take_address(&mut self, line: &str) {
        let mut parts = line.split(',').map(in_one_line);
        self.street = Phi::new(parts.next().filter(|part| !part.is_empty()));
        let (mut city, mut postal) = (None, None);
        for part in parts {
            let words: Vec<&str> = part.split(' ').collect();
            let tail = words.len().saturating_sub(2);
            for from in tail..words.len() {
                postal = postal.or_else(|| postal_code(&words[from..].concat()));
            }
            let is_name =
                |word: &&&str| Province::named(word).is_none() && !word.contains(|c: char| c.is_numeric());
            let name: Vec<&str> = words.iter().filter(is_name).copied().collect();
            city = city.or_else(|| Some(name.join(" ")).filter(|name| !name.is_empty()));
        }
        if self.city.reveal().is_none() {
            self.city = Phi::new(city);
        }
        if self.postal_code.reveal().is_none() {
            self.postal_code = Phi::new(postal);
        }
    }

    /// A whole person, or everything that has to be asked for.
    pub fn completed(&self, known: &Known<'_>) -> Result<NewPatient, Vec<BadArgument>> {
        let mut gaps = Vec::new();
        let first_name = take(&mut gaps, name(&self.first_name, "firstName"));
        let last_name = take(&mut gaps, name(&self.last_name, "lastName"));
        let born = take(&mut gaps, self.birth_date(known.today));
        let sex = take(&mut gaps, self.sex.reveal().as_deref().and_then(Sex::named).ok_or(SEX));
        let phone = take(&mut gaps, self.number(known.caller));
        let address = take(&mut gaps, self.address(known.clinic));
        let health_number = take(&mut gaps, self.health_number(known.clinic));
        let email = take(&mut gaps, self.email());
        let provider = take(&mut gaps, self.provider(known.clinic));
        match (first_name, last_name, born, sex, phone, address, health_number, email, provider) {
            (
                Some(first_name),
                Some(last_name),
                Some(born),
                Some(sex),
                Some(phone),
                Some(address),
                Some(health_number),
                Some(email),
                Some(provider),
            ) => Ok(NewPatient {
                first_name,
                last_name,
                born: Phi::new(born),
                sex: Phi::new(sex),
                phone: Phi::new(phone),
                address: Phi::new(address),
                health_number: Phi::new(health_number),
                email,
                provider,
                language: self.language.unwrap_or(known.language),
            }),
            _ => Err(gaps),
        }
    }

    fn birth_date(&self, today: Date) -> Result<Date, BadArgument> {
        let born = self.born.reveal().as_deref().and_then(calendar_date);
        born.filter(|born| *born <= today).ok_or(super::BIRTH_DATE)
    }

    fn number(&self, caller: Option<&PhoneNumber>) -> Result<PhoneNumber, BadArgument> {
        let said = || self.phone.reveal().as_deref().and_then(|text| PhoneNumber::parse(text).ok());
        caller.cloned().or_else(said).ok_or(PHONE)
    }

    fn address(&self, clinic: &Clinic) -> Result<Address, BadArgument> {
        let fits = |text: &Phi<Option<String>>, width| {
            text.reveal().clone().filter(|text| (1..=width).contains(&text.chars().count()))
        };
        let street = fits(&self.street, STREET).ok_or(STREET_WANTED)?;
        let city = fits(&self.city, CITY).ok_or(CITY_WANTED)?;
        let province = province(&self.province, clinic).ok_or(PROVINCE_WANTED)?;
        let postal_code = match self.postal_code.reveal() {
            Some(said) => postal_code(said).ok_or(POSTAL_CODE)?,
            None => String::new(),
        };
        Ok(Address { street, city, province, postal_code })
    }

    /// Said to be none, or one that can exist.
    fn health_number(&self, clinic: &Clinic) -> Result<Option<HealthNumber>, BadArgument> {
        const NONE: [&str; 5] = ["none", "no", "na", "notavailable", "unknown"];
        let said = self.health_number.reveal().as_deref().ok_or(HEALTH_NUMBER)?;
        let plain: String = said.chars().filter(char::is_ascii_alphabetic).collect();
        if NONE.contains(&plain.to_lowercase().as_str()) && !said.contains(|c: char| c.is_numeric()) {
            return Ok(None);
        }
        let province = province(&self.health_province, clinic).ok_or(HEALTH_PROVINCE)?;
        HealthNumber::parse(said, province).map(Some).map_err(|_| HEALTH_NUMBER)
    }

    fn email(&self) -> Result<Phi<String>, BadArgument> {
        let said = self.email.reveal().as_deref().unwrap_or_default();
        let (local, host) = said.split_once('@').unwrap_or_default();
        let is_address = !local.is_empty()
            && host.contains('.')
            && !said.contains(char::is_whitespace)
            && said.chars().count() <= EMAIL;
        if said.is_empty() || is_address { Ok(Phi::new(said.to_owned())) } else { Err(EMAIL_WANTED) }
    }

    /// One who takes new patients, or the clinic's usual one.
    fn provider(&self, clinic: &Clinic) -> Result<Option<ProviderNo>, BadArgument> {
        let Some(said) = self.provider.as_deref().filter(|said| !said.eq_ignore_ascii_case("any")) else {
            return Ok(clinic.registration.provider.clone());
        };
        let known = ProviderNo::parse(said).ok().and_then(|no| clinic.provider(&no));
        let takes = known.filter(|known| clinic.policy_of(known).accepts_new_patients().value);
        takes.map(|known| Some(known.provider_no.clone())).ok_or(PROVIDER)
    }
}

fn take<T>(gaps: &mut Vec<BadArgument>, read: Result<T, BadArgument>) -> Option<T> {
    read.map_err(|gap| gaps.push(gap)).ok()
}

fn name(said: &Phi<Option<String>>, argument: &'static str) -> Result<Phi<String>, BadArgument> {
    let is_name = |text: &&String| text.contains(char::is_alphabetic) && text.chars().count() <= NAME;
    let want = "a name of at most 30 letters";
    let name = said.reveal().as_ref().filter(is_name).ok_or(BadArgument { name: argument, want })?;
    Ok(Phi::new(name.clone()))
}

fn province(said: &Phi<Option<String>>, clinic: &Clinic) -> Option<Province> {
    said.reveal().as_deref().map_or(Some(clinic.registration.province), Province::named)
}

/// `V6B 1A1`, from any spelling.
fn postal_code(said: &str) -> Option<String> {
    let plain: Vec<char> =
        said.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect();
    let alternates = plain.iter().enumerate().all(|(place, c)| match place % 2 {
        0 => c.is_ascii_uppercase(),
        _ => c.is_ascii_digit(),
    });
    let code: String = plain.iter().collect();
    (code.len() == 6 && alternates).then(|| format!("{} {}", &code[..3], &code[3..]))
}

/// No line breaks and no double spaces in a chart.
fn in_one_line(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

const SEX: BadArgument = BadArgument { name: "sex", want: "M, F, X, O for other or U for unknown" };
const PHONE: BadArgument = BadArgument { name: "phone", want: "ten digits the clinic can call" };
const STREET_WANTED: BadArgument =
    BadArgument { name: "address.street", want: "number and street, up to 60 letters" };
const CITY_WANTED: BadArgument = BadArgument { name: "address.city", want: "a city or town" };
const PROVINCE_WANTED: BadArgument = BadArgument { name: "address.province", want: "a province like BC" };
const POSTAL_CODE: BadArgument =
    BadArgument { name: "address.postalCode", want: "a code like V6B 1A1, or left out" };
const HEALTH_NUMBER: BadArgument =
    BadArgument { name: "healthNumber", want: "the number on the health card, digit by digit, or none" };
const HEALTH_PROVINCE: BadArgument = BadArgument { name: "hinProvince", want: "a province like BC" };
const EMAIL_WANTED: BadArgument =
    BadArgument { name: "email", want: "an address with an @ in it, or left out" };
const PROVIDER: BadArgument = BadArgument {
    name: "preferredProviderId",
    want: "an id that get_providers gave with acceptsNewPatients, or any",
};

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::*;
    use crate::testing::clinic;

    fn completed(arguments: &Value, caller: Option<&str>) -> Result<NewPatient, Vec<&'static str>> {
        let clinic = clinic("maple", 2);
        let caller = caller.map(|number| PhoneNumber::parse(number).unwrap());
        let known = Known {
            clinic: &clinic,
            caller: caller.as_ref(),
            language: Language::Zh,
            today: date(2026, 11, 23),
        };
        let form = Arguments::new(arguments.as_object().unwrap()).newcomer();
        form.completed(&known).map_err(|gaps| gaps.iter().map(|gap| gap.name).collect())
    }

    fn whole() -> Value {
        json!({
            "first_name": " Zoé ", "lastName": "Côté", "dob": "1991-02-03", "gender": "female", "phone": "604 555 0177",
            "address": { "street": "12  Rue King", "city": "Vancouver", "postalCode": "v6b1a1" },
            "phn": "9999 004 755", "email": "zoe@mail.example.test", "preferredProviderId": "021",
        })
    }

    #[test]
    fn a_form_is_read_in_any_spelling_and_the_number_that_rang_goes_before_the_one_said() {
        let Ok(who) = completed(&whole(), Some("604-555-0142")) else { panic!("complete") };
        assert!(who.first_name.reveal() == "Zoé" && who.phone.reveal().digits() == "6045550142");
        let address = who.address.reveal();
        assert_eq!((address.street.as_str(), address.postal_code.as_str()), ("12 Rue King", "V6B 1A1"));
        assert!(address.province == Province::Bc && who.language == Language::Zh);
        assert!(who.health_number.reveal().as_ref().unwrap().number() == "9999004755");
        let Ok(withheld) = completed(&whole(), None) else { panic!("complete") };
        assert!(withheld.phone.reveal().digits() == "6045550177");
    }

    #[test]
    fn everything_that_is_missing_is_asked_for_at_once() {
        let gaps = completed(&json!({}), None).err().unwrap();
        let all = ["firstName", "lastName", "dateOfBirth", "sex", "phone", "address.street", "healthNumber"];
        assert_eq!(gaps, all);
    }

    #[test]
    fn what_cannot_be_right_is_asked_for_again() {
        for (key, wrong, asked) in [
            ("phn", json!("9999004756"), "healthNumber"),
            ("hinProvince", json!("Washington"), "hinProvince"),
            ("dob", json!("2026-11-24"), "dateOfBirth"),
            ("gender", json!("yes"), "sex"),
            ("first_name", json!("12"), "firstName"),
            ("lastName", json!("x".repeat(31)), "lastName"),
            ("email", json!("at home"), "email"),
            ("preferredProviderId", json!("999"), "preferredProviderId"),
            (
                "address",
                json!({ "street": "12 King", "city": "Hope", "postalCode": "12345" }),
                "address.postalCode",
            ),
            ("address", json!({ "street": "12 King" }), "address.city"),
        ] {
            let mut arguments = whole();
            arguments[key] = wrong;
            assert_eq!(completed(&arguments, None).err(), Some(vec![asked]), "{key}");
        }
    }

    #[test]
    fn who_has_no_card_says_so_and_another_provinces_card_is_checked_as_its_own() {
        let mut arguments = whole();
        arguments["phn"] = json!("none");
        assert!(completed(&arguments, None).is_ok_and(|who| who.health_number.reveal().is_none()));
        (arguments["phn"], arguments["hinProvince"]) = (json!("9999004717 AB"), json!("Ontario"));
        let Ok(who) = completed(&arguments, None) else { panic!("complete") };
        let number = who.health_number.reveal().clone().unwrap();
        assert_eq!((number.number(), number.version()), ("9999004717", "AB"));
    }

    #[test]
    fn an_address_may_be_one_sentence() {
        let mut arguments = whole();
        arguments["address"] = json!("12 River Road, New Westminster BC V6B 1A1");
        let Ok(who) = completed(&arguments, None) else { panic!("complete") };
        let Address { street, city, postal_code, .. } = who.address.reveal();
        assert_eq!(
            (street.as_str(), city.as_str(), postal_code.as_str()),
            ("12 River Road", "New Westminster", "V6B 1A1")
        );
    }
}
