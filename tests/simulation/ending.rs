//! What an answer's code says to the caller, and how a call has ended when it was the last.

use vitarad_actors::domain::say::Situation;

/// A call ends as one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Booked, moved, cancelled or registered.
    Done,
    /// Held, with a reference.
    Held,
    Transferred,
    /// To the emergency line.
    Warned,
    /// On the waiting list: somebody calls back.
    MessageTaken,
    HandedToStaff,
    Refused,
}

impl Ending {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "booked, moved, cancelled or registered",
            Self::Held => "held with a reference",
            Self::Transferred => "transferred",
            Self::Warned => "sent to the emergency line",
            Self::MessageTaken => "message taken",
            Self::HandedToStaff => "handed to staff",
            Self::Refused => "plainly refused",
        }
    }
}

/// What one answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Ending(Ending),
    /// Not certain yet; it is settled later.
    NotYet,
    /// Something on the way: who is calling, what is free.
    OnTheWay,
}

impl Said {
    /// `None`: a code that the house does not know.
    pub fn of(code: &str) -> Option<Self> {
        Situation::ALL.iter().find(|situation| situation.code() == code).map(|situation| Self::by(*situation))
    }

    fn by(situation: Situation) -> Self {
        match situation.code() {
            "BOOKED" | "MOVED" | "CANCELLED" | "REGISTERED" => Self::Ending(Ending::Done),
            "MOVED_OLD_REMAINS" | "HANDED_TO_STAFF" => Self::Ending(Ending::HandedToStaff),
            "HELD" => Self::Ending(Ending::Held),
            "TRANSFER" => Self::Ending(Ending::Transferred),
            "EMERGENCY" | "CRISIS" => Self::Ending(Ending::Warned),
            "WAITLISTED" => Self::Ending(Ending::MessageTaken),
            "PENDING" => Self::NotYet,
            _ if situation.success() => Self::OnTheWay,
            _ => Self::Ending(Ending::Refused),
        }
    }

    pub const fn is_about_a_wish(self) -> bool {
        !matches!(self, Self::OnTheWay)
    }
}
