//! Processes on one store learn of each other by their beats, and agree on who is dead (laws O-1 and O-2).

use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::date;
use vitarad_actors::domain::booking::Slot;
use vitarad_actors::domain::census::{Census, Pace, Said};
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::node::{Passage, Request};
use vitarad_actors::ports::store::{Beat, StoreError, StoreResult};

use super::{announced, granted, raced};
use crate::fixture::{House, Process};
use crate::patience::until;
use crate::samples::{NOW, booking, clinic, slot};

const PACE: Pace = Pace { dead_after: Duration::from_secs(1) };

async fn beat(process: &Process) -> StoreResult<Census> {
    beat_counting(process, &Census::default()).await
}

async fn beat_counting(process: &Process, census: &Census) -> StoreResult<Census> {
    let says = Said { counts: census.counted(), ..Said::default() };
    let Process { store, generation, .. } = process;
    store.beat(Beat { generation: *generation, says, is_news: true, pace: PACE }).await
}

fn of(census: &Census) -> Vec<Generation> {
    census.lives.iter().map(|life| life.generation).collect()
}

/// How long a process has been silent; the store says so.
async fn silent(witness: &Process, of: Generation) -> Duration {
    let lives = witness.store.lives().await.unwrap();
    lives.iter().find(|life| life.generation == of).expect("it is at work").silent
}

async fn all_silent(witness: &Process, processes: &[&Process]) {
    until("their silence", async || {
        for process in processes {
            if silent(witness, process.generation).await <= PACE.dead_after {
                return None;
            }
        }
        Some(())
    })
    .await;
}

pub(crate) async fn a_silent_process_is_called_dead_by_one_that_has_beaten_all_the_while(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    let lived = booking(1, slot(540), a.generation);
    granted(&*a.store, &lived).await;
    assert_eq!(of(&beat(&a).await.unwrap()), [a.generation, b.generation]);
    assert!(of(&beat(&b).await.unwrap()).contains(&a.generation));

    all_silent(&b, &[&a, &b]).await;
    let census = beat(&b).await.unwrap();
    assert_eq!(
        (of(&census), census.buried.len()),
        (vec![a.generation, b.generation], 0),
        "the store was away"
    );
    assert_eq!(beat(&a).await.unwrap().buried, [], "and whoever comes back in time lives");
    let census = until("its end", async || {
        let census = beat(&b).await.unwrap();
        (!census.buried.is_empty()).then_some(census)
    })
    .await;
    assert_eq!((census.buried.clone(), of(&census)), (vec![a.generation], vec![b.generation]));
    assert_eq!(beat(&b).await.unwrap().buried, [], "once");

    assert_eq!(beat(&a).await, Err(StoreError::Usurped));
    let late = booking(2, slot(600), a.generation);
    assert_eq!(a.store.announce(late, NOW).await.err(), Some(StoreError::Usurped), "it begins nothing more");
    assert_eq!(b.store.adopt_journal(&clinic("maple"), b.generation, NOW).await.unwrap(), 1);
}

pub(crate) async fn a_process_that_drains_may_fall_silent_and_one_that_stood_by_does_not_count_from_before(
    house: &dyn House,
) {
    let a = house.process("n").await;
    let b = house.process_beside("n").await;
    let c = house.process("m").await;
    assert_eq!(of(&beat(&a).await.unwrap()), [a.generation, c.generation], "who stands by is not at work");
    assert_eq!(beat(&b).await, Err(StoreError::Usurped));
    all_silent(&c, &[&c]).await;
    let offer = a.handoff.offer("n", a.generation).await.unwrap().expect("it has the node");
    let passing = Passage { incumbent: a.generation, successor: b.generation, offer };
    // The incumbent still beats; the successor has stood by for longer than anybody may be silent.
    until("a process that may bury", async || {
        let (_, census) = (beat(&a).await.unwrap(), beat(&c).await.unwrap());
        assert_eq!(census.buried, []);
        (silent(&a, c.generation).await < PACE.gap()).then_some(())
    })
    .await;
    assert!(b.handoff.ask("n", Request::Claim(passing)).await.unwrap());
    assert!(silent(&c, b.generation).await < PACE.dead_after, "its claim was its first beat");
    until("the end of the one that drains", async || {
        let buried = [beat(&b).await.unwrap().buried, beat(&c).await.unwrap().buried].concat();
        (buried == [a.generation]).then_some(())
    })
    .await;
    assert_eq!(of(&beat(&b).await.unwrap()), [b.generation, c.generation]);
}

pub(crate) async fn a_process_tells_whom_it_counts(house: &dyn House) {
    let a = house.process("a").await;
    let seen = beat(&a).await.unwrap();
    let b = house.process("b").await;
    let told = async |now: &Census| {
        beat_counting(&a, now).await.unwrap();
        let all = beat(&b).await.unwrap();
        let census = beat_counting(&b, &all).await.unwrap();
        let membership = census.membership(b.generation, Pace { dead_after: Duration::from_hours(1) });
        (membership.processes, membership.is_counted)
    };
    assert_eq!(told(&seen).await, (2, false));
    let seen = beat(&a).await.unwrap();
    assert_eq!(told(&seen).await, (2, true));
    a.store.release(a.generation, false).await.unwrap();
    assert_eq!(of(&beat(&b).await.unwrap()), [b.generation]);
}

pub(crate) async fn an_emr_may_be_at_work_for_who_died_or_left_something_behind(house: &dyn House) {
    let witness = house.process("a").await;
    let [drained, busy, idle, killed] = [
        house.process("b").await,
        house.process("c").await,
        house.process("d").await,
        house.process("e").await,
    ];
    let seen = beat(&witness).await.unwrap();
    assert_eq!((seen.lives.len(), seen.late), (5, 0));
    for process in [&drained, &busy] {
        beat_counting(process, &seen).await.unwrap();
    }
    drained.store.release(drained.generation, false).await.unwrap();
    assert_eq!(beat(&witness).await.unwrap().late, 0);
    busy.store.release(busy.generation, true).await.unwrap();
    assert_eq!(beat(&witness).await.unwrap().late, 1, "it left something behind");
    idle.store.release(idle.generation, true).await.unwrap();
    assert_eq!(beat(&witness).await.unwrap().late, 1, "who counted nobody asked nobody");
    beat_counting(&killed, &seen).await.unwrap();
    let _again = house.process("e").await;
    assert_eq!(beat(&witness).await.unwrap().late, 2, "its node's next life has begun");
}

pub(crate) async fn of_400_races_of_two_nodes_for_a_providers_day_each_has_one_winner(house: &dyn House) {
    let a = house.process("a").await;
    let b = house.process("b").await;
    let mut won = [0, 0];
    for round in 0..400_u16 {
        // Where they want different times, only the lease of the day can be in anybody's way.
        let wants_the_same = round % 7 == 0;
        let date = date(2027, 1, 1).saturating_add(i64::from(round).days());
        let wish = |of: &Process, nth: u16, start: u16| {
            booking(i32::from(round * 2 + nth), Slot { date, ..slot(start) }, of.generation)
        };
        let wishes = [wish(&a, 1, 540), wish(&b, 2, if wants_the_same { 540 } else { 600 })];
        let first = announced(&*a.store, &wishes[0], NOW);
        let heard: [&str; 2] = raced(round.into(), first, announced(&*b.store, &wishes[1], NOW)).await.into();
        let winners: Vec<usize> = (0..2).filter(|one| heard[*one] == "granted").collect();
        let [winner] = winners.as_slice() else { panic!("round {round}: {heard:?}") };
        won[*winner] += 1;
        let loser = 1 - winner;
        let why = if wants_the_same { "occupied" } else { "lease held" };
        assert_eq!(heard[loser], why, "round {round}");
        let again = announced(&*a.store, &wishes[loser], NOW).await;
        assert_eq!(again, why, "round {round}: the day is the winner's");
    }
    assert!(won[0] > 0 && won[1] > 0, "{won:?}");
}
