//! What every implementation of the store's port keeps, told to it through the port alone.

mod announcing;
mod audit;
mod calls;
mod capabilities;
mod handoff;
mod held;
mod holds;
mod journal;
mod lives;
mod offers;
mod records;
mod registrations;
mod reports;
mod retention;
mod roles;
mod settling;
mod texts;
mod tool_calls;
mod troubles;
mod waitlist;

use std::time::Duration;

use vitarad_actors::domain::booking::{Act, Effect, Want};
use vitarad_actors::domain::call_record::CallFacts;
use vitarad_actors::domain::ids::{AppointmentNo, CallKey, EffectId, Fence, Generation, ToolCallKey};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::ports::Store;
use vitarad_actors::ports::store::{
    Announced, Announcement, CallSave, Claimant, Claimed, JournalRow, Keep, KnownIntent, Lease, RoleLease,
    Taken,
};

use crate::samples::{NOW, announcement, audit, clinic, memory, slot, slot_on};

pub(crate) use announcing::*;
pub(crate) use audit::*;
pub(crate) use calls::*;
pub(crate) use capabilities::*;
pub(crate) use handoff::*;
pub(crate) use held::*;
pub(crate) use holds::*;
pub(crate) use journal::*;
pub(crate) use lives::*;
pub(crate) use offers::*;
pub(crate) use records::*;
pub(crate) use registrations::*;
pub(crate) use reports::*;
pub(crate) use retention::*;
pub(crate) use roles::*;
pub(crate) use settling::*;
pub(crate) use texts::*;
pub(crate) use tool_calls::*;
pub(crate) use troubles::*;
pub(crate) use waitlist::*;

async fn claim(store: &dyn Store, key: &ToolCallKey, generation: Generation, fence: Fence) -> Claimed {
    store.claim(key, TOOL, Claimant { generation, fence }, NOW).await.unwrap()
}

async fn taken(store: &dyn Store, except_call: Option<&CallKey>, now: Ts) -> Vec<u16> {
    let query = Taken {
        clinic: clinic("maple"),
        provider: slot(540).provider,
        first: slot_on(23, 540).date,
        last: slot_on(24, 540).date,
        except_call: except_call.map(|key| key.call.clone()),
        except_effect: None,
        except_patient: None,
    };
    store.taken(query, now).await.unwrap().iter().map(|taken| taken.slot.interval.start.get()).collect()
}

async fn granted(store: &dyn Store, wish: &Announcement) -> Lease {
    match store.announce(wish.clone(), NOW).await.unwrap() {
        Announced::Granted(lease) => lease,
        other => panic!("not granted but {}", name(&other)),
    }
}

const fn name(announced: &Announced) -> &'static str {
    match announced {
        Announced::Granted(_) => "granted",
        Announced::Known(_) => "known",
        Announced::Answered => "answered",
        Announced::Occupied => "occupied",
        Announced::PatientBusy => "patient busy",
        Announced::LeaseHeld => "lease held",
    }
}

async fn announced(store: &dyn Store, wish: &Announcement, now: Ts) -> &'static str {
    name(&store.announce(wish.clone(), now).await.unwrap())
}

async fn known(store: &dyn Store, wish: &Announcement) -> KnownIntent {
    match store.announce(wish.clone(), NOW).await.unwrap() {
        Announced::Known(known) => known,
        other => panic!("not known but {}", name(&other)),
    }
}

/// The second half of a move: the old appointment is cancelled once the new one was read back.
fn second_half(first: &Announcement, old: AppointmentNo) -> Announcement {
    let Announcement { intent, .. } = first;
    let mut second = first.clone();
    second.continues = true;
    second.effect = Effect {
        id: EffectId(uuid::Uuid::from_u128(intent.id.0.as_u128() << 64)),
        act: Act::Cancel { appointment: old, slot: slot_on(24, 540), instead: None },
        ..first.effect.clone()
    };
    second
}

fn moving(no: i32, sender: Generation) -> Announcement {
    let old = AppointmentNo(5);
    let act = Act::Add { slot: slot(540), beside: Some(old) };
    announcement(no, Want::Move { old, to: slot(540) }, act, sender)
}

async fn due(store: &dyn Store, owner: Generation, now: Ts) -> Vec<JournalRow> {
    store.due_effects(&clinic("maple"), owner, now, 99).await.unwrap()
}

const ROLE_LASTS: Duration = Duration::from_secs(10);

/// Of a lease: by the store's clock, which no test moves.
const SOON_OVER: Duration = Duration::from_millis(100);

async fn role(store: &dyn Store, name: &'static str, owner: Generation) -> RoleLease {
    store.hold_role(name, owner, ROLE_LASTS).await.unwrap().expect("the role is free")
}

/// Both at once; in turn one of the two has a head start.
async fn raced<T, U>(round: u32, one: impl Future<Output = T>, other: impl Future<Output = U>) -> (T, U) {
    let pause = async |first: bool| {
        for _ in 0..if first { 0 } else { round % 40 } {
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(
        async {
            pause(round.is_multiple_of(2)).await;
            one.await
        },
        async {
            pause(!round.is_multiple_of(2)).await;
            other.await
        }
    )
}

const DAY: Duration = Duration::from_hours(24);

const KEEP: Keep =
    Keep { ended_calls: DAY, tool_calls: DAY, events: DAY, settled_effects: DAY, sent_sms: DAY };

const TOOL: Tool = Tool::CreateAppointment;

async fn adopt(store: &dyn Store, key: &CallKey, owner: Generation) -> Fence {
    store.adopt_call(key, owner, NOW).await.unwrap().fence
}

fn save(key: &CallKey, fence: Fence, version: u64, text: &str) -> CallSave {
    CallSave {
        key: key.clone(),
        fence,
        version,
        memory: memory(text),
        audit: vec![audit(1)],
        facts: CallFacts::default(),
        joins: None,
    }
}
