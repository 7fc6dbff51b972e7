//! A clinic's pretend server on a day that stands still, and what an adapter is made to do with it.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZoneDatabase;
use uuid::Uuid;
use vitarad::sandbox::oscar::{
    Appointment as Row, Details, Fault, FaultRule, Flavour, Listen, Oscar, Oscars, Profile, Running, World,
    demo,
};
use vitarad_actors::domain::appointment::NewAppointment;
use vitarad_actors::domain::ids::{DemographicNo, EffectId, ProviderNo};
use vitarad_actors::domain::mark::Mark;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::time::{Interval, Minute};

pub(crate) const CONTEXT: &str = "/maple";
/// A Wednesday in summer.
pub(crate) const TODAY: Date = date(2026, 6, 3);
/// A working day on which nobody has an appointment yet.
pub(crate) const EMPTY_DAY: Date = date(2026, 7, 21);

/// The server's clock.
pub(crate) fn now() -> Timestamp {
    "2026-06-03T16:30:12.417Z".parse().unwrap()
}

pub(crate) struct Server {
    pub(crate) running: Running,
    pub(crate) oscar: Arc<Oscar>,
}

impl Server {
    pub(crate) async fn at(world: World) -> Self {
        let any = "127.0.0.1:0".parse().unwrap();
        let listen = Listen { emr: any, control: any };
        let worlds = vec![(CONTEXT.to_owned(), world)];
        let running = Oscars::start(listen, Arc::new(now), worlds).await.unwrap();
        let oscar = running.oscar(CONTEXT).unwrap();
        Self { running, oscar }
    }

    pub(crate) fn url(&self) -> String {
        self.running.url(CONTEXT)
    }

    pub(crate) fn fail(&self, operation: &str, fault: Fault, times: Option<u32>) {
        let operation = operation.to_owned();
        self.oscar.add_fault(FaultRule { operation, fault, times, probability: None }).unwrap();
    }

    /// How often the server was asked for this operation.
    pub(crate) fn requests(&self, operation: &str) -> u64 {
        self.oscar.state().requests.get(operation).copied().unwrap_or_default()
    }

    pub(crate) fn rows(&self, day: Date) -> Vec<Row> {
        self.oscar.with_world(|world| world.book.iter().filter(|row| row.date == day).cloned().collect())
    }

    pub(crate) fn row(&self, id: i32) -> Row {
        self.oscar.with_world(|world| world.book.get(id).cloned()).unwrap()
    }

    pub(crate) fn file(&self, row: Row) -> i32 {
        self.oscar.with_world(|world| world.book.insert(row))
    }
}

pub(crate) fn clinic(profile: Profile) -> World {
    let zone = TimeZoneDatabase::bundled().get("America/Vancouver").unwrap();
    World::clinic(profile, zone, TODAY, 11, Flavour::Maple)
}

pub(crate) fn provider(no: &str) -> ProviderNo {
    ProviderNo::parse(no).unwrap()
}

/// A row of provider 101, as staff's screens store it.
pub(crate) fn staff_row(day: Date, start: Time, end: Time, status: Option<&str>) -> Row {
    let details = Details {
        provider_no: "101".to_owned(),
        demographic_no: demo::WEI.demographic_no,
        status: status.map(str::to_owned),
        ..Details::default()
    };
    Row { date: day, start, end, details, ..Row::default() }
}

/// A quarter of an hour with provider 101 at half past nine, for Marie. The reason holds what XML and JSON must escape.
pub(crate) fn booking() -> NewAppointment {
    NewAppointment {
        provider: provider("101"),
        date: EMPTY_DAY,
        interval: Interval::starting(Minute::of(time(9, 30, 0, 0)), 15).unwrap(),
        patient: DemographicNo::new(demo::MARIE.demographic_no),
        name: Phi::new("TREMBLAY,MARIE".to_owned()),
        reason: Phi::new("knee <\"& back>".to_owned()),
        mark: Mark::of(EffectId(Uuid::from_u128(0x0123_4567_89AB_CDEF_0123))),
        note: "booked by telephone".to_owned(),
    }
}
