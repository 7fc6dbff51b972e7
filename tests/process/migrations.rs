//! A schema that is behind: the daemon refuses and says what to do, and doing that helps.

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
