//! A slot that was named to one caller is kept from the others.

use futures::future::join_all;
use vitarad_actors::ports::store::Taken;

use super::{adopt, announced, granted, taken};
use crate::fixture::House;
use crate::samples::{NOW, booked, booking, call, clinic, done, later, settlement, slot, slot_on};

pub(crate) async fn a_hold_keeps_other_calls_out_until_it_expires(house: &dyn House) {
    let a = house.process("a").await;
    let wanted = vec![slot(540), slot(555), slot_on(24, 570), slot(600)];
    let first = a.store.hold(&call(1), wanted.clone(), 3, later(120), NOW).await.unwrap();
    assert_eq!(first, wanted[..3]);
    let overlapping = vec![slot(545), slot(610), slot(600)];
    let b = house.process("b").await;
    let second = b.store.hold(&call(2), overlapping, 3, later(120), NOW).await.unwrap();
    assert_eq!(second, [slot(610), slot(600)], "a call may overlap itself, not others");
    assert_eq!(taken(&*a.store, Some(&call(2)), NOW).await, [540, 555, 570]);
    assert_eq!(taken(&*a.store, None, later(120)).await, [0_u16; 0]);
    let after = b.store.hold(&call(2), vec![slot(540)], 1, later(300), later(120)).await.unwrap();
    assert_eq!(after, [slot(540)]);
}

pub(crate) async fn new_holds_of_a_call_replace_its_old_ones_and_its_end_drops_them(house: &dyn House) {
    let a = house.process("a").await;
    let fence = adopt(&*a.store, &call(1), a.generation).await;
    a.store.hold(&call(1), vec![slot(540)], 3, later(120), NOW).await.unwrap();
    a.store.hold(&call(1), vec![slot(600)], 3, later(120), NOW).await.unwrap();
    assert_eq!(taken(&*a.store, None, NOW).await, [600]);
    a.store.end_call(&call(1), fence, NOW).await.unwrap();
    assert_eq!(taken(&*a.store, None, NOW).await, [0_u16; 0]);
}

pub(crate) async fn an_unsettled_addition_is_taken_and_cannot_be_held(house: &dyn House) {
    let a = house.process("a").await;
    let wish = booking(1, slot(540), a.generation);
    granted(&*a.store, &wish).await;
    assert_eq!(taken(&*a.store, None, later(9_999)).await, [540], "it does not expire");
    let whole_day = Taken {
        clinic: clinic("maple"),
        provider: slot(540).provider,
        first: slot(540).date,
        last: slot(540).date,
        except_call: None,
        except_effect: None,
        except_patient: None,
    };
    let marks: Vec<_> =
        a.store.taken(whole_day, NOW).await.unwrap().into_iter().map(|taken| taken.mark).collect();
    assert_eq!(marks, [Some(wish.effect.mark())], "by which it is known in the EMR");
    let held = a.store.hold(&call(2), vec![slot(550), slot(555)], 3, later(120), NOW).await.unwrap();
    assert_eq!(held, [slot(555)]);
    let own = Taken {
        clinic: clinic("maple"),
        provider: slot(540).provider,
        first: slot(540).date,
        last: slot(540).date,
        except_call: Some(call(2).call),
        except_effect: Some(wish.effect.id),
        except_patient: None,
    };
    assert!(a.store.taken(own, NOW).await.unwrap().is_empty());
    a.store.settle(settlement(&wish, done(7), booked(7)), NOW).await.unwrap();
    assert_eq!(taken(&*a.store, Some(&call(2)), NOW).await, [0_u16; 0], "from here on the EMR says so");
}

pub(crate) async fn a_slot_is_held_by_one_caller_or_announced_for_another_never_both(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    for round in 0..100_u16 {
        let wanted = slot_on(i8::try_from(round % 28 + 1).unwrap(), 300 + round / 28 * 15);
        let wish = booking(i32::from(round) + 1, wanted.clone(), b.generation);
        let caller = call(1_000 + u32::from(round));
        let (held, announced) = tokio::join!(
            a.store.hold(&caller, vec![wanted.clone()], 1, later(120), NOW),
            announced(&*b.store, &wish, NOW),
        );
        let outcome = (held.unwrap().len(), announced);
        assert!([(1, "occupied"), (0, "granted")].contains(&outcome), "round {round}: {outcome:?}");
    }
}

pub(crate) async fn of_64_racing_holds_of_overlapping_slots_one_is_granted(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    let racers = (0..64_u16).map(|n| {
        let store = if n % 2 == 0 { a.store.clone() } else { b.store.clone() };
        let wanted = vec![slot(540 + n % 14)];
        async move { store.hold(&call(u32::from(n)), wanted, 1, later(120), NOW).await.unwrap().len() }
    });
    assert_eq!(join_all(racers).await.into_iter().sum::<usize>(), 1);
}
