//! A throwaway PostgreSQL for tests: one cluster for each test process, one database for each test.
//!
//! `VITARAD_TEST_PG_URL` names a server to use instead (a role that may create roles and databases). Without either, a
//! test that needs PostgreSQL says so and passes, unless `VITARAD_REQUIRE_PG` is set.

#[path = "cluster.rs"]
pub(crate) mod cluster;

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use tokio::sync::{Mutex, OnceCell};
use vitarad::store::Engine;

use self::cluster::Cluster;

/// Neither a superuser nor the owner of the tables: row-level security is in force in every test.
const ROLE: &str = "vitarad_test";
const OWNER: &str = "vitarad_owner";

static SERVER: OnceCell<Option<Server>> = OnceCell::const_new();
static COPYING: Mutex<()> = Mutex::const_new(());
static DATABASES: AtomicU32 = AtomicU32::new(0);

struct Server {
    admin: PgConnectOptions,
    template: String,
    _ours: Option<Cluster>,
}

/// A fresh database with the schema in it. `None`: there is no PostgreSQL here, and that is allowed.
pub(crate) async fn database() -> Option<Engine> {
    let server = server().await?;
    let name = create(server, &server.template).await;
    Some(engine(&server.admin, ROLE, &name))
}

/// A fresh database with nothing in it; what comes into it will be its owner's.
pub(crate) async fn empty_database() -> Option<Engine> {
    let server = server().await?;
    let name = create(server, "template0").await;
    Some(engine(&server.admin, ROLE, &name))
}

async fn server() -> Option<&'static Server> {
    let server = SERVER.get_or_init(serve).await.as_ref();
    if server.is_none() {
        say("SKIPPED: no PostgreSQL");
    }
    server
}

async fn create(server: &Server, template: &str) -> String {
    let name = format!("vitarad_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let _one_at_a_time = COPYING.lock().await;
    let copy = format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}");
    execute(&mut server.admin.connect().await.expect("PostgreSQL answers"), copy).await;
    name
}

/// The same database, for the role that owns its tables.
pub(crate) fn owner(worker: &Engine) -> Engine {
    entered_by(worker, &format!("{OWNER}:{OWNER}@"))
}

fn entered_by(worker: &Engine, other: &str) -> Engine {
    let Engine::Postgres { url } = worker else { panic!("not PostgreSQL") };
    let url = secrecy::ExposeSecret::expose_secret(url).replacen(&format!("{ROLE}:{ROLE}@"), other, 1);
    Engine::Postgres { url: SecretString::from(url) }
}

/// A connection past row-level security.
pub(crate) async fn superuser(engine: &Engine) -> PgConnection {
    let Engine::Postgres { url } = engine else { panic!("not PostgreSQL") };
    let url = secrecy::ExposeSecret::expose_secret(url);
    let name = url.rsplit('/').next().expect("a database");
    let server = SERVER.get().and_then(Option::as_ref).expect("PostgreSQL runs");
    server.admin.clone().database(name).connect().await.expect("PostgreSQL answers")
}

/// The same database, for who is bound by nothing.
pub(crate) fn superuser_engine(worker: &Engine) -> Engine {
    entered_by(worker, "postgres@")
}

/// Past the test harness, which keeps what a passing test prints to itself.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn engine(admin: &PgConnectOptions, role: &str, database: &str) -> Engine {
    let (host, port) = (admin.get_host(), admin.get_port());
    let url = format!("postgres://{role}:{role}@{host}:{port}/{database}");
    Engine::Postgres { url: SecretString::from(url) }
}

async fn serve() -> Option<Server> {
    let (admin, ours) = if let Ok(url) = std::env::var("VITARAD_TEST_PG_URL") {
        (url.parse().expect("VITARAD_TEST_PG_URL is a PostgreSQL address"), None)
    } else {
        let cluster = own_cluster(|| Cluster::start(&[]))?;
        (cluster.admin.clone(), Some(cluster))
    };
    let template = format!("vitarad_template_{}", std::process::id());
    drop(database_on(&admin, &template).await);
    Some(Server { admin, template, _ours: ours })
}

/// A server that a test has for itself. `None`: it cannot be had here, which has been said, and is allowed.
pub(crate) fn own_cluster(start: impl FnOnce() -> Result<Cluster, String>) -> Option<Cluster> {
    match start() {
        Ok(cluster) => Some(cluster),
        Err(reason) if std::env::var_os("VITARAD_REQUIRE_PG").is_some() => {
            panic!("VITARAD_REQUIRE_PG is set, and there is no PostgreSQL: {reason}")
        }
        Err(reason) => {
            say(&format!("SKIPPED: no PostgreSQL here: {reason}"));
            None
        }
    }
}

/// A new database on a server, with the schema in it.
pub(crate) async fn database_on(admin: &PgConnectOptions, name: &str) -> Engine {
    let mut connection = admin.connect().await.expect("PostgreSQL answers");
    for role in [ROLE, OWNER] {
        let made = format!(
            "DO $$ BEGIN CREATE ROLE {role} LOGIN NOSUPERUSER PASSWORD '{role}';
             EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        );
        execute(&mut connection, made).await;
    }
    execute(&mut connection, format!("CREATE DATABASE {name} OWNER {OWNER}")).await;
    let (owner, worker) = (engine(admin, OWNER, name), engine(admin, ROLE, name));
    owner.migrate().await.expect("the migrations run");
    owner.admit(&worker).await.expect("the owner lets others work");
    worker
}

async fn execute(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.expect("PostgreSQL obeys");
}
