//! The rows of a node's processes, and what may be done to them. The store runs these very functions inside its
//! transactions, the model checker runs them by the million.
//!
//! Each says whether what was asked for is so *afterwards*, so whoever did not hear the answer may ask again.

use serde::{Deserialize, Serialize};

use crate::domain::ids::Generation;

/// Numbers what an incumbent offers. Withdrawing it makes the number void, and none is used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OfferNo(pub i64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Begun beside a living process; owns nothing yet.
    Standby,
    Active,
    /// Has given its node away, or gives it back; finishes what it began.
    Draining,
    Released,
    Dead,
}

impl Standing {
    pub const ALL: [Self; 5] = [Self::Standby, Self::Active, Self::Draining, Self::Released, Self::Dead];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Standby => "standby",
            Self::Active => "active",
            Self::Draining => "draining",
            Self::Released => "released",
            Self::Dead => "dead",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|standing| standing.name() == name)
    }

    /// Whether its process may still be at work at what it has announced.
    pub const fn is_at_work(self) -> bool {
        matches!(self, Self::Active | Self::Draining)
    }
}

/// One life of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Instance {
    pub generation: Generation,
    pub standing: Standing,
    pub offer: OfferNo,
}

/// What is to pass, from whom to whom, under which number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Passage {
    pub incumbent: Generation,
    pub successor: Generation,
    pub offer: OfferNo,
}

/// What may be asked of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// The incumbent says that what was offered is no longer to be had.
    Withdraw(Passage),
    /// The successor takes the node.
    Claim(Passage),
    /// The successor keeps it for good.
    Settle(Passage),
    /// The incumbent has it again.
    TakeBack(Passage),
}

/// The lives on one node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Node(pub Vec<Instance>);

impl Node {
    pub fn standing(&self, generation: Generation) -> Option<Standing> {
        self.0.iter().find(|life| life.generation == generation).map(|life| life.standing)
    }

    fn offer_of(&self, generation: Generation) -> Option<OfferNo> {
        self.0.iter().find(|life| life.generation == generation).map(|life| life.offer)
    }

    fn set(&mut self, generation: Generation, standing: Standing, offer: OfferNo) {
        for life in self.0.iter_mut().filter(|life| life.generation == generation) {
            (life.standing, life.offer) = (standing, offer);
        }
    }

    /// A new number, if this process is the one that may offer the node.
    pub fn offer(&mut self, incumbent: Generation) -> Option<OfferNo> {
        let offer = OfferNo(self.offer_of(incumbent)?.0 + 1);
        if self.standing(incumbent) != Some(Standing::Active) {
            return None;
        }
        self.set(incumbent, Standing::Active, offer);
        Some(offer)
    }

    pub fn ask(&mut self, request: Request) -> bool {
        match request {
            Request::Withdraw(passage) => self.withdraw(passage),
            Request::Claim(passage) => self.claim(passage),
            Request::Settle(passage) => self.settle(passage),
            Request::TakeBack(passage) => self.take_back(passage),
        }
    }

    fn withdraw(&mut self, passage: Passage) -> bool {
        let is_ours = self.standing(passage.incumbent) == Some(Standing::Active);
        if is_ours && self.offer_of(passage.incumbent) == Some(passage.offer) {
            self.set(passage.incumbent, Standing::Active, passage.beyond());
        }
        is_ours
    }

    fn claim(&mut self, passage: Passage) -> bool {
        if self.is_passed(passage, passage.offer) || self.is_passed(passage, passage.beyond()) {
            return true;
        }
        let may_be_claimed = self.standing(passage.incumbent) == Some(Standing::Active)
            && self.offer_of(passage.incumbent) == Some(passage.offer)
            && self.standing(passage.successor) == Some(Standing::Standby);
        if may_be_claimed {
            self.set(passage.incumbent, Standing::Draining, passage.offer);
            self.set(passage.successor, Standing::Active, OfferNo(0));
        }
        may_be_claimed
    }

    fn settle(&mut self, passage: Passage) -> bool {
        if self.is_passed(passage, passage.offer) {
            self.set(passage.incumbent, Standing::Draining, passage.beyond());
        }
        // Once the incumbent has ended, or was found dead, there is nobody left who could take it back.
        let is_alone = |standing| matches!(standing, Some(Standing::Released | Standing::Dead));
        self.is_passed(passage, passage.beyond())
            || self.standing(passage.successor) == Some(Standing::Active)
                && is_alone(self.standing(passage.incumbent))
    }

    /// However far the successor came: it may have given up by itself after its claim.
    fn take_back(&mut self, passage: Passage) -> bool {
        let is_unsettled = self.standing(passage.incumbent) == Some(Standing::Draining)
            && self.offer_of(passage.incumbent) == Some(passage.offer);
        if is_unsettled {
            self.set(passage.successor, Standing::Dead, OfferNo(0));
            self.set(passage.incumbent, Standing::Active, passage.beyond());
            return true;
        }
        self.standing(passage.incumbent) == Some(Standing::Active)
            && self.offer_of(passage.incumbent) > Some(passage.offer)
    }

    /// The successor has it, and the incumbent stands at this number.
    fn is_passed(&self, passage: Passage, at: OfferNo) -> bool {
        self.standing(passage.successor) == Some(Standing::Active)
            && self.standing(passage.incumbent) == Some(Standing::Draining)
            && self.offer_of(passage.incumbent) == Some(at)
    }

    /// A process that is known to be the node's only living one has it; all former lives are dead.
    pub fn begin(&mut self, only: Generation) {
        for life in self.0.iter_mut().filter(|life| life.generation != only) {
            if life.standing.is_at_work() || life.standing == Standing::Standby {
                life.standing = Standing::Dead;
            }
        }
        self.set(only, Standing::Active, OfferNo(0));
    }

    /// The process is gone; what it had begun is for others to finish.
    pub fn bury(&mut self, gone: Generation) {
        for life in self.0.iter_mut().filter(|life| life.generation == gone) {
            if life.standing == Standing::Draining {
                life.standing = Standing::Dead;
            }
        }
    }

    /// It was silent for too long.
    pub fn call_dead(&mut self, silent: Generation) {
        for life in self.0.iter_mut().filter(|life| life.generation == silent && life.standing.is_at_work()) {
            life.standing = Standing::Dead;
        }
    }

    /// Law O-1, for processes: one of a node's lives is active, or none.
    pub fn has_one_owner_at_most(&self) -> bool {
        self.0.iter().filter(|life| life.standing == Standing::Active).count() <= 1
    }
}

impl Passage {
    /// Where the incumbent's number stands once this passage can no longer be claimed, or no longer be taken back.
    const fn beyond(self) -> OfferNo {
        OfferNo(self.offer.0 + 1)
    }
}
