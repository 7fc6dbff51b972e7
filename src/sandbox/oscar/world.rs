//! The database of one pretend clinic, and the rules OSCAR itself applies to it, whichever wire a request
//! came over.

mod appointment;
mod book;
mod clerk;
mod like;
mod logins;
mod overlaps;
mod patients;
mod schedule;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub use self::appointment::{Appointment, BookingSource, Details};
pub(crate) use self::appointment::{Draft, NotStored};
pub use self::book::Book;
pub use self::clerk::{NoSuchAppointment, StaffBooking, StaffChange};
pub(crate) use self::logins::Denial;
pub use self::logins::{Logins, User};
pub use self::overlaps::{Overlap, Party};
pub(crate) use self::patients::Attributes;
pub use self::patients::{Patient, Patients, Sex};
pub use self::schedule::{AppointmentType, PUBLIC, Schedule, Template, TemplateCode, WorkDay};
pub(crate) use self::schedule::{slot_minutes, slots};
use super::jvm::Jvm;
use super::profile::{Build, Profile};
use super::rest::Registry;

#[derive(Debug)]
pub struct World {
    pub profile: Profile,
    pub jvm: Jvm,
    pub providers: Vec<Provider>,
    pub patients: Patients,
    pub book: Book,
    pub schedule: Schedule,
    pub programs: Vec<Program>,
    pub logins: Logins,
    /// Who may use the REST services.
    pub rest: Registry,
    /// Rights that the REST account lacks: an object and a privilege, such as `_demographic` and `r`.
    pub denied: Vec<(String, String)>,
    /// What the bridge beside the server wants to be shown; `None` if there is no bridge.
    pub bridge_key: Option<String>,
    /// From where SOAP is let in, where a build keeps a list of that.
    pub listed: Vec<IpAddr>,
    /// Whom the day sheet names as the author of what staff type in: `last, first`.
    pub clerk_name: String,
    pub clerk_no: String,
    /// Luck of everything in this clinic that is left to luck.
    pub seed: u64,
}

/// One row of table `provider`.
#[derive(Clone, Debug, Default)]
pub struct Provider {
    pub provider_no: String,
    pub last_name: String,
    pub first_name: String,
    pub provider_type: String,
    pub specialty: String,
    pub sex: String,
    pub title: String,
    pub active: bool,
    /// Made by the install script, which leaves columns NULL, where staff's screens leave them empty.
    pub installed: bool,
}

#[derive(Clone, Debug)]
pub struct Program {
    pub id: i32,
    pub name: String,
    pub kind: String,
    pub active: bool,
}

impl Default for World {
    fn default() -> Self {
        Self::empty(Profile::default(), TimeZone::UTC)
    }
}

impl World {
    /// A freshly installed server: nobody and nothing in it.
    pub fn empty(profile: Profile, zone: TimeZone) -> Self {
        Self {
            profile,
            jvm: Jvm::new(zone),
            providers: Vec::new(),
            patients: Patients::default(),
            book: Book::default(),
            schedule: Schedule::default(),
            programs: Vec::new(),
            logins: Logins::default(),
            rest: Registry::default(),
            denied: Vec::new(),
            bridge_key: None,
            listed: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            clerk_name: "desk, front".to_owned(),
            clerk_no: "188".to_owned(),
            seed: 0,
        }
    }

    /// Runs the server in a container whose zone is UTC: the clinic's wall clocks go out labelled `Z`.
    #[must_use]
    pub fn in_utc_container(mut self) -> Self {
        self.jvm = Jvm::new(TimeZone::UTC);
        self
    }

    pub(super) fn build(&self) -> &'static Build {
        self.profile.build()
    }

    pub(crate) fn wall(&self, now: Timestamp) -> DateTime {
        let wall = self.jvm.wall(now);
        wall.date().at(wall.hour(), wall.minute(), wall.second(), 0)
    }

    pub fn provider(&self, provider_no: &str) -> Option<&Provider> {
        self.providers.iter().find(|row| row.provider_no == provider_no)
    }

    /// Stores a new appointment. Nothing is checked: not the patient, the provider, the day or the
    /// neighbours.
    pub(crate) fn add(&mut self, draft: Draft, author: i32, now: DateTime) -> Result<i32, NotStored> {
        let mut row = draft.into_row()?;
        row.creator = self.logins.get(author).map(|user| user.login.clone());
        row.creator_security_id = Some(author);
        (row.created, row.updated) = (now, now);
        Ok(self.book.insert(row))
    }

    pub(crate) fn update(&mut self, draft: Draft, author: i32, now: DateTime) -> Result<i32, NotStored> {
        let id = draft.id.ok_or(NotStored::NoSuchRow)?;
        let author = self.logins.get(author).filter(|_| self.build().names_updater);
        let editor = author.map(|user| user.provider_no.clone());
        self.book.change(id, |row| {
            draft.overwrite(row)?;
            row.updated = now;
            if editor.is_some() {
                row.last_update_user = editor;
            }
            Ok(())
        })?;
        Ok(id)
    }
}
