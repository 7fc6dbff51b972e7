//! The schema and the store as a whole: what an operator does to them beside the daemon, and what is refused.

use crate::daemon::{Daemon, Process, serve};
use crate::premises::Premises;
use crate::town::Town;

#[tokio::test]
async fn a_start_that_may_not_migrate_names_the_command_that_does() {
    let mut premises = Premises::around(Town::open().await);
    premises.set("VITARAD_STORE__MIGRATE", "manual");
    let file = premises.config_file();
    let file = file.to_str().expect("a path in UTF-8");
    let migrate = async |verb: &str| {
        Process::start(&["migrate", verb, "--config", file], &premises.environment).ended().await
    };
    let refused = serve(&premises, &[]).ended().await;
    assert_eq!(refused.status.code(), Some(75), "{}", refused.err);
    assert!(refused.err.contains("vitarad migrate up"), "{}", refused.err);
    let before = migrate("status").await;
    assert_eq!(before.status.code(), Some(1), "{}", before.err);
    assert!(before.out.starts_with("0001 ownership ") && before.out.contains("missing"), "{}", before.out);

    let made = migrate("up").await;
    assert_eq!((made.status.code(), made.out.contains("missing")), (Some(0), false), "{}", made.err);
    assert_eq!(migrate("status").await.status.code(), Some(0));
    drop(Daemon::serve(&premises, &[]).await);
}

#[tokio::test]
async fn a_store_that_a_daemon_lives_on_is_not_moved() {
    let premises = Premises::around(Town::open().await);
    let daemon = Daemon::serve(&premises, &[]).await;
    let from = &premises.environment["VITARAD_STORE__URL"];
    let copy = async || {
        let nowhere = "postgres://nobody@127.0.0.1:1/none";
        Process::start(&["store", "copy", from, nowhere], &premises.environment).ended().await
    };
    let refused = copy().await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.err.starts_with("nothing was moved: another vitarad runs as node"), "{}", refused.err);
    daemon.process.signal("TERM");
    assert!(daemon.process.ended().await.status.success());
    let free = copy().await;
    assert_eq!(free.err.trim(), "nothing was moved: the target: the database does not answer");
}
