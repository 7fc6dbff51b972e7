//! What other processes tell of their cells, read with every beat: a breaker that shut there shuts here, too, because it is
//! the same EMR; but nobody rests because another does, for that may be its machine's own trouble. Only what fails here
//! while it rests there is not tried again and again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use crate::domain::ids::ClinicId;
use crate::domain::trouble::{Lasts, Part, Trouble};
use crate::emr_link::EmrLinkMsg;
use crate::house::House;
use crate::mailbox::Post;
use crate::ports::store::StoreResult;
use crate::supervisor::{ChildId, Elsewhere};

/// Nobody needs to be told for longer: it is longer than the longest rest, and who begins later reads everything.
const FRESH: Duration = Duration::from_mins(10);

/// A child that rests in another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resting {
    pub clinic: ClinicId,
    pub role: String,
    pub node: String,
    until: Instant,
}

#[derive(Default)]
pub struct Hearsay(ArcSwap<Vec<Resting>>);

impl Hearsay {
    pub fn resting(&self, clinic: &ClinicId) -> Vec<Resting> {
        let (resting, now) = (self.0.load(), Instant::now());
        resting.iter().filter(|one| one.clinic == *clinic && now < one.until).cloned().collect()
    }
}

impl House {
    /// Reads what was told lately, and passes it on to those it concerns.
    pub async fn hear(&self) -> StoreResult<()> {
        let now = Instant::now();
        let mut resting = Vec::new();
        let mut of_emrs: BTreeMap<ClinicId, Vec<Trouble>> = BTreeMap::new();
        for (clinic, trouble) in self.store.told_lately(FRESH).await? {
            match (&trouble.part, trouble.lasts) {
                (Part::Service(..), _) => of_emrs.entry(clinic).or_default().push(trouble),
                (Part::Actor(role), Lasts::For(time)) if trouble.told_by != self.generation => {
                    let (role, node, until) = (role.clone(), trouble.node, now + time);
                    resting.push(Resting { clinic, role, node, until });
                }
                (Part::Actor(_), _) => {}
            }
        }
        self.hearsay.0.store(Arc::new(resting));
        for (clinic, troubles) in of_emrs {
            if let Some(link) = self.directory.link(&clinic) {
                let _ = link.actor().send_message(Post::own(EmrLinkMsg::Heard(troubles)));
            }
        }
        Ok(())
    }

    /// Behind whatever is under way. When it fails, each process finds out by itself.
    pub(crate) fn tell(&self, clinic: ClinicId, part: Part, lasts: Lasts) {
        let (store, generation) = (Arc::clone(&self.store), self.generation);
        tokio::spawn(async move { store.tell(&clinic, &part, lasts, generation).await });
    }
}

impl Elsewhere for House {
    fn tell_of_rest(&self, child: &ChildId, rest: Duration) {
        if let Some(clinic) = clinic_of(child) {
            self.tell(clinic, Part::Actor(child.role.name().to_owned()), Lasts::For(rest));
        }
    }

    fn is_resting_elsewhere(&self, child: &ChildId) -> bool {
        let resting = clinic_of(child).map(|clinic| self.hearsay.resting(&clinic)).unwrap_or_default();
        resting.iter().any(|one| one.role == child.role.name())
    }
}

/// The actors of a cell bear the clinic's name.
fn clinic_of(child: &ChildId) -> Option<ClinicId> {
    ClinicId::parse(child.name.as_deref()?).ok()
}
