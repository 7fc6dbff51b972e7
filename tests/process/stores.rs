//! The schema and the store as a whole: what an operator does to them beside the daemon, and what is refused.

use secrecy::ExposeSecret;
use vitarad::store::Engine;

use crate::daemon::{Daemon, Ended, Process, serve};
use crate::misfortunes::{goes_on, is_booked, scene_in};
use crate::postgres;
use crate::premises::Premises;
use crate::town::Town;

fn url(engine: &Engine) -> &str {
    let Engine::Postgres { url } = engine else { panic!("not PostgreSQL") };
    url.expose_secret()
}

/// On a database with nothing in it, whose tables will be another role's than the daemon's.
fn move_to(premises: &mut Premises, worker: &Engine) {
    premises.set("VITARAD_STORE__URL", url(worker));
    premises.set("VITARAD_STORE__OWNER_URL", url(&postgres::owner(worker)));
}

async fn migrate(premises: &Premises, verb: &str) -> Ended {
    let file = premises.config_file();
    let line = ["migrate", verb, "--config", file.to_str().expect("a path in UTF-8")];
    Process::start(&line, &premises.environment).ended().await
}

/// Whatever engine they name.
async fn may_not_migrate(mut premises: Premises) {
    premises.set("VITARAD_STORE__MIGRATE", "manual");
    let refused = serve(&premises, &[]).ended().await;
    assert_eq!(refused.status.code(), Some(75), "{}", refused.err);
    assert!(refused.err.contains("vitarad migrate up"), "{}", refused.err);
    let before = migrate(&premises, "status").await;
    assert_eq!(before.status.code(), Some(1), "{}", before.err);
    assert!(before.out.starts_with("0001 ownership ") && before.out.contains("missing"), "{}", before.out);

    let made = migrate(&premises, "up").await;
    assert_eq!((made.status.code(), made.out.contains("missing")), (Some(0), false), "{}", made.err);
    assert_eq!(migrate(&premises, "status").await.status.code(), Some(0));
    drop(Daemon::serve(&premises, &[]).await);
}

#[tokio::test]
async fn a_start_that_may_not_migrate_names_the_command_that_does() {
    may_not_migrate(Premises::around(Town::open().await)).await;
}

#[tokio::test]
async fn the_command_migrates_postgresql_as_the_owner_of_the_tables_for_a_daemon_that_is_not() {
    let Some(worker) = postgres::empty_database().await else { return };
    let mut premises = Premises::around(Town::open().await);
    move_to(&mut premises, &worker);
    may_not_migrate(premises).await;
}

async fn copy(premises: &Premises, from: &str, to: &str) -> Ended {
    Process::start(&["store", "copy", from, to], &premises.environment).ended().await
}

#[tokio::test]
async fn a_store_that_a_daemon_lives_on_is_not_moved() {
    let premises = Premises::around(Town::open().await);
    let daemon = Daemon::serve(&premises, &[]).await;
    let from = &premises.environment["VITARAD_STORE__URL"];
    let nowhere = "postgres://nobody@127.0.0.1:1/none";
    let refused = copy(&premises, from, nowhere).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.err.starts_with("nothing was moved: another vitarad runs as node"), "{}", refused.err);
    daemon.process.signal("TERM");
    assert!(daemon.process.ended().await.status.success());
    let free = copy(&premises, from, nowhere).await;
    assert_eq!(free.err.trim(), "nothing was moved: the target: the database does not answer");
}

#[tokio::test]
async fn a_store_is_moved_to_postgresql_and_the_call_goes_on_there() {
    let Some(worker) = postgres::empty_database().await else { return };
    let (mut premises, daemon) = scene_in(Premises::around(Town::open().await), &[]).await;
    daemon.process.signal("TERM");
    assert!(daemon.process.ended().await.status.success());
    let from = premises.environment["VITARAD_STORE__URL"].clone();
    let moved = copy(&premises, &from, url(&postgres::owner(&worker))).await;
    assert_eq!(moved.status.code(), Some(0), "{}", moved.err);
    let calls = moved.out.lines().find_map(|line| line.strip_prefix("call "));
    assert_eq!(calls.map(str::trim), Some("1"), "{}", moved.out);

    move_to(&mut premises, &worker);
    let daemon = Daemon::serve(&premises, &[]).await;
    goes_on(&daemon, "the call that was verified on the file").await;
    is_booked(&daemon, "on the new store").await;
    daemon.process.signal("TERM");
    assert!(daemon.process.ended().await.status.success());
    let again = copy(&premises, &from, url(&postgres::owner(&worker))).await;
    assert_eq!(
        (again.status.code(), again.err.trim()),
        (Some(1), "nothing was moved: the target is not empty")
    );
}
