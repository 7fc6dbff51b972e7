//! The word between processes on PostgreSQL: a hint that comes at once, and comes again after the connection was lost.

use std::sync::Arc;

use futures::FutureExt;
use vitarad::store::SqlStore;
use vitarad_actors::domain::census::{Pace, Said};
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::ports::store::{Beat, LifeStore, Notice};

use crate::fixture::{SqlHouse, declare};
use crate::patience::until;
use crate::postgres;
use crate::samples::NOW;

/// Says something until the other hears it: who listens from when on is nobody's to know.
async fn heard(by: &SqlStore, from: &SqlStore, generation: Generation) -> Notice {
    let mut listening = Box::pin(by.noticed());
    until("the word", async || {
        let pace = Pace { dead_after: std::time::Duration::from_secs(10) };
        let beat = Beat { generation, says: Said::default(), is_news: true, pace };
        // The store may have lost its connections, too.
        let _ = from.beat(beat).await;
        listening.as_mut().now_or_never()
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_is_heard_by_other_processes_also_after_the_connection_was_lost() {
    let Some(house) = SqlHouse::postgres().await else { return };
    let (a, b) = (Arc::new(house.open().await), Arc::new(house.open().await));
    let generation = a.begin_generation("a", NOW).await.unwrap();
    assert_eq!(heard(&b, &a, generation).await, Notice::Lives);
    let listener = Arc::clone(&b);
    let clinics = tokio::spawn(async move { while listener.noticed().await != Notice::Clinics {} });
    declare(&a, "maple").await;
    clinics.await.unwrap();

    let kill_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::query(kill_all).execute(&mut postgres::superuser(&house.engine).await).await.unwrap();
    assert_eq!(heard(&b, &a, generation).await, Notice::Lives);
    for store in [a, b] {
        store.close().await;
    }
}
