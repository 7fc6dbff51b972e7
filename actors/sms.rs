//! `sms`: sends what is in the SMS outbox, once.
//!
//! A message is marked as being sent before it is; what a death leaves in that mark is `unknown` and never sent again,
//! because a patient who is texted twice books twice.

use std::time::Duration;

use async_trait::async_trait;

use crate::house::House;
use crate::ports::sms::{SmsMessage, SmsOutcome};
use crate::ports::store::{QueuedSms, RoleLease, SmsState, StoreResult};
use crate::retry::RetryPolicy;
use crate::singleton::Duty;
use crate::tree::Role;

const MAX_ATTEMPTS: u32 = 8;
const RETRY: RetryPolicy = RetryPolicy { base: Duration::from_secs(5), cap: Duration::from_mins(10) };

pub struct Sms;

#[async_trait]
impl Duty for Sms {
    const ROLE: Role = Role::Sms;
    const FLUSHES: bool = false;

    /// One at a time: each is taken under a lease renewed just before, and what stops the singleton leaves the others as
    /// they were.
    async fn work(house: &House, lease: &RoleLease) -> StoreResult<bool> {
        let Some(queued) = house.store.take_due_sms(lease, house.now()).await? else { return Ok(false) };
        send(house, lease, queued).await?;
        Ok(true)
    }
}

async fn send(house: &House, lease: &RoleLease, queued: QueuedSms) -> StoreResult<()> {
    let QueuedSms { id, clinic, attempt, to, body } = queued;
    let sender = house.clinic(&clinic).and_then(|clinic| clinic.sms.sender.clone()).map(|line| line.0);
    let (state, outcome) = match house.sms.send(&SmsMessage { to, body, sender }).await {
        SmsOutcome::Accepted => (SmsState::Sent, "sent"),
        SmsOutcome::Refused => (SmsState::Refused, "refused"),
        SmsOutcome::Unknown => (SmsState::Unknown, "unknown"),
        SmsOutcome::TryLater if attempt >= MAX_ATTEMPTS => (SmsState::Refused, "given_up"),
        SmsOutcome::TryLater => {
            let pause = RETRY.pause(attempt, 0.5 + house.luck.fraction() / 2.0);
            (SmsState::RetryAt(house.now().plus(pause)), "retried")
        }
    };
    house.meters.sms(&clinic, outcome);
    house.store.record_sms(lease, &clinic, id, state, house.now()).await
}
