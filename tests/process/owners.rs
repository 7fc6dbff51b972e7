//! Who owns a node and its roles, as the store's rows say it.

use sqlx::{Connection, PgConnection, SqliteConnection};

use crate::daemon::Daemon;
use crate::patience::until;
use crate::premises::{OPERATOR_TOKEN, Premises};

const ACTIVE: &str = "SELECT generation FROM instance WHERE node = $1 AND state = 'active'";
/// Of audit, sms and retention.
const ROLES: &str = "SELECT owner FROM role_lease ORDER BY role";

/// One generation of the node is active, this process's, and all roles are its own (law O-1).
pub(crate) async fn owns_all(premises: &Premises, daemon: &Daemon, told: &str) {
    let report = daemon.platform.get("/health", OPERATOR_TOKEN).await.expect("an answer").json();
    let own = report["generation"].as_i64().expect("a number");
    until("the roles at their owner", async || {
        let (active, roles) = rows(premises).await;
        assert_eq!(active, [own], "{told}: one is active");
        (roles == [own; 3]).then_some(())
    })
    .await;
}

async fn rows(premises: &Premises) -> (Vec<i64>, Vec<i64>) {
    let (url, node) =
        (&premises.environment["VITARAD_STORE__URL"], &premises.environment["VITARAD_NODE__NAME"]);
    let rows = if url.starts_with("sqlite:") {
        let mut store = SqliteConnection::connect(url).await.expect("the file");
        (
            sqlx::query_scalar(ACTIVE).bind(node).fetch_all(&mut store).await,
            sqlx::query_scalar(ROLES).fetch_all(&mut store).await,
        )
    } else {
        let mut store = PgConnection::connect(url).await.expect("PostgreSQL answers");
        (
            sqlx::query_scalar(ACTIVE).bind(node).fetch_all(&mut store).await,
            sqlx::query_scalar(ROLES).fetch_all(&mut store).await,
        )
    };
    (rows.0.expect("generations"), rows.1.expect("roles"))
}
