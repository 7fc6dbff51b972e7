//! A PostgreSQL server of our own on a free loopback port. It ends with this process, however that ends.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;

static CLUSTERS: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Cluster {
    /// Its superuser.
    pub(crate) admin: PgConnectOptions,
    tools: PathBuf,
    pub(crate) home: PathBuf,
    options: String,
    /// While this end is open the cluster lives; the kernel closes it however this process ends.
    _lifeline: ChildStdin,
}

impl Cluster {
    /// With these settings besides the usual ones.
    pub(crate) fn start(settings: &[&str]) -> Result<Self, String> {
        let home = Self::home()?;
        Self::start_in(home, settings)
    }

    /// A directory for one, which a test may furnish first.
    pub(crate) fn home() -> Result<PathBuf, String> {
        remove_leftovers(&tools()?);
        let number = CLUSTERS.fetch_add(1, Ordering::Relaxed);
        let home = std::env::temp_dir().join(format!("vitarad-postgres-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&home).map_err(|error| error.to_string())?;
        Ok(home)
    }

    pub(crate) fn start_in(home: PathBuf, settings: &[&str]) -> Result<Self, String> {
        Self::founded(home, settings, |tools, data| {
            finished(
                as_owner(&tools.join("initdb"))
                    .args(["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"])
                    .args(["--wal-segsize=1", "-D"])
                    .arg(data),
            )
        })
    }

    /// A standby of that one, until it is promoted.
    pub(crate) fn following(primary: &Self) -> Result<Self, String> {
        let port = primary.admin.get_port().to_string();
        Self::founded(Self::home()?, &[], |tools, data| {
            finished(
                as_owner(&tools.join("pg_basebackup"))
                    .args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port])
                    .args(["-c", "fast", "-X", "stream", "--no-sync", "-R", "-D"])
                    .arg(data),
            )
        })
    }

    fn founded(
        home: PathBuf,
        settings: &[&str],
        fill: impl FnOnce(&Path, &Path) -> Result<(), String>,
    ) -> Result<Self, String> {
        let tools = tools()?;
        // From here on it is cleared away.
        let lifeline = watch(&tools, &home)?;
        give_to_owner(&home)?;
        let port = free_port().map_err(|error| error.to_string())?;
        fill(&tools, &home.join("data"))?;
        let usual = format!(
            "-p {port} -k '' -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=300"
        );
        let options = settings.iter().fold(usual, |all, setting| format!("{all} -c {setting}"));
        let admin =
            PgConnectOptions::new().host("127.0.0.1").port(port).username("postgres").database("postgres");
        let cluster = Self { admin, tools, home, options, _lifeline: lifeline };
        cluster.begin()?;
        Ok(cluster)
    }

    /// Starts it, again where it has gone down.
    pub(crate) fn begin(&self) -> Result<(), String> {
        let options = ["-w", "-o", &self.options, "start"];
        finished(self.control().arg("-l").arg(self.home.join("log")).args(options))
    }

    /// As if the machine's power had failed, but for what the disk had.
    pub(crate) fn crash(&self) -> Result<(), String> {
        finished(self.control().args(["-m", "immediate", "-w", "stop"]))
    }

    pub(crate) fn crash_and_restart(&self) -> Result<(), String> {
        self.crash()?;
        self.begin()
    }

    /// A standby takes over.
    pub(crate) fn promote(&self) -> Result<(), String> {
        finished(self.control().args(["-w", "promote"]))
    }

    fn control(&self) -> Command {
        let mut command = as_owner(&self.tools.join("pg_ctl"));
        command.arg("-D").arg(self.home.join("data"));
        command
    }
}

/// What the server's own user has to be able to read.
pub(crate) fn give_to_owner(path: &Path) -> Result<(), String> {
    if is_root() { finished(Command::new("chown").arg("-R").arg("postgres").arg(path)) } else { Ok(()) }
}

/// A shell that waits for our end of its input to close. It outlives an interrupt from the terminal.
fn watch(tools: &Path, home: &Path) -> Result<ChildStdin, String> {
    let owner = if is_root() { "runuser -u postgres --" } else { "" };
    let script = format!(
        "trap '' INT TERM HUP; cat >/dev/null; {owner} '{}' -D '{}' -m immediate stop >/dev/null;
         umount '{home}' 2>/dev/null; rm -rf '{home}'",
        tools.join("pg_ctl").display(),
        home.join("data").display(),
        home = home.display()
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
        let Some((process, _)) = name.strip_prefix("vitarad-postgres-").and_then(|rest| rest.split_once('-'))
        else {
            continue;
        };
        if !Path::new("/proc").join(process).exists() {
            let mut stop = as_owner(&tools.join("pg_ctl"));
            let _ = finished(stop.arg("-D").arg(home.join("data")).args(["-m", "immediate", "stop"]));
            let _ = finished(Command::new("umount").arg(&home));
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

pub(crate) fn finished(command: &mut Command) -> Result<(), String> {
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

pub(crate) fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

fn free_port() -> Result<u16, std::io::Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    listener.local_addr().map(|address| address.port()).map_err(|_| ErrorKind::AddrNotAvailable.into())
}
