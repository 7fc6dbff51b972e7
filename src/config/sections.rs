//! The settings by what they are about: a file each, with what may not be.

pub mod crypto;
pub mod health;
pub mod http;
pub mod log;
pub mod metrics;
pub mod node;
pub mod sms;
pub mod store;
pub mod voice;

pub(super) mod clinics;
pub(super) mod house;
pub(super) mod webhook;
