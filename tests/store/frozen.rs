//! A process that stands still in the middle of its own beat, its row locked: nobody else's heart stops for it.

use std::time::Duration;

use sqlx::Executor;
use vitarad_actors::domain::census::{Pace, Said};
use vitarad_actors::ports::store::{Beat, LifeStore};

use crate::fixture::SqlHouse;
use crate::patience::until;
use crate::postgres;
use crate::samples::NOW;

const PACE: Pace = Pace { dead_after: Duration::from_secs(1) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stands_still_amid_its_beat_holds_up_nobody_and_is_called_dead_once_its_row_is_free() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let store = house.open().await;
    let frozen = store.begin_generation("a", NOW).await.unwrap();
    let generation = store.begin_generation("b", NOW).await.unwrap();
    let mut row = postgres::superuser(&house.engine).await;
    row.execute("BEGIN; SELECT generation FROM instance WHERE node = 'a' FOR UPDATE").await.unwrap();
    let beat = async || {
        let beat = Beat { generation, says: Said::default(), is_news: false, pace: PACE };
        store.beat(beat).await.expect("a beat that waits for nobody")
    };
    until("a silence of long enough", async || {
        let census = beat().await;
        assert_eq!(census.buried, [], "nothing can be said of it now");
        (census.lives[0].silent > 3 * PACE.dead_after).then_some(())
    })
    .await;
    row.execute("ROLLBACK").await.unwrap();
    let buried = until("its burial", async || beat().await.buried.first().copied()).await;
    assert_eq!(buried, frozen);
}
