//! Every entry is sealed once, and each clinic is a house of its own (laws P-2, I-2).

use vitarad_actors::ports::store::{AuditEntry, StoreError};

use super::{adopt, granted, role, save};
use crate::fixture::House;
use crate::samples::{NOW, audit, booked, booking, call, clinic, done, patient, settlement, slot};

pub(crate) async fn every_audit_entry_is_sealed_once(house: &dyn House) {
    let a = house.process("a").await;
    let fence = adopt(&*a.store, &call(1), a.generation).await;
    for version in 1..=70 {
        a.store.save_call(save(&call(1), fence, version, "x"), NOW).await.unwrap();
    }
    let sealer = role(&*a.store, "audit", a.generation).await;
    for expected in [50, 20, 0] {
        assert_eq!(a.store.seal_audit(&sealer, 50, NOW).await.unwrap(), expected);
    }
}

/// Somebody may have asked about a clinic that there is not, or no longer.
pub(crate) async fn what_is_entered_of_a_clinic_that_nobody_declared_is_sealed_too(house: &dyn House) {
    let a = house.process("a").await;
    let sealer = role(&*a.store, "audit", a.generation).await;
    for of in ["birch", "maple"] {
        let entry = AuditEntry { clinic: clinic(of), ..audit(1) };
        a.store.append_audit(entry).await.unwrap();
    }
    assert_eq!(a.store.seal_audit(&sealer, 50, NOW).await.unwrap(), 2);
    assert_eq!(a.store.seal_audit(&sealer, 50, NOW).await.unwrap(), 0);
}

pub(crate) async fn a_patient_of_two_clinics_is_two_patients(house: &dyn House) {
    let a = house.process("a").await;
    let maple = booking(1, slot(540), a.generation);
    let mut birch = booking(1, slot(540), a.generation);
    birch.intent.clinic = clinic("birch");
    birch.effect.clinic = clinic("birch");
    birch.order.tool_call.call.clinic = clinic("birch");
    birch.audit = vec![];
    assert_eq!(birch.intent.patient, patient(1));
    granted(&*a.store, &maple).await;
    granted(&*a.store, &birch).await;
    assert_eq!(a.store.intent(&clinic("maple"), birch.intent.id).await.unwrap(), None);
    let mut across = settlement(&birch, done(7), booked(7));
    across.clinic = clinic("maple");
    assert_eq!(a.store.settle(across, NOW).await, Err(StoreError::Usurped));
}
