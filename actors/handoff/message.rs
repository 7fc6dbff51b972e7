//! What two processes say to each other. Every message is `Copy`: it can hold numbers and words of this file, and nothing
//! that anybody ever told us (law P-1).

use serde::{Deserialize, Serialize};

use crate::domain::ids::Generation;
use crate::domain::node::OfferNo;

/// The version of this conversation.
pub const PROTO: u16 = 2;

/// Numbers of migrations: the newest a release brings, and the oldest of another release's it can live beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Schema {
    pub newest: i64,
    pub oldest: i64,
}

impl Schema {
    /// Migrations only ever add, so two releases bear each other unless one has let go of what the other still needs.
    const fn bears(self, other: Self) -> bool {
        self.newest >= other.oldest && other.newest >= self.oldest
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hello {
    pub proto: u16,
    pub schema: Schema,
}

impl Hello {
    pub const fn of(schema: Schema) -> Self {
        Self { proto: PROTO, schema }
    }

    /// Why the node is not given to who says this.
    pub const fn refusal(self, ours: Self) -> Option<Refusal> {
        if self.proto < ours.proto {
            Some(Refusal::ProtoTooOld)
        } else if self.proto > ours.proto {
            Some(Refusal::ProtoTooNew)
        } else if !ours.schema.bears(self.schema) {
            Some(Refusal::SchemaOutOfRange)
        } else {
            None
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[error("the running process belongs to another user")]
    OtherUser,
    #[error("another successor is at it")]
    AnotherSuccessor,
    #[error(
        "the running process speaks a later version of the handoff; upgrade to a release of its age or later"
    )]
    ProtoTooOld,
    #[error("the running process speaks an earlier version of the handoff; stop it and start this one")]
    ProtoTooNew,
    #[error("the two releases cannot live on one schema; stop the running process and start this one")]
    SchemaOutOfRange,
    #[error("the running process is about to end")]
    Draining,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case", deny_unknown_fields)]
// With braces where there is nothing in them: without, serde would let a stranger's field pass.
pub enum ToIncumbent {
    /// No successor speaks: somebody wants one to be started, and waits on this line to hear how it ends.
    Upgrade {},
    Hello(Hello),
    /// Everything is ready but what belongs to the owner.
    Warm {
        generation: Generation,
    },
    /// The sockets are the right ones.
    Parked {},
    Claimed {},
    /// Its door is open. Said again every second until it has settled: whoever says no more hangs.
    Opened {},
    Settled {},
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case", deny_unknown_fields)]
pub enum ToSuccessor {
    Welcome {
        generation: Generation,
    },
    Refused {
        reason: Refusal,
    },
    /// With it come this many listening sockets, and then the node's lock.
    Offer {
        sockets: u8,
    },
    Frozen {
        offer: OfferNo,
    },
}

/// A field that could hold a patient's words is not `Copy`, and does not get past this line.
const _: fn() = || {
    const fn holds_no_words<T: Copy>() {}
    holds_no_words::<ToIncumbent>();
    holds_no_words::<ToSuccessor>();
};
