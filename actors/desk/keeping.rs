//! What cannot be carried out because the EMR is away is kept: the caller leaves with a reference instead of a refusal.

use super::order::{Concluded, Order};
use super::saga::{End, Saga};
use crate::domain::answer::{Answer, AnswerLine};
use crate::domain::clinic::Clinic;
use crate::domain::held::{HeldVisit, HeldWish, Reference};
use crate::domain::say::Situation;
use crate::domain::time::Ts;
use crate::house::House;
use crate::ports::store::{AuditAction, AuditEntry, Held, HeldDraft, OrderNote};

/// Draws of a reference. With as many waiting as a clinic may have, one in a thousand is taken.
const DRAWS: usize = 4;

/// A wish, and who asked for it.
pub struct Keeping<'a> {
    pub house: &'a House,
    pub clinic: &'a Clinic,
    pub note: &'a OrderNote,
    pub wish: HeldWish,
}

impl Saga {
    /// `end` as it is, or the request held, when nothing but the EMR's absence is in the way. The request is kept before
    /// its write is settled as not done: a death in between leaves too much, never nothing.
    pub async fn held_instead(&self, end: End) -> End {
        if end.situation != Situation::EmrAway || !self.is_awaited() {
            return end;
        }
        let (house, clinic, note) = (&*self.house, &*self.clinic, &self.order.note);
        match (Keeping { house, clinic, note, wish: self.order.to_be_held() }).keep().await {
            Some(concluded) => End { settled: Some(concluded), ..End::plain(Situation::Held) },
            None => end,
        }
    }
}

impl Keeping<'_> {
    /// `None`: this clinic keeps none, or no more.
    pub async fn keep(self) -> Option<Concluded> {
        if !self.clinic.held_requests {
            return None;
        }
        let expires_at = self.wish.expires_at(self.clinic, self.house.now());
        for _ in 0..DRAWS {
            let reference = Reference::drawn(self.house.luck.id().as_u128());
            let line = self.line(&reference, expires_at);
            let draft = HeldDraft {
                reference,
                wish: self.wish.clone(),
                note: self.note.clone(),
                expires_at,
                answer: line.clone(),
                audit: vec![self.audit()],
            };
            let concluded = |line| Concluded {
                line,
                situation: Some(Situation::Held),
                stored_for: None,
                provisional: false,
            };
            match self.house.store.hold_request(draft, self.house.now()).await.ok()? {
                Held::Kept => {
                    self.house.meters.held(&self.clinic.id, "kept");
                    let stored_for = Some(self.note.tool_call.clone());
                    return Some(Concluded { stored_for, ..concluded(line) });
                }
                Held::Already(known) => return Some(concluded(self.line(&known, expires_at))),
                Held::ReferenceTaken => {}
                Held::Full => break,
            }
        }
        self.house.meters.held(&self.clinic.id, "full");
        None
    }

    fn line(&self, reference: &Reference, expires_at: Ts) -> AnswerLine {
        let until = self.clinic.timezone.wall(expires_at).strftime("%Y-%m-%d %H:%M").to_string();
        Answer::new(Situation::Held, self.note.language, &[("reference", &reference.spoken())])
            .with("reference", reference.as_str())
            .with("keptUntil", until)
            .line()
    }

    fn audit(&self) -> AuditEntry {
        AuditEntry {
            at: self.house.now(),
            clinic: self.clinic.id.clone(),
            call: Some(self.note.tool_call.call.call.clone()),
            action: AuditAction::HeldKept,
            patients: self.wish.patient().into_iter().collect(),
            outcome: Situation::Held.code(),
        }
    }
}

impl Order {
    fn to_be_held(&self) -> HeldWish {
        HeldWish::Visit(HeldVisit {
            patient: self.patient,
            want: self.want.clone(),
            sheet_name: self.sheet_name.clone(),
            visit: self.visit.clone(),
            reason: self.reason.clone(),
            old_slot: self.old_slot.clone(),
            is_new: self.asker.is_new,
        })
    }
}
