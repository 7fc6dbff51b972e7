use secrecy::SecretBox;

use super::*;

const PLACE: Place<'static> = Place { table: "call", column: "memory", row: &["c1"] };

fn clinic(id: &str) -> ClinicId {
    ClinicId::parse(id).unwrap()
}

fn keyring(master: u8) -> Keyring {
    Keyring::new(SecretBox::new(Box::new([master; 32])), None)
}

fn fresh(keyring: &Keyring, id: &str) -> Vec<WrappedKey> {
    KeyKind::ALL.into_iter().map(|kind| keyring.fresh(&clinic(id), kind, 1).unwrap()).collect()
}

fn keys(id: &str) -> std::sync::Arc<ClinicKeys> {
    let keyring = keyring(7);
    keyring.admit(&clinic(id), &fresh(&keyring, id)).unwrap();
    keyring.known(&clinic(id)).unwrap()
}

#[test]
fn an_envelope_opens_in_its_place_and_says_nothing_outside() {
    let keys = keys("maple");
    let envelope = keys.seal(PLACE, b"Tremblay").unwrap();
    assert_eq!(keys.open(PLACE, &envelope).unwrap().reveal(), b"Tremblay");
    assert!(!envelope.windows(8).any(|window| window == b"Tremblay"));
    assert_ne!(envelope, keys.seal(PLACE, b"Tremblay").unwrap(), "the nonce is fresh each time");
}

#[test]
fn an_envelope_does_not_open_in_another_table_column_row_or_clinic() {
    let maple = keys("maple");
    let envelope = maple.seal(PLACE, b"x").unwrap();
    for place in [
        Place { table: "sms", ..PLACE },
        Place { column: "body", ..PLACE },
        Place { row: &["c2"], ..PLACE },
        Place { row: &["c", "1"], ..PLACE },
    ] {
        assert!(matches!(maple.open(place, &envelope), Err(StoreError::Unreadable(_))), "{place:?}");
    }
    assert!(keys("birch").open(PLACE, &envelope).is_err());
}

#[test]
fn a_bent_or_short_envelope_is_unreadable_and_never_a_panic() {
    let keys = keys("maple");
    let envelope = keys.seal(PLACE, b"x").unwrap();
    for at in 0..envelope.len() {
        let mut bent = envelope.clone();
        bent[at] ^= 1;
        assert!(keys.open(PLACE, &bent).is_err(), "byte {at}");
        assert!(keys.open(PLACE, &envelope[..at]).is_err(), "length {at}");
    }
}

#[test]
fn a_blind_index_is_stable_for_one_clinic_and_thing_only() {
    let maple = keys("maple");
    assert_eq!(maple.blind(Blind::Patient, b"4711"), maple.blind(Blind::Patient, b"4711"));
    assert_eq!(maple.blind(Blind::Patient, b"4711").len(), BLIND);
    assert_ne!(maple.blind(Blind::Patient, b"4711"), maple.blind(Blind::Wish, b"4711"));
    assert_ne!(maple.blind(Blind::Patient, b"4711"), keys("birch").blind(Blind::Patient, b"4711"));
}

#[test]
fn keys_open_under_the_previous_master_and_come_back_wrapped_by_the_new_one() {
    let old = keyring(1);
    let stored = fresh(&old, "maple");
    old.admit(&clinic("maple"), &stored).unwrap();
    let envelope = old.known(&clinic("maple")).unwrap().seal(PLACE, b"x").unwrap();

    let changing = Keyring::new(SecretBox::new(Box::new([2; 32])), Some(SecretBox::new(Box::new([1; 32]))));
    let anew = changing.admit(&clinic("maple"), &stored).unwrap();
    assert_eq!(anew.len(), stored.len());

    let new = keyring(2);
    assert!(new.admit(&clinic("maple"), &stored).is_err(), "the old wrapping needs the old master");
    assert!(new.admit(&clinic("maple"), &anew).unwrap().is_empty());
    assert!(new.admit(&clinic("birch"), &anew).is_err(), "a key is bound to its clinic");
    assert_eq!(new.known(&clinic("maple")).unwrap().open(PLACE, &envelope).unwrap().reveal(), b"x");
}
