//! The clinic's EMR, as much of it as a receptionist needs.
//!
//! A clinic may have several ways into it, each an adapter of its own behind this one trait.
//!
//! An adapter releases busy intervals, our own marks, and rows of patients the call has verified; nothing else crosses
//! this line. Every method is one logical request; a caller bounds it in time.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;

use crate::domain::appointment::{Appointment, DayRow, NewAppointment};
use crate::domain::availability::{DaySchedule, TemplateCodes};
use crate::domain::capabilities::Capability;
use crate::domain::clinic::Clinic;
use crate::domain::health_number::HealthNumber;
use crate::domain::ids::{AppointmentNo, DemographicNo, ProviderNo};
use crate::domain::laws::{Evidence, known_not_done};
use crate::domain::new_patient::ChartRecord;
use crate::domain::patient::Patient;
use crate::domain::phone::PhoneNumber;
use crate::domain::registration::NewChart;

pub use crate::domain::emr_path::{Operation, Path, Service};

pub type EmrResult<T> = Result<T, EmrFailure>;

/// A provider as the EMR lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmrProvider {
    pub no: ProviderNo,
    pub first_name: String,
    pub last_name: String,
    pub title: String,
    pub specialty: String,
    pub kind: String,
}

/// Why a request brought no answer. No variant carries text from the wire: it could name a patient or a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum EmrFailure {
    #[error("the breaker is open")]
    BreakerOpen,
    #[error("the queue is full")]
    QueueFull,
    #[error("the deadline passed before it was sent")]
    TooLate,
    #[error("the booking lease ended before it was sent")]
    LeaseOver,
    #[error("the EMR connection is stopped")]
    Stopped,
    #[error("this way into the EMR cannot do that")]
    Unsupported,
    #[error("no connection could be made")]
    NoConnection,
    #[error("the server's certificate is not the one configured")]
    Certificate,
    #[error("the EMR refused our credentials")]
    Unauthorised,
    #[error("the EMR refused the request as malformed")]
    ClientFault,
    #[error("the EMR reported a fault")]
    ServerFault,
    #[error("the EMR answered with an HTTP error")]
    HttpError,
    #[error("a web firewall answered instead of the EMR")]
    Firewall,
    #[error("the answer could not be read")]
    Unreadable,
    #[error("the connection was lost")]
    ConnectionLost,
    #[error("no answer came in time")]
    TimedOut,
}

impl EmrFailure {
    /// What this proves about a write (law B-5).
    pub const fn evidence(self) -> Evidence {
        match self {
            Self::BreakerOpen
            | Self::QueueFull
            | Self::TooLate
            | Self::LeaseOver
            | Self::Stopped
            | Self::Unsupported
            | Self::NoConnection
            | Self::Certificate => Evidence::NothingSent,
            Self::Unauthorised | Self::ClientFault => Evidence::RefusedByEmr,
            Self::ServerFault
            | Self::HttpError
            | Self::Firewall
            | Self::Unreadable
            | Self::ConnectionLost
            | Self::TimedOut => Evidence::Silence,
        }
    }

    pub const fn nothing_done(self) -> bool {
        known_not_done(self.evidence())
    }

    /// Whether it says that the service is ill. A refusal or a fault is an answer; not having asked is nothing at all.
    pub const fn is_illness(self) -> bool {
        matches!(
            self,
            Self::NoConnection
                | Self::Certificate
                | Self::HttpError
                | Self::Firewall
                | Self::Unreadable
                | Self::ConnectionLost
                | Self::TimedOut
        )
    }

    /// Whether it says that the EMR cannot be reached at all, or not made sense of: not that it refuses, nor that it is
    /// slow. What comes back as this from a reading, or from a write that never left, may be tried when it is back.
    pub const fn is_away(self) -> bool {
        matches!(self, Self::BreakerOpen | Self::Stopped)
            || self.is_illness() && !matches!(self, Self::TimedOut)
    }

    /// Whether the same question, asked by another path, may well be answered: the server's mind is not made up, this way
    /// to it is closed.
    pub const fn may_differ_elsewhere(self) -> bool {
        self.is_away() || matches!(self, Self::Unsupported | Self::Unauthorised)
    }

    /// A metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BreakerOpen => "breaker_open",
            Self::QueueFull => "queue_full",
            Self::TooLate => "too_late",
            Self::LeaseOver => "lease_over",
            Self::Stopped => "stopped",
            Self::Unsupported => "unsupported",
            Self::NoConnection => "no_connection",
            Self::Certificate => "certificate",
            Self::Unauthorised => "unauthorised",
            Self::ClientFault => "client_fault",
            Self::ServerFault => "server_fault",
            Self::HttpError => "http_error",
            Self::Firewall => "firewall",
            Self::Unreadable => "unreadable",
            Self::ConnectionLost => "connection_lost",
            Self::TimedOut => "timed_out",
        }
    }
}

/// One way into a clinic's EMR.
#[async_trait]
pub trait Emr: Send + Sync + 'static {
    fn path(&self) -> Path;

    /// Whether this way has the operation at all, on whatever server.
    fn offers(&self, operation: Operation) -> bool;

    /// Whether this way stands open to us now; one by an approval does while that lasts. Asked when the connection starts
    /// and every minute, and to be answered without asking the EMR.
    async fn is_open(&self) -> bool {
        true
    }

    /// What the server itself says it can do, where it says so. Nothing of it is an error but that it cannot be asked.
    async fn discover(&self) -> EmrResult<Vec<Capability>>;

    /// Active providers.
    async fn providers(&self) -> EmrResult<Vec<EmrProvider>>;

    async fn template_codes(&self) -> EmrResult<TemplateCodes>;

    /// `None`: the provider is not scheduled that day, which is not the same as fully booked.
    async fn day_schedule(&self, provider: &ProviderNo, date: Date) -> EmrResult<Option<DaySchedule>>;

    /// Rows of every status from `first` up to, not including, `end`. `for_patient` is the only one whose rows are told
    /// apart from everybody else's.
    async fn day_rows(
        &self,
        provider: &ProviderNo,
        first: Date,
        end: Date,
        for_patient: Option<DemographicNo>,
    ) -> EmrResult<Vec<DayRow>>;

    /// The newest `limit` rows of every status, latest date first. The patient has been verified.
    async fn appointments_of(&self, patient: DemographicNo, limit: u16) -> EmrResult<Vec<Appointment>>;

    async fn appointment(&self, no: AppointmentNo) -> EmrResult<Option<Appointment>>;

    /// Charts whose home or work number contains these digits; to be compared again with [`PhoneNumber::is_among`].
    async fn charts_by_phone(&self, number: &PhoneNumber) -> EmrResult<Vec<Patient>>;

    async fn charts_by_birth_date(&self, born: Date) -> EmrResult<Vec<Patient>>;

    /// Charts of every standing that carry this health number.
    async fn charts_by_health_number(&self, number: &HealthNumber) -> EmrResult<Vec<Patient>>;

    /// One chart, with everything that a registration writes into it.
    async fn chart(&self, no: DemographicNo) -> EmrResult<Option<ChartRecord>>;

    /// Makes a chart. The EMR looks for no duplicate, and may have made it although it says that it failed.
    async fn add_patient(&self, new: &NewChart) -> EmrResult<DemographicNo>;

    /// Writes. Nothing is retried whose outcome is unknown.
    async fn add_appointment(&self, new: &NewAppointment) -> EmrResult<AppointmentNo>;

    /// Writes every field of `seen` back with the status changed and the times left out.
    async fn cancel_appointment(&self, seen: &Appointment) -> EmrResult<()>;

    /// Asks whether the EMR is alive; the cheapest request there is.
    async fn probe(&self) -> EmrResult<()>;
}

/// Builds a clinic's adapters, one for each path that it has; called whenever its `emr_link` starts.
pub trait EmrConnector: Send + Sync + 'static {
    fn connect(&self, clinic: &Clinic) -> Vec<Arc<dyn Emr>>;
}
