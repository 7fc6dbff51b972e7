//! What this patient has asked for and is not done yet, because the EMR was away: told whether or not it is back.

use serde_json::{Value, json};

use super::State;
use super::apply::Told;
use crate::domain::answer::Answer;
use crate::domain::booking::Want;
use crate::domain::held::{HeldVisit, HeldWish};
use crate::domain::ids::DemographicNo;
use crate::domain::say::{Language, Situation};
use crate::domain::tool::Tool;
use crate::ports::store::HeldRow;

impl State {
    pub(super) fn list_held(&self, patient: DemographicNo, held: &[HeldRow], language: Language) -> Told {
        let Some(first) = held.first() else {
            return Told::nothing(self.plain(Situation::EmrAway, language));
        };
        let answer =
            Answer::new(Situation::HeldListed, language, &[("reference", &first.reference.spoken())]);
        Told::of(self.with_held(answer, held, language), Tool::CheckAppointments, vec![patient])
    }

    pub(super) fn with_held(&self, answer: Answer, held: &[HeldRow], language: Language) -> Answer {
        if held.is_empty() {
            return answer;
        }
        let requests: Vec<Value> = held.iter().map(|row| self.held_facts(row, language)).collect();
        answer.with("heldRequests", requests)
    }

    fn held_facts(&self, row: &HeldRow, language: Language) -> Value {
        let (wanted, slot) = match &row.wish {
            HeldWish::Visit(HeldVisit { want: Want::Book(slot), .. }) => ("book", Some(slot)),
            HeldWish::Visit(HeldVisit { want: Want::Move { to, .. }, .. }) => ("move", Some(to)),
            HeldWish::Visit(HeldVisit { want: Want::Cancel(_), old_slot, .. }) => {
                ("cancel", old_slot.as_ref())
            }
            HeldWish::Registration(_) => ("register", None),
        };
        json!({
            "reference": row.reference.as_str(),
            "wanted": wanted,
            "slot": slot.map(|slot| self.slot_facts(slot, language)),
            "keptUntil": self.wall(row.expires_at),
        })
    }
}
