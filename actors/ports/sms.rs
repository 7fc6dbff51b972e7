//! The way a text message leaves the house.

use async_trait::async_trait;

use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;

/// A message ready to go. It names a time and a provider, never a patient.
#[derive(Clone)]
pub struct SmsMessage {
    pub to: Phi<PhoneNumber>,
    pub body: Phi<String>,
    pub sender: Option<PhoneNumber>,
}

/// What the gateway made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsOutcome {
    Accepted,
    /// Never to be tried again.
    Refused,
    TryLater,
    /// Sent, and no answer: sending again might text the patient twice.
    Unknown,
}

#[async_trait]
pub trait SmsGateway: Send + Sync + 'static {
    async fn send(&self, message: &SmsMessage) -> SmsOutcome;

    /// Whether a text given to it reaches a telephone. Only then may a caller be told to expect one.
    fn delivers(&self) -> bool;
}
