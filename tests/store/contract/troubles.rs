//! What the processes tell each other of trouble.

use std::time::Duration;

use vitarad_actors::domain::emr_path::{Path, Service};
use vitarad_actors::domain::trouble::{Lasts, Part, Trouble};
use vitarad_actors::ports::Store;

use crate::fixture::House;
use crate::patience::until;
use crate::samples::clinic;

const SCHEDULE: Part = Part::Service(Path::Soap, Service::Schedule);
const MINUTE: Duration = Duration::from_mins(1);

async fn of_maple(store: &dyn Store, part: &Part) -> Trouble {
    let troubles = store.troubles(&clinic("maple")).await.unwrap();
    troubles.into_iter().find(|trouble| trouble.part == *part).expect("something was told")
}

pub(crate) async fn of_each_part_the_last_word_of_any_process_stands(house: &dyn House) {
    let (a, b) = (house.process("a").await, house.process("b").await);
    let (maple, link) = (clinic("maple"), Part::Actor("emr_link".to_owned()));
    assert_eq!(b.store.troubles(&maple).await.unwrap(), []);
    a.store.tell(&maple, &SCHEDULE, Lasts::For(MINUTE), a.generation).await.unwrap();
    a.store.tell(&maple, &link, Lasts::For(MINUTE), a.generation).await.unwrap();
    let first = of_maple(&*b.store, &SCHEDULE).await;
    assert_eq!((first.told_by, first.node.as_str()), (a.generation, "a"));
    assert!(matches!(first.lasts, Lasts::For(left) if left <= MINUTE && left > MINUTE / 2), "{first:?}");
    b.store.tell(&maple, &SCHEDULE, Lasts::IsOver, b.generation).await.unwrap();
    let last = of_maple(&*a.store, &SCHEDULE).await;
    assert_eq!((last.told_by, last.lasts), (b.generation, Lasts::IsOver));
    assert!(last.revision > first.revision);
    assert_eq!(of_maple(&*b.store, &link).await.told_by, a.generation, "that is another matter");
    assert_eq!(b.store.troubles(&clinic("birch")).await.unwrap(), []);
}

pub(crate) async fn a_word_is_news_for_a_while_and_known_for_ever(house: &dyn House) {
    let a = house.process("a").await;
    let told = async |within| {
        let told = a.store.told_lately(within).await.unwrap();
        told.into_iter().map(|(id, trouble)| (id.to_string(), trouble.part)).collect::<Vec<_>>()
    };
    a.store
        .tell(&clinic("maple"), &SCHEDULE, Lasts::For(Duration::from_millis(1)), a.generation)
        .await
        .unwrap();
    assert_eq!(told(MINUTE).await, [("maple".to_owned(), SCHEDULE)]);
    until("it is no news any more", async || told(Duration::from_millis(1)).await.is_empty().then_some(()))
        .await;
    let known = of_maple(&*a.store, &SCHEDULE).await;
    assert_eq!(known.lasts, Lasts::For(Duration::ZERO), "nobody has said that it is over");
}
