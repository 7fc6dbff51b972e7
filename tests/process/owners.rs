//! Who owns a node and its roles, as the store's rows say it.

use std::time::Duration;

use sqlx::{Connection, PgConnection, SqliteConnection};
use vitarad::clock::SystemClock;
use vitarad_actors::ports::Clock;

use crate::daemon::Daemon;
use crate::patience::until;
use crate::premises::{OPERATOR_TOKEN, Premises};

const ACTIVE: &str = "SELECT generation FROM instance WHERE node = $1 AND state = 'active'";
/// Of audit, sms and retention, held anew since.
const ROLES: &str = "SELECT owner FROM role_lease WHERE expires_at > $1";
/// Renewed before each piece of work.
pub(crate) const ROLE_LASTS: Duration = Duration::from_secs(10);

/// One generation of the node is active, this process's, and it is at work in all roles (law O-1).
pub(crate) async fn owns_all(premises: &Premises, daemon: &Daemon, told: &str) {
    let report = daemon.platform.get("/health", OPERATOR_TOKEN).await.expect("an answer").json();
    let own = report["generation"].as_i64().expect("a number");
    // The store's clock is this machine's.
    let held_since_now = SystemClock.now().plus(ROLE_LASTS).0;
    until("the roles at their owner", async || {
        let (active, roles) = rows(premises, held_since_now).await;
        assert_eq!(active, [own], "{told}: one is active");
        (roles == [own; 3]).then_some(())
    })
    .await;
}

async fn rows(premises: &Premises, held_until: i64) -> (Vec<i64>, Vec<i64>) {
    let (url, node) =
        (&premises.environment["VITARAD_STORE__URL"], &premises.environment["VITARAD_NODE__NAME"]);
    let rows = if url.starts_with("sqlite:") {
        let mut store = SqliteConnection::connect(url).await.expect("the file");
        (
            sqlx::query_scalar(ACTIVE).bind(node).fetch_all(&mut store).await,
            sqlx::query_scalar(ROLES).bind(held_until).fetch_all(&mut store).await,
        )
    } else {
        let mut store = PgConnection::connect(url).await.expect("PostgreSQL answers");
        (
            sqlx::query_scalar(ACTIVE).bind(node).fetch_all(&mut store).await,
            sqlx::query_scalar(ROLES).bind(held_until).fetch_all(&mut store).await,
        )
    };
    (rows.0.expect("generations"), rows.1.expect("roles"))
}
