//! The marked people, and what nobody may find of them outside the envelopes they belong in.

use jiff::civil::{Date, Time, date};
use vitarad::sandbox::oscar::{Appointment, Details, Flavour, Patient, World, demo};

use crate::premises::{API_KEY, MASTER_KEY, OPERATOR_TOKEN, WEBHOOK_SECRET};
use crate::town::{today, world};

pub(crate) const EMR_PASSWORD: &str = "emr-password-4b7a10c9";
pub(crate) const WRONG_KEY: &str = "wrong-key-77c1e05d";

/// A bird is known to the clinic; each calls from a number of its own.
pub(crate) const FLOCK: u8 = 40;
pub(crate) const LAST_NAME: &str = "Quagmirewitz";
pub(crate) const BORN: Date = date(1937, 11, 29);
/// What a bird wants to be seen for.
pub(crate) const REASON: &str = "spelunkeritis";
/// What staff wrote about a bird.
const STAFFS_NOTE: &str = "wanderlungen";
/// Somebody whom no clinic knows.
pub(crate) const STRANGER: (&str, &str, &str) = ("Xylophilia", "Brouhahashi", "1931-07-23");
/// What was said on the telephone.
pub(crate) const SPOKEN: &str = "my thromboflorensis is back";

const FIRST_CHART: i32 = 913_370_400;

#[derive(Clone, Copy)]
pub(crate) struct Bird(pub(crate) u8);

impl Bird {
    pub(crate) fn first_name(self) -> String {
        format!("Zebulonette{}{}", char::from(b'a' + self.0 / 10), char::from(b'a' + self.0 % 10))
    }

    pub(crate) fn phone(self) -> String {
        format!("604-555-01{:02}", 50 + self.0)
    }

    fn chart(self) -> i32 {
        FIRST_CHART + i32::from(self.0)
    }

    fn hin(self) -> String {
        format!("98760041{:02}", self.0)
    }
}

/// The Maple clinic with the flock among its patients. Each bird has an appointment that staff made.
pub(crate) fn aviary() -> World {
    let mut world = world(Flavour::Maple).with_password(EMR_PASSWORD);
    for bird in (0..FLOCK).map(Bird) {
        world.patients.insert(Patient {
            number: bird.chart(),
            first_name: bird.first_name(),
            last_name: LAST_NAME.to_owned(),
            birth: BORN,
            phone: Some(bird.phone()),
            hin: Some(bird.hin()),
            patient_status: Some("AC".to_owned()),
            ..Patient::default()
        });
        let minute = i8::try_from(bird.0).expect("a small flock");
        let start = Time::constant(18 + minute / 12, minute % 12 * 5, 0, 0);
        world.book.insert(Appointment {
            date: today().tomorrow().expect("a day"),
            start,
            end: start.with().second(59).minute(start.minute() + 4).build().expect("a time"),
            details: Details {
                provider_no: "007".to_owned(),
                demographic_no: bird.chart(),
                name: Some(format!("{LAST_NAME},{}", bird.first_name())),
                notes: Some(STAFFS_NOTE.to_owned()),
                reason: Some(REASON.to_owned()),
                status: Some("t".to_owned()),
                ..Details::default()
            },
            ..Appointment::default()
        });
    }
    world
}

/// Everything about anybody: names, dates, numbers in every spelling we or others use, words spoken and written.
pub(crate) fn people() -> Vec<String> {
    let mut marks: Vec<String> = ["zebulonette", LAST_NAME, REASON, STAFFS_NOTE, "thromboflorensis"]
        .into_iter()
        .chain(["1937-11-29", "19371129", "1931-07-23", STRANGER.0, STRANGER.1])
        .map(str::to_owned)
        .collect();
    for bird in (0..FLOCK).map(Bird) {
        // All ten digits where nothing stands between them: seven would turn up by chance in what is sealed.
        let phone = bird.phone();
        let local = &phone[4..];
        marks.extend([
            phone.replace('-', ""),
            local.to_owned(),
            local.replace('-', "%"),
            local.replace('-', " "),
        ]);
        marks.extend([bird.hin(), bird.chart().to_string()]);
    }
    marks
}

pub(crate) fn secrets() -> Vec<String> {
    let secrets = [EMR_PASSWORD, WRONG_KEY, WEBHOOK_SECRET, API_KEY, OPERATOR_TOKEN, MASTER_KEY, demo::LOGIN];
    secrets.map(str::to_owned).into()
}
