//! What cannot be carried out because the EMR is away is kept: the caller leaves with a reference instead of a refusal.

use super::order::Concluded;
use super::saga::{End, Saga};
use crate::domain::answer::{Answer, AnswerLine};
use crate::domain::held::{HeldWish, Reference};
use crate::domain::say::Situation;
use crate::domain::time::Ts;
use crate::ports::store::{AuditAction, Held, HeldDraft};

/// Draws of a reference. With as many waiting as a clinic may have, one in a thousand is taken.
const DRAWS: usize = 4;

impl Saga {
    /// `end` as it is, or the request held, when nothing but the EMR's absence is in the way. The request is kept before
    /// its write is settled as not done: a death in between leaves too much, never nothing.
    pub async fn held_instead(&self, end: End) -> End {
        let asked_by_a_caller = !self.told_pending && self.order.held.is_none();
        if end.situation != Situation::EmrAway || !asked_by_a_caller || !self.clinic.held_requests {
            return end;
        }
        match self.keep().await {
            Some(concluded) => End { settled: Some(concluded), ..End::plain(Situation::Held) },
            None => end,
        }
    }

    async fn keep(&self) -> Option<Concluded> {
        let wish = self.order.to_be_held();
        let expires_at = wish.expires_at(&self.clinic, self.house.now());
        for _ in 0..DRAWS {
            let reference = Reference::drawn(self.house.luck.id().as_u128());
            let line = self.held_line(&reference, expires_at);
            let draft = HeldDraft {
                reference,
                wish: wish.clone(),
                note: self.order.note.clone(),
                expires_at,
                answer: line.clone(),
                audit: vec![self.audit(AuditAction::HeldKept, Situation::Held.code())],
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
                    let stored_for = Some(self.order.note.tool_call.clone());
                    return Some(Concluded { stored_for, ..concluded(line) });
                }
                Held::Already(known) => return Some(concluded(self.held_line(&known, expires_at))),
                Held::ReferenceTaken => {}
                Held::Full => break,
            }
        }
        self.house.meters.held(&self.clinic.id, "full");
        None
    }

    fn held_line(&self, reference: &Reference, expires_at: Ts) -> AnswerLine {
        let until = self.clinic.timezone.wall(expires_at).strftime("%Y-%m-%d %H:%M").to_string();
        Answer::new(Situation::Held, self.order.note.language, &[("reference", &reference.spoken())])
            .with("reference", reference.as_str())
            .with("keptUntil", until)
            .line()
    }
}

impl super::order::Order {
    fn to_be_held(&self) -> HeldWish {
        HeldWish {
            patient: self.patient,
            want: self.want.clone(),
            sheet_name: self.sheet_name.clone(),
            visit: self.visit.clone(),
            reason: self.reason.clone(),
            old_slot: self.old_slot.clone(),
            is_new: self.asker.is_new,
        }
    }
}
