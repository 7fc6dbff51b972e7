//! What earlier lives left in a clinic's journal becomes its desk's (law O-2): a first start, a restart and a start after a
//! kill all begin here, and so does everybody when another process is gone.

use crate::domain::clinic::Clinic;
use crate::house::House;

/// How far a desk is with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adoption {
    Due,
    /// The store did not let us, which has been said.
    Waits,
    Done,
}

impl Adoption {
    /// There is more to adopt.
    pub const fn again(self) -> Self {
        match self {
            Self::Done => Self::Due,
            Self::Due | Self::Waits => self,
        }
    }

    /// Said once when it begins to wait and once when that is over: every clinic's desk tries each second.
    pub async fn tried(self, house: &House, clinic: &Clinic) -> Self {
        if self == Self::Done {
            return self;
        }
        let id = &clinic.id;
        match house.store.adopt_journal(id, house.generation, house.now()).await {
            Ok(lines) => {
                if lines > 0 || self == Self::Waits {
                    tracing::info!(clinic.id = %id, lines, "adopted unsettled lines of the journal");
                }
                Self::Done
            }
            Err(failure) => {
                house.meters.journal_not_adopted(id);
                if self == Self::Due {
                    tracing::error!(clinic.id = %id, %failure, "the journal could not be adopted yet");
                }
                Self::Waits
            }
        }
    }
}
