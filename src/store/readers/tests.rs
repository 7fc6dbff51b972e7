use futures::poll;
use std::pin::pin;
use tempfile::TempDir;

use super::*;
use crate::store::{Engine, Tuning, connect};

async fn readers(number: u32) -> (Readers, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::Sqlite { file: directory.path().join("test.db") };
    let tuning = Tuning { readers: number, ..Tuning::default() };
    (Readers::of(connect::open(&engine, tuning).await.unwrap().readers), directory)
}

fn used(in_use: u64, idle: u64, waiting: u64) -> ReaderUse {
    ReaderUse { in_use, idle, waiting }
}

#[tokio::test]
async fn connections_are_bounded_and_given_out_in_the_order_of_asking() {
    let (readers, _directory) = readers(1).await;
    let held = readers.session().await.unwrap();
    let (mut first, mut second) = (pin!(readers.session()), pin!(readers.session()));
    assert!(poll!(&mut first).is_pending() && poll!(&mut second).is_pending());
    assert_eq!(readers.in_use(), used(1, 0, 2));

    drop(held);
    tokio::select! {
        biased;
        _ = &mut second => panic!("it was not their turn"),
        session = &mut first => drop(session.unwrap()),
    }
    drop(second.await.unwrap());
    assert_eq!(readers.in_use().waiting, 0);
}

#[tokio::test]
async fn who_goes_away_no_longer_waits() {
    let (readers, _directory) = readers(1).await;
    let _held = readers.session().await.unwrap();
    {
        let asked = pin!(readers.session());
        assert!(poll!(asked).is_pending());
        assert_eq!(readers.in_use().waiting, 1);
    }
    assert_eq!(readers.in_use(), used(1, 0, 0));
}
