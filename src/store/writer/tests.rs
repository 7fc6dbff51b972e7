use std::sync::Mutex;

use futures::FutureExt;
use tempfile::TempDir;
use vitarad_actors::domain::ids::ClinicId;

use super::*;
use crate::store::sql::{Sql, args, both};
use crate::store::{Engine, Tuning, connect};

/// Any table without conditions will do.
const WRITE: Sql = both("INSERT INTO role_lease (role, owner, fence, expires_at) VALUES ($1, 1, 1, 1)");
const WRITTEN: Sql = both("SELECT role FROM role_lease ORDER BY role");
const ORPHAN: Sql = both("INSERT INTO audit_subject (seq, clinic_id, patient_index) VALUES (77, 'x', x'00')");
const DEFER: Sql = both("PRAGMA defer_foreign_keys = ON");

struct Bench {
    writer: Writer,
    order: Arc<Mutex<Vec<&'static str>>>,
    _directory: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let engine = Engine::Sqlite { file: directory.path().join("test.db") };
        let pools = connect::open(&engine, Tuning::default()).await.unwrap();
        Self { writer: Writer::start(&pools.writers, 1, 256), order: Arc::default(), _directory: directory }
    }

    /// Writes a row of that name, and remembers when.
    async fn write(&self, lane: Lane<'_>, name: &'static str) -> StoreResult<()> {
        let order = Arc::clone(&self.order);
        self.writer
            .submit(lane, order, move |order, session| {
                async move {
                    order.lock().unwrap().push(name);
                    session.run(WRITE, args![name]).await.map(drop)
                }
                .boxed()
            })
            .await
    }

    /// Writes a row of that name, and then fails.
    async fn fail(&self, lane: Lane<'_>, name: &'static str) -> StoreResult<()> {
        self.writer
            .submit(lane, name, |name, session| {
                async move {
                    session.run(WRITE, args![*name]).await?;
                    Err(StoreError::Usurped)
                }
                .boxed()
            })
            .await
    }

    /// Asked last of all lanes: whatever was asked for before is done by then.
    async fn written(&self) -> Vec<String> {
        let rows: Vec<(String,)> = self
            .writer
            .submit(Lane::Retention(&clinic("maple")), (), |(), session| {
                async move { session.all(WRITTEN, args![]).await }.boxed()
            })
            .await
            .unwrap();
        rows.into_iter().map(|(name,)| name).collect()
    }

    fn order(&self) -> Vec<&'static str> {
        self.order.lock().unwrap().clone()
    }
}

fn clinic(id: &str) -> ClinicId {
    ClinicId::parse(id).unwrap()
}

// One thread: whatever is asked for in one join is queued before the writer runs, so it is one batch.

#[tokio::test]
async fn a_member_that_fails_is_undone_alone() {
    let bench = Bench::new().await;
    let maple = clinic("maple");
    let lane = Lane::Clinic(&maple);
    let outcomes = tokio::join!(
        bench.write(lane, "a"),
        bench.fail(lane, "b"),
        bench.write(lane, "a"), // The same name twice: the database refuses it.
        bench.write(lane, "c"),
    );
    assert_eq!(bench.writer.counts().batches(), 1);
    assert_eq!(outcomes.0, Ok(()));
    assert_eq!(outcomes.1, Err(StoreError::Usurped));
    assert!(matches!(outcomes.2, Err(StoreError::Unavailable(_))));
    assert_eq!(outcomes.3, Ok(()));
    assert_eq!(bench.written().await, ["a", "c"]);
}

#[tokio::test]
async fn a_member_that_fails_without_company_is_undone_too() {
    let bench = Bench::new().await;
    assert_eq!(bench.fail(Lane::House, "a").await, Err(StoreError::Usurped));
    assert_eq!(bench.written().await, [""; 0]);
}

#[tokio::test]
async fn a_failed_commit_is_everybodys_failure() {
    let bench = Bench::new().await;
    let maple = clinic("maple");
    // SQLite checks a deferred reference when the transaction commits.
    let doomed = bench.writer.submit(Lane::Clinic(&maple), (), |(), session| {
        async move {
            session.control(DEFER).await?;
            session.run(ORPHAN, args![]).await.map(drop)
        }
        .boxed()
    });
    let (innocent, doomed) = tokio::join!(bench.write(Lane::Clinic(&maple), "a"), doomed);
    assert!(matches!(innocent, Err(StoreError::Unavailable(_))));
    assert!(matches!(doomed, Err(StoreError::Unavailable(_))));
    assert_eq!(bench.written().await, [""; 0]);
    assert_eq!(bench.write(Lane::Clinic(&maple), "b").await, Ok(()), "and the next batch is another");
}

#[tokio::test]
async fn what_was_asked_for_is_done_though_nobody_waits_for_it() {
    let bench = Bench::new().await;
    let maple = clinic("maple");
    {
        let asked = std::pin::pin!(bench.write(Lane::Clinic(&maple), "a"));
        assert!(futures::poll!(asked).is_pending());
    }
    assert_eq!(bench.written().await, ["a"]);
}

#[tokio::test]
async fn turns_go_round_the_clinics_after_the_house_and_before_retention() {
    let bench = Bench::new().await;
    let (maple, birch) = (clinic("maple"), clinic("birch"));
    let retention = Lane::Retention(&maple);
    let (maple, birch) = (Lane::Clinic(&maple), Lane::Clinic(&birch));
    let outcomes = tokio::join!(
        bench.write(retention, "retention 1"),
        bench.write(retention, "retention 2"),
        bench.write(maple, "maple 1"),
        bench.write(maple, "maple 2"),
        bench.write(maple, "maple 3"),
        bench.write(birch, "birch 1"),
        bench.write(Lane::House, "house"),
    );
    assert!(matches!(outcomes, (Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(()))));
    assert_eq!(
        bench.order(),
        ["house", "maple 1", "birch 1", "maple 2", "maple 3", "retention 1", "retention 2"]
    );
    assert_eq!(bench.writer.counts().batches(), 2, "retention comes one at a time");
}

#[tokio::test]
async fn a_writer_that_dies_tells_those_who_waited_and_is_started_again() {
    let bench = Bench::new().await;
    let maple = clinic("maple");
    let deadly = bench.writer.submit(Lane::Clinic(&maple), (), |(), _| -> BoxFuture<'_, StoreResult<()>> {
        async { panic!("a bug in a member") }.boxed()
    });
    let (bystander, deadly) = tokio::join!(bench.write(Lane::Clinic(&maple), "a"), deadly);
    let stopped = Err(StoreError::Unavailable("the writer stopped".to_owned()));
    assert_eq!(bystander, stopped);
    assert_eq!(deadly, stopped);
    assert_eq!(bench.write(Lane::Clinic(&maple), "b").await, Ok(()));
    assert_eq!(bench.written().await, ["b"]);
    assert_eq!(bench.writer.counts().restarts(), 1);
}

#[tokio::test]
async fn a_closed_writer_finishes_what_it_has_and_takes_nothing_more() {
    let bench = Bench::new().await;
    let maple = clinic("maple");
    let (asked, ()) = tokio::join!(bench.write(Lane::Clinic(&maple), "a"), bench.writer.close());
    assert_eq!(asked, Ok(()));
    let late = bench.write(Lane::Clinic(&maple), "b").await;
    assert_eq!(late, Err(StoreError::Unavailable("it is closed".to_owned())));
}
