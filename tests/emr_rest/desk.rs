//! A clinic's pretend server with the REST adapter connected to it, its token granted already.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use jiff::civil::{Date, Time, date, time};
use jiff::tz::TimeZoneDatabase;
use uuid::Uuid;
use vitarad::access::{Credential, TlsMode};
use vitarad::emr::oauth::Signer;
use vitarad::emr::{Clients, OscarRest, RestAccess};
use vitarad::sandbox::oscar::{
    Appointment as Row, Details, Fault, FaultRule, Flavour, Grant, Listen, Oscar, Oscars, Profile, Running,
    World, demo,
};
use vitarad_actors::domain::appointment::NewAppointment;
use vitarad_actors::domain::ids::{DemographicNo, EffectId, ProviderNo};
use vitarad_actors::domain::mark::Mark;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::time::{Interval, Minute, Ts};
use vitarad_actors::ports::{Clock, Luck};

pub(crate) const CONTEXT: &str = "/maple";
/// A Wednesday in summer.
pub(crate) const TODAY: Date = date(2026, 6, 3);
/// A working day on which nobody has an appointment yet.
pub(crate) const EMPTY_DAY: Date = date(2026, 7, 21);
const NOW: &str = "2026-06-03T16:30:12.417Z";

pub(crate) struct Desk {
    pub(crate) running: Running,
    pub(crate) oscar: Arc<Oscar>,
    pub(crate) grant: Grant,
    pub(crate) emr: OscarRest,
    /// Seconds by which our clock differs from the server's.
    pub(crate) ahead: Arc<AtomicI64>,
}

pub(crate) struct Wristwatch(pub(crate) Arc<AtomicI64>);

impl Clock for Wristwatch {
    fn now(&self) -> Ts {
        let now: Timestamp = NOW.parse().unwrap();
        Ts(now.as_microsecond() + self.0.load(Ordering::Relaxed) * 1_000_000)
    }
}

impl Desk {
    pub(crate) async fn at(world: World) -> Self {
        let any = "127.0.0.1:0".parse().unwrap();
        let now: Timestamp = NOW.parse().unwrap();
        let listen = Listen { emr: any, control: any };
        let worlds = vec![(CONTEXT.to_owned(), world)];
        let running = Oscars::start(listen, Arc::new(move || now), worlds).await.unwrap();
        let oscar = running.oscar(CONTEXT).unwrap();
        let grant = oscar.with_world(|world| {
            world.rest.grant(demo::CONSUMER_KEY, demo::PROVIDER_NO, now).expect("a registered client")
        });
        let ahead = Arc::<AtomicI64>::default();
        let emr = connect(access(&running.url(CONTEXT), &grant, demo::CONSUMER_SECRET, &ahead, 1));
        Self { running, oscar, grant, emr, ahead }
    }

    pub(crate) async fn seeded() -> Self {
        Self::at(clinic(Profile::Oscar19)).await
    }

    /// The same server through another access.
    pub(crate) fn again(&self, change: impl FnOnce(&mut RestAccess)) -> OscarRest {
        let url = self.running.url(CONTEXT);
        let mut access = access(&url, &self.grant, demo::CONSUMER_SECRET, &self.ahead, 2);
        change(&mut access);
        connect(access)
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

    pub(crate) fn has_its_token(&self) -> bool {
        self.oscar.with_world(|world| world.rest.knows(&self.grant.token))
    }
}

pub(crate) fn clinic(profile: Profile) -> World {
    let zone = TimeZoneDatabase::bundled().get("America/Vancouver").unwrap();
    World::clinic(profile, zone, TODAY, 11, Flavour::Maple)
}

pub(crate) fn every_server() -> [World; 3] {
    [clinic(Profile::Oscar19), clinic(Profile::OpenO), clinic(Profile::Oscar19).in_utc_container()]
}

fn access(url: &str, grant: &Grant, secret: &str, ahead: &Arc<AtomicI64>, luck: u64) -> RestAccess {
    let credential = |key: &str, secret: &str| Credential { key: key.to_owned(), secret: secret.into() };
    let clock = Arc::new(Wristwatch(Arc::clone(ahead)));
    RestAccess {
        url: url.to_owned(),
        signed_as: None,
        tls: TlsMode::System,
        signer: Signer::new(credential(demo::CONSUMER_KEY, secret), clock, Arc::new(Luck::seeded(luck))),
        token: credential(&grant.token, &grant.secret),
    }
}

/// A signer with a secret that nobody registered.
pub(crate) fn forger(desk: &Desk) -> Signer {
    access("", &desk.grant, "another", &desk.ahead, 3).signer
}

/// A signer that draws the very nonces of the desk's own.
pub(crate) fn parrot(desk: &Desk) -> Signer {
    access("", &desk.grant, demo::CONSUMER_SECRET, &desk.ahead, 1).signer
}

fn connect(access: RestAccess) -> OscarRest {
    OscarRest::new(access, &Clients::default())
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

/// A quarter of an hour with provider 101 at half past nine, for Marie.
pub(crate) fn booking() -> NewAppointment {
    NewAppointment {
        provider: provider("101"),
        date: EMPTY_DAY,
        interval: Interval::starting(Minute::of(time(9, 30, 0, 0)), 15).unwrap(),
        patient: DemographicNo::new(demo::MARIE.demographic_no),
        name: Phi::new("TREMBLAY,MARIE".to_owned()),
        reason: Phi::new("knee \"& back\"".to_owned()),
        mark: Mark::of(EffectId(Uuid::from_u128(0x0123_4567_89AB_CDEF_0123))),
        note: "booked by telephone".to_owned(),
    }
}
