//! A throwaway PostgreSQL for tests: one cluster for each test process, one database for each test.
//!
//! `VITARAD_TEST_PG_URL` names a server to use instead (a role that may create roles and databases). Without either, a
//! test that needs PostgreSQL says so and passes, unless `VITARAD_REQUIRE_PG` is set.

use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::{SecretBox, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use tokio::sync::{Mutex, OnceCell};
use vitarad::seal::Keyring;
use vitarad::store::{Engine, SqlStore, Tuning};

/// Not a superuser: row-level security is in force in every test.
const ROLE: &str = "vitarad_test";

static SERVER: OnceCell<Option<Server>> = OnceCell::const_new();
static COPYING: Mutex<()> = Mutex::const_new(());
static DATABASES: AtomicU32 = AtomicU32::new(0);

struct Server {
    admin: PgConnectOptions,
    template: String,
    /// While this end is open the cluster lives; the kernel closes it however this process ends.
    _lifeline: Option<ChildStdin>,
}

/// A fresh database with the schema in it. `None`: there is no PostgreSQL here, and that is allowed.
pub(crate) async fn database() -> Option<Engine> {
    let server = server().await?;
    Some(create(server, &server.template).await)
}

/// A fresh database with nothing in it.
pub(crate) async fn empty_database() -> Option<Engine> {
    Some(create(server().await?, "template0").await)
}

async fn server() -> Option<&'static Server> {
    let server = SERVER.get_or_init(serve).await.as_ref();
    if server.is_none() {
        say("SKIPPED: no PostgreSQL");
    }
    server
}

async fn create(server: &Server, template: &str) -> Engine {
    let name = format!("vitarad_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    let _one_at_a_time = COPYING.lock().await;
    let copy = format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {ROLE}");
    execute(&mut server.admin.connect().await.expect("PostgreSQL answers"), copy).await;
    engine(&server.admin, &name)
}

/// A connection past row-level security.
pub(crate) async fn superuser(engine: &Engine) -> PgConnection {
    let Engine::Postgres { url } = engine else { panic!("not PostgreSQL") };
    let url = secrecy::ExposeSecret::expose_secret(url);
    let name = url.rsplit('/').next().expect("a database");
    let server = SERVER.get().and_then(Option::as_ref).expect("PostgreSQL runs");
    server.admin.clone().database(name).connect().await.expect("PostgreSQL answers")
}

/// Past the test harness, which keeps what a passing test prints to itself.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn engine(admin: &PgConnectOptions, database: &str) -> Engine {
    let (host, port) = (admin.get_host(), admin.get_port());
    let url = format!("postgres://{ROLE}:{ROLE}@{host}:{port}/{database}");
    Engine::Postgres { url: SecretString::from(url) }
}

async fn serve() -> Option<Server> {
    let (admin, lifeline) = match std::env::var("VITARAD_TEST_PG_URL") {
        Ok(url) => (url.parse().expect("VITARAD_TEST_PG_URL is a PostgreSQL address"), None),
        Err(_) => match start_cluster() {
            Ok((admin, lifeline)) => (admin, Some(lifeline)),
            Err(reason) if std::env::var_os("VITARAD_REQUIRE_PG").is_some() => {
                panic!("VITARAD_REQUIRE_PG is set, and there is no PostgreSQL: {reason}")
            }
            Err(reason) => {
                say(&format!("no PostgreSQL here: {reason}"));
                return None;
            }
        },
    };
    let template = format!("vitarad_template_{}", std::process::id());
    let mut connection = admin.connect().await.expect("PostgreSQL answers");
    let role = format!(
        "DO $$ BEGIN CREATE ROLE {ROLE} LOGIN NOSUPERUSER PASSWORD '{ROLE}';
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    );
    execute(&mut connection, role).await;
    execute(&mut connection, format!("CREATE DATABASE {template} OWNER {ROLE}")).await;
    let target = engine(&admin, &template);
    let no_rows_no_key = Keyring::new(SecretBox::new(Box::new([0; 32])), None);
    let migrated = SqlStore::open(&target, no_rows_no_key, Tuning::default()).await;
    migrated.expect("the migrations run").close().await;
    Some(Server { admin, template, _lifeline: lifeline })
}

async fn execute(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.expect("PostgreSQL obeys");
}

/// `initdb` and a server on a free loopback port; a watchdog stops it and removes its files when this process ends.
fn start_cluster() -> Result<(PgConnectOptions, ChildStdin), String> {
    let tools = tools()?;
    remove_leftovers(&tools);
    let home = std::env::temp_dir().join(format!("vitarad-pg-{}", std::process::id()));
    let data = home.join("data");
    std::fs::create_dir_all(&home).map_err(|error| error.to_string())?;
    if is_root() {
        finished(Command::new("chown").arg("postgres").arg(&home))?;
    }
    let port = free_port().map_err(|error| error.to_string())?;
    finished(
        as_owner(&tools.join("initdb"))
            .args(["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data),
    )?;
    let options = format!(
        "-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=300"
    );
    let log = home.join("log");
    finished(
        as_owner(&tools.join("pg_ctl"))
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(&log)
            .args(["-w", "-o", &options, "start"]),
    )?;
    let lifeline = watch(&tools, &home)?;
    let admin =
        PgConnectOptions::new().host("127.0.0.1").port(port).username("postgres").database("postgres");
    Ok((admin, lifeline))
}

/// A shell that waits for our end of its input to close. It outlives an interrupt from the terminal.
fn watch(tools: &Path, home: &Path) -> Result<ChildStdin, String> {
    let owner = if is_root() { "runuser -u postgres --" } else { "" };
    let script = format!(
        "trap '' INT TERM HUP; cat >/dev/null; {owner} '{}' -D '{}' -m immediate stop >/dev/null; rm -rf '{}'",
        tools.join("pg_ctl").display(),
        home.join("data").display(),
        home.display()
    );
    let mut watchdog = Command::new("sh")
        .args(["-c", &script])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    watchdog.stdin.take().ok_or_else(|| "the watchdog has no input".to_owned())
}

/// What a watchdog that was killed itself left behind.
fn remove_leftovers(tools: &Path) {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else { return };
    for home in entries.flatten().map(|entry| entry.path()) {
        let name = home.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(process) = name.strip_prefix("vitarad-pg-") else { continue };
        if !Path::new("/proc").join(process).exists() {
            let mut stop = as_owner(&tools.join("pg_ctl"));
            let _ = finished(stop.arg("-D").arg(home.join("data")).args(["-m", "immediate", "stop"]));
            let _ = std::fs::remove_dir_all(&home);
        }
    }
}

/// PostgreSQL refuses to run as root.
fn as_owner(program: &Path) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn finished(command: &mut Command) -> Result<(), String> {
    // The server inherits our output when it is started: it must not be a pipe that somebody waits for.
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{:?} ended with {status}", command.get_program())),
        Err(error) => Err(format!("{:?}: {error}", command.get_program())),
    }
}

fn tools() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut places: Vec<_> = debian.map(|version| version.path().join("bin")).collect();
    places.extend(std::env::split_paths(&path));
    let complete = |place: &&PathBuf| place.join("initdb").is_file() && place.join("pg_ctl").is_file();
    places.iter().find(complete).cloned().ok_or_else(|| "initdb and pg_ctl are not on the path".to_owned())
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

fn free_port() -> Result<u16, std::io::Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    listener.local_addr().map(|address| address.port()).map_err(|_| ErrorKind::AddrNotAvailable.into())
}
