//! The clinics of this process: seeded into the store from the configuration, read back from it, and kept as snapshots for
//! the door and the actors.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use vitarad_actors::clinics::renew;
use vitarad_actors::domain::booking_rules::BookingRules;
use vitarad_actors::domain::clinic::{Clinic, Roster};
use vitarad_actors::domain::ids::ClinicId;
use vitarad_actors::domain::time::Ts;
use vitarad_actors::house::House;

use super::NotBegun;
use crate::access::{ClinicAccess, EmrAccess, WebhookCredential};
use crate::config::Settings;
use crate::front::Gatebook;
use crate::store::SqlStore;

pub struct ClinicBook {
    roster: Arc<ArcSwap<Roster>>,
    gatebook: Arc<ArcSwap<Gatebook>>,
    access: ArcSwap<HashMap<ClinicId, ClinicAccess>>,
    own: ArcSwap<Own>,
    /// Of the declarations that were read last.
    revision: AtomicI64,
}

/// What stands in a node's own settings beside the declarations.
struct Own {
    booking: BookingRules,
    webhook: Vec<WebhookCredential>,
}

struct Page {
    roster: Arc<Roster>,
    gatebook: Gatebook,
    access: HashMap<ClinicId, ClinicAccess>,
}

impl Own {
    fn of(settings: &Settings) -> Self {
        Self { booking: settings.booking.clone(), webhook: settings.webhook.clone() }
    }
}

impl Page {
    /// A clinic that cannot be read stays as it was `known` to us.
    async fn read(
        own: &Own,
        store: &SqlStore,
        known: impl Fn(&ClinicId) -> Option<(Clinic, ClinicAccess)>,
    ) -> Result<Self, NotBegun> {
        let stored = store.clinics().await?;
        let kept = stored.unreadable.iter().filter_map(known);
        let (mut clinics, access): (Vec<Clinic>, Vec<ClinicAccess>) =
            stored.read.into_iter().chain(kept).unzip();
        for clinic in &mut clinics {
            clinic.house.clone_from(&own.booking);
        }
        let access: HashMap<_, _> = clinics.iter().map(|clinic| clinic.id.clone()).zip(access).collect();
        let roster = Arc::new(Roster::of(clinics)?);
        let of = |(id, access): (&'_ ClinicId, &'_ ClinicAccess)| (id.clone(), access.webhook.clone());
        let credentials: Vec<(ClinicId, Vec<WebhookCredential>)> = access.iter().map(of).collect();
        let listed = credentials.iter().map(|(id, credentials)| (id, credentials.as_slice()));
        let gatebook = Gatebook::prepare(Arc::clone(&roster), &own.webhook, listed)?;
        Ok(Self { roster, gatebook, access })
    }
}

/// The configuration seeds the store; the store is what counts. For whoever has the node: other processes act on it.
pub(super) async fn declare(settings: &Settings, store: &SqlStore, now: Ts) -> Result<(), NotBegun> {
    rehearse(settings)?;
    store.rewrap_keys().await?;
    for (clinic, access) in &settings.clinics {
        store.seed_clinic(clinic, access, now).await?;
    }
    let declared: Vec<ClinicId> = settings.clinics.iter().map(|(clinic, _)| clinic.id.clone()).collect();
    store.retire_undeclared(&declared, now).await?;
    Ok(())
}

/// What the settings declare, taken as the door will take it: finds what only the door knows to be wrong.
pub fn rehearse(settings: &Settings) -> Result<(), NotBegun> {
    declared(settings).map(drop)
}

/// The clinics as long as only the settings can be asked: those of the store are these, once it has taken them over.
pub(super) fn declared(settings: &Settings) -> Result<(Arc<Roster>, Gatebook), NotBegun> {
    let roster = Arc::new(Roster::of(settings.clinics.iter().map(|(clinic, _)| clinic.clone()))?);
    let listed = settings.clinics.iter().map(|(clinic, access)| (&clinic.id, access.webhook.as_slice()));
    let gatebook = Gatebook::prepare(Arc::clone(&roster), &settings.webhook, listed)?;
    Ok((roster, gatebook))
}

impl ClinicBook {
    /// Only reads: the clinics as they are declared by now, whoever did it.
    pub async fn open(settings: &Settings, store: &SqlStore) -> Result<Self, NotBegun> {
        rehearse(settings)?;
        let revision = store.clinics_revision().await?;
        let own = Own::of(settings);
        let declared = |id: &ClinicId| settings.clinics.iter().find(|(clinic, _)| clinic.id == *id).cloned();
        let page = Page::read(&own, store, declared).await?;
        Ok(Self {
            own: ArcSwap::from_pointee(own),
            revision: AtomicI64::new(revision),
            roster: Arc::new(ArcSwap::new(page.roster)),
            gatebook: Arc::new(ArcSwap::from_pointee(page.gatebook)),
            access: ArcSwap::from_pointee(page.access),
        })
    }

    pub fn roster(&self) -> Arc<ArcSwap<Roster>> {
        Arc::clone(&self.roster)
    }

    pub fn gatebook(&self) -> Arc<ArcSwap<Gatebook>> {
        Arc::clone(&self.gatebook)
    }

    pub fn emr(&self, clinic: &ClinicId) -> Option<EmrAccess> {
        self.access.load().get(clinic).map(|access| access.emr.clone())
    }

    pub fn revision(&self) -> i64 {
        self.revision.load(Ordering::Relaxed)
    }

    /// Writes what these settings declare into the store. It is taken with the next [`Self::reload`], here as on every other
    /// node.
    pub async fn declare(&self, settings: &Settings, store: &SqlStore, now: Ts) -> Result<(), NotBegun> {
        declare(settings, store, now).await?;
        self.own.store(Arc::new(Own::of(settings)));
        Ok(())
    }

    /// Reads what is declared by now, takes new snapshots and renews the cells of those clinics that are not as they were; returns how many.
    pub async fn reload(&self, store: &SqlStore, house: &Arc<House>) -> Result<usize, NotBegun> {
        // Before the clinics: what changes meanwhile is read again.
        let revision = store.clinics_revision().await?;
        let (before, access_before) = (self.roster.load_full(), self.access.load_full());
        let known = |id: &ClinicId| Some((Clinic::clone(before.clinic(id)?), access_before.get(id)?.clone()));
        let page = Page::read(&self.own.load(), store, known).await;
        // What cannot be taken is not tried again until it is declared otherwise; a store that is away is.
        if !matches!(page, Err(NotBegun::Store(_))) {
            self.revision.store(revision, Ordering::Relaxed);
        }
        let page = page?;
        let same_access = |id: &ClinicId| match (access_before.get(id), page.access.get(id)) {
            (Some(old), Some(new)) => old.same_as(new),
            (old, new) => old.is_none() && new.is_none(),
        };
        let ids = before.clinics().chain(page.roster.clinics()).map(|clinic| clinic.id.clone());
        let mut changed: Vec<ClinicId> =
            ids.filter(|id| before.clinic(id) != page.roster.clinic(id) || !same_access(id)).collect();
        changed.sort();
        changed.dedup();
        self.access.store(Arc::new(page.access));
        self.roster.store(page.roster);
        self.gatebook.store(Arc::new(page.gatebook));
        renew(house, &changed).await;
        Ok(changed.len())
    }
}
