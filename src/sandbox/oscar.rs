//! A house of pretend OSCAR servers, one per context path, each with its own patients, schedule, faults and
//! counters: `http://host:port/maple/ws/ScheduleService` and its neighbours.
//!
//! [`Oscars::start`] opens two ports: one speaks OSCAR's own wire protocol, the other takes orders in JSON.
//! Whoever runs in the same process can give the same orders to an [`Oscar`] directly.

mod accept;
mod bridge;
mod control;
pub mod demo;
mod discovery;
mod emr;
mod exchange;
mod faults;
mod gate;
mod gzip;
mod interference;
mod jvm;
mod pages;
mod profile;
mod rest;
mod seed;
mod server;
mod soap;
mod traffic;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

pub use self::faults::{Fault, FaultRule, UnusableRule};
pub use self::jvm::Jvm;
pub use self::profile::Profile;
pub use self::rest::{Grant, Registry, RestClient};
pub use self::seed::Flavour;
pub use self::server::{Clock, Oscar, State};
pub use self::world::{
    Appointment, AppointmentType, Book, BookingSource, Details, Logins, NoSuchAppointment, Overlap, PUBLIC,
    Party, Patient, Patients, Program, Provider, Schedule, Sex, StaffBooking, StaffChange, Template,
    TemplateCode, User, WorkDay, World,
};

use self::server::Errands;

/// Servers by context path, without its slash.
type Contexts = Arc<BTreeMap<String, Arc<Oscar>>>;

/// Where to listen; port 0 takes any free one.
#[derive(Clone, Copy, Debug)]
pub struct Listen {
    pub emr: SocketAddr,
    pub control: SocketAddr,
}

pub struct Oscars;

impl Oscars {
    /// Opens the house with one world per context path, such as `/maple`.
    pub async fn start(listen: Listen, clock: Clock, worlds: Vec<(String, World)>) -> io::Result<Running> {
        let errands = Errands::default();
        let servers = worlds.into_iter().map(|(context, world)| {
            let oscar = Oscar::new(world, Arc::clone(&clock), errands.clone());
            (context.trim_matches('/').to_owned(), Arc::new(oscar))
        });
        let contexts: Contexts = Arc::new(servers.collect());
        let emr = TcpListener::bind(listen.emr).await?;
        let control = TcpListener::bind(listen.control).await?;
        let (emr_addr, control_addr) = (emr.local_addr()?, control.local_addr()?);
        accept::serve(emr, emr::router(Arc::clone(&contexts)), &errands);
        accept::serve(control, control::router(Arc::clone(&contexts)), &errands);
        Ok(Running { emr_addr, control_addr, contexts, errands })
    }
}

pub struct Running {
    pub emr_addr: SocketAddr,
    pub control_addr: SocketAddr,
    contexts: Contexts,
    errands: Errands,
}

impl Running {
    /// What a clinic's configuration calls the base address.
    pub fn url(&self, context: &str) -> String {
        format!("http://{}/{}", self.emr_addr, context.trim_matches('/'))
    }

    pub fn control_url(&self, context: &str) -> String {
        format!("http://{}/{}", self.control_addr, context.trim_matches('/'))
    }

    pub fn oscar(&self, context: &str) -> Option<Arc<Oscar>> {
        self.contexts.get(context.trim_matches('/')).cloned()
    }

    /// Closes both ports, cuts every connection and abandons every errand.
    pub async fn stop(self) {
        self.errands.closing.cancel();
        self.errands.running.close();
        self.errands.running.wait().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.errands.closing.cancel();
    }
}
