//! What a patient of this call was texted about and may still take up.

use std::sync::Arc;

use tokio::time::Instant;

use super::State;
use crate::desk::{DayNow, end_offer};
use crate::domain::availability::Wish;
use crate::domain::clinic::Clinic;
use crate::domain::ids::DemographicNo;
use crate::domain::slot_offer::{OfferState, OpenOffer};
use crate::house::House;

/// How a search finds out, beside its searching.
pub(super) struct Offered {
    house: Arc<House>,
    clinic: Arc<Clinic>,
    patients: Vec<DemographicNo>,
    declines: bool,
    deadline: Instant,
}

impl State {
    /// Law I-3: of patients this call has verified, and of nobody else.
    pub(super) fn offered(&self, declines: bool, deadline: Instant) -> Offered {
        let patients = if self.clinic.slot_offers.enabled { self.call.patients() } else { Vec::new() };
        let (house, clinic) = (Arc::clone(&self.house), Arc::clone(&self.clinic));
        Offered { house, clinic, patients, declines, deadline }
    }
}

impl Offered {
    /// The one that ends first, if it still stands. What is declined goes to the next in line.
    pub(super) async fn standing(&self) -> Option<OpenOffer> {
        if self.patients.is_empty() {
            return None;
        }
        let open = self.house.store.open_offers(&self.clinic.id, &self.patients, self.house.now()).await;
        let mut open = open.unwrap_or_default();
        open.sort_by_key(|offer| offer.until);
        for offer in open {
            let ends_as = if self.declines {
                OfferState::Declined
            } else if self.is_taken(&offer).await {
                OfferState::Taken
            } else {
                return Some(offer);
            };
            end_offer(&self.house, &self.clinic, offer.id, Some(offer.patient), ends_as).await;
        }
        None
    }

    /// Staff cannot see what is kept. An EMR that does not answer takes nothing away.
    async fn is_taken(&self, offer: &OpenOffer) -> bool {
        let (clinic, slot) = (&*self.clinic, &offer.slot);
        let (Some(provider), Some(visit)) =
            (clinic.provider(&slot.provider), clinic.visit_type(Some(&offer.visit)))
        else {
            return true;
        };
        let wish = Wish { clinic, provider, visit, now: self.house.now() };
        match DayNow::read(&self.house, clinic, slot, Some(offer.patient), self.deadline).await {
            Ok(day) => day.free_at(wish, slot.interval.start) != Ok(slot.interval),
            Err(_) => false,
        }
    }
}
