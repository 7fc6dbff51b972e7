//! The EMRs of the demo's two clinics, inside the test, where they can be spoilt and looked at.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use vitarad::clock::now;
use vitarad::sandbox::oscar::demo::{self, Person};
use vitarad::sandbox::oscar::{
    Appointment, Fault, FaultRule, Flavour, Listen, Oscar, Oscars, Overlap, Patient, Profile, Running,
    StaffChange, World,
};

/// The clinics' lines, as config/demo.toml declares them.
pub(crate) const MAPLE_LINE: &str = "+16045550100";
pub(crate) const CEDAR_LINE: &str = "+16045550110";

pub(crate) struct Town {
    running: Running,
}

/// One clinic's EMR.
pub(crate) struct Emr(pub(crate) Arc<Oscar>);

impl Town {
    pub(crate) async fn open() -> Self {
        Self::of(vec![("maple", world(Flavour::Maple)), ("cedar", world(Flavour::Cedar))]).await
    }

    pub(crate) async fn of(worlds: Vec<(&str, World)>) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let worlds = worlds.into_iter().map(|(context, world)| (context.to_owned(), world)).collect();
        let running = Oscars::start(Listen { emr: any, control: any }, Arc::new(now), worlds).await;
        Self { running: running.expect("two free ports") }
    }

    pub(crate) fn url(&self, clinic: &str) -> String {
        self.running.url(clinic)
    }

    pub(crate) fn maple(&self) -> Emr {
        self.emr("maple")
    }

    pub(crate) fn cedar(&self) -> Emr {
        self.emr("cedar")
    }

    pub(crate) fn emr(&self, clinic: &str) -> Emr {
        Emr(self.running.oscar(clinic).expect("a clinic of this town"))
    }
}

/// Where both clinics are.
pub(crate) fn zone() -> TimeZone {
    TimeZoneDatabase::bundled().get("America/Vancouver").expect("a bundled zone")
}

/// The daemon goes by the real clock.
pub(crate) fn today() -> Date {
    now().to_zoned(zone()).date()
}

pub(crate) fn world(flavour: Flavour) -> World {
    World::clinic(Profile::Oscar19, zone(), today(), 7, flavour)
}

impl Emr {
    pub(crate) fn fail(&self, operation: &str, fault: Fault, times: Option<u32>) {
        let rule = FaultRule { operation: operation.to_owned(), fault, times, probability: None };
        self.0.add_fault(rule).expect("a rule that can strike");
    }

    pub(crate) fn mend(&self) {
        self.0.clear_faults();
    }

    pub(crate) fn restart(&self) {
        self.0.restart();
    }

    /// Staff cancel whatever a provider has on that day.
    pub(crate) fn clear_the_day(&self, provider: &str, day: Date) {
        let rows = self.0.state().appointments.into_iter();
        for row in rows.filter(|row| row.date == day && row.details.provider_no == provider) {
            self.staff(row.id, StaffChange { status: Some("C".to_owned()), ..StaffChange::default() });
        }
    }

    pub(crate) fn staff(&self, id: i32, change: StaffChange) {
        self.0.staff_change(id, change).expect("an appointment of this clinic");
    }

    /// How often each operation was asked for.
    pub(crate) fn requests(&self) -> BTreeMap<&'static str, u64> {
        self.0.state().requests
    }

    /// How many requests are being worked on, those that hang included.
    pub(crate) fn present(&self) -> usize {
        self.0.present()
    }

    /// The most that were ever being worked on at once.
    pub(crate) fn most_at_once(&self) -> usize {
        self.0.state().most_concurrent
    }

    pub(crate) fn rows_of(&self, person: Person) -> Vec<Appointment> {
        let mut rows = self.0.state().appointments;
        rows.retain(|row| row.details.demographic_no == person.demographic_no);
        rows
    }

    /// Those of the crowd whom their birth date alone tells from everybody else.
    pub(crate) fn told_apart(&self) -> Vec<Patient> {
        self.0.with_world(|world| {
            let mut born: HashMap<Date, usize> = HashMap::new();
            world.patients.iter().for_each(|patient| *born.entry(patient.birth).or_default() += 1);
            let crowd = world.patients.iter().filter(|patient| patient.number > 5_000);
            crowd.filter(|patient| born[&patient.birth] == 1).cloned().collect()
        })
    }

    /// Rows that bear our mark, live or not.
    pub(crate) fn marked(&self) -> Vec<Appointment> {
        let mut rows = self.0.state().appointments;
        rows.retain(|row| row.details.notes.as_deref().unwrap_or_default().starts_with("vr#"));
        rows
    }

    /// Double bookings that we have a part in.
    pub(crate) fn our_overlaps(&self) -> Vec<Overlap> {
        let mut overlaps = self.0.overlaps();
        overlaps.retain(|overlap| {
            [&overlap.first, &overlap.second].iter().any(|row| row.creator.as_deref() == Some(demo::LOGIN))
        });
        overlaps
    }
}
