//! What the actors need from the world, as traits. The shell implements them; `testing` fakes them under paused time.

mod clock;
pub mod door;
pub mod emr;
pub mod reports;
pub mod sms;
pub mod store;
pub mod voice;

pub use clock::{Clock, Luck};
pub use emr::{Emr, EmrFailure};
pub use reports::CallReports;
pub use sms::SmsGateway;
pub use store::{Store, StoreError};
pub use voice::VoiceControl;
