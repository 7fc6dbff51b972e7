//! The EMR's own share of a tool call: the same SOAP requests, sent by the daemon's own adapter from this process, at the
//! rate at which the tool call was asked, to the same EMR.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use jiff::civil::Time;
use tokio::runtime::Runtime;
use vitarad::access::{EmrAccess, TlsMode};
use vitarad::emr::{Clients, OscarSoap};
use vitarad::sandbox::oscar::demo;
use vitarad_actors::domain::appointment::NewAppointment;
use vitarad_actors::domain::ids::{DemographicNo, EffectId, ProviderNo};
use vitarad_actors::domain::mark::Mark;
use vitarad_actors::domain::time::{Interval, Minute};
use vitarad_actors::ports::Emr;

use crate::load::wait_until;
use crate::people::{Caller, Slot};
use crate::scale::Scale;
use crate::times::Times;

/// One tool call's EMR requests, in their order.
type Exchange = BoxFuture<'static, ()>;

/// Connections to the clinics' EMRs, each logged in.
pub struct Bare {
    runtime: Runtime,
    emrs: Vec<Arc<OscarSoap>>,
}

impl Bare {
    pub fn connect(emr: SocketAddr, clinics: &[String]) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let clients = Clients::default();
        let emrs = clinics.iter().map(|clinic| {
            let access = EmrAccess {
                url: format!("http://{emr}/{clinic}"),
                username: demo::LOGIN.to_owned(),
                password: demo::PASSWORD.to_owned().into(),
                tls: TlsMode::System,
                oauth: None,
                bridge: None,
            };
            Arc::new(OscarSoap::new(Some(access), &clients))
        });
        Self { emrs: emrs.collect(), runtime: Runtime::new().expect("a runtime") }
    }

    /// How long the requests of a verifying search take.
    pub fn searches(&self, callers: &[Caller], scale: &Scale) -> Times {
        let exchange = |caller: &Caller| -> Exchange {
            let (emr, born) = (Arc::clone(&self.emrs[caller.clinic]), caller.birth_date.parse());
            Box::pin(async move {
                let charts = emr.charts_by_birth_date(born.expect("a date")).await;
                assert_eq!(charts.expect("the EMR answers").len(), 1);
            })
        };
        self.at_rate(callers.iter().map(exchange), scale)
    }

    /// How long the requests of a booking take: the day, the new appointment, the day again.
    pub fn bookings(&self, slots: &[Slot], scale: &Scale) -> Times {
        self.at_rate(slots.iter().enumerate().map(|(nth, slot)| self.booking(nth, slot)), scale)
    }

    fn booking(&self, nth: usize, slot: &Slot) -> Exchange {
        let emr = Arc::clone(&self.emrs[slot.clinic]);
        let new = appointment(nth, slot);
        let (provider, date) = (new.provider.clone(), slot.date);
        Box::pin(async move {
            let day = || emr.day_rows(&provider, date, date.tomorrow().expect("not the last day"), None);
            let before = day().await.expect("the EMR answers").len();
            emr.add_appointment(&new).await.expect("the EMR answers");
            assert!(day().await.expect("the EMR answers").len() > before);
        })
    }

    fn at_rate(&self, exchanges: impl Iterator<Item = Exchange>, scale: &Scale) -> Times {
        let (begin, each) = (Instant::now(), Duration::from_secs(1) / scale.rate);
        let running: Vec<_> = (0..)
            .zip(exchanges)
            .map(|(ticket, exchange)| {
                let due = begin + each * ticket;
                wait_until(due);
                let counts = due >= begin + scale.warm_up;
                let timed = async move {
                    let asked = Instant::now();
                    exchange.await;
                    counts.then(|| asked.elapsed())
                };
                self.runtime.spawn(timed)
            })
            .collect();
        let finished = futures::future::join_all(running);
        self.runtime.block_on(finished).into_iter().filter_map(|time| time.expect("it went well")).collect()
    }
}

fn appointment(nth: usize, slot: &Slot) -> NewAppointment {
    let start = Time::new(slot.hour, slot.minute, 0, 0).expect("a time of day");
    NewAppointment {
        provider: ProviderNo::parse(slot.provider).expect("a provider's number"),
        date: slot.date,
        interval: Interval::starting(Minute::of(start), 15).expect("within the day"),
        patient: DemographicNo::new(5_001 + i32::try_from(nth % 80).unwrap_or(0)),
        name: "BENCH,MARK".to_owned().into(),
        reason: "check-up".to_owned().into(),
        mark: Mark::of(EffectId(uuid::Uuid::from_u128(nth as u128))),
        note: String::new(),
    }
}
