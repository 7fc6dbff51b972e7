//! nginx and HAProxy with the configurations that ship in `config/`, before the nodes of a test. Only places are put in:
//! addresses, files, and, where the test does not run as root, not to become somebody else.

use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::patience::until;
use crate::postgres::cluster::is_root;
use crate::postgres::say;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    HaProxy,
}

/// Where TLS ends, which a line of the configurations leads up to what is to be said of.
pub(crate) enum Tls {
    Nowhere,
    /// In the balancer, with a certificate and its key, as PEM.
    Here {
        certificate: String,
        key: String,
    },
    /// On a machine at this address.
    Before(IpAddr),
}

/// Runs as long as it is kept, and ends with this process, however that ends.
pub(crate) struct Balancer {
    pub(crate) kind: Kind,
    pub(crate) addr: SocketAddr,
    directory: TempDir,
    shell: Child,
}

impl Balancer {
    /// `None`: the program is not here, which has been said, and is allowed unless `VITARAD_REQUIRE_BALANCERS` is set.
    pub(crate) async fn before(
        nodes: &[SocketAddr; 3],
        kind: Kind,
        addr: SocketAddr,
        tls: &Tls,
    ) -> Option<Self> {
        let Some(program) = kind.program() else {
            let missing = format!("{kind:?} is not here");
            assert!(std::env::var_os("VITARAD_REQUIRE_BALANCERS").is_none(), "{missing}, and is required");
            say(&format!("SKIPPED: {missing}"));
            return None;
        };
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("balancer.conf");
        tls.lay_out(directory.path());
        std::fs::write(&file, kind.configuration(nodes, addr, directory.path(), tls))
            .expect("a file of our own");
        let mut check = Command::new(&program);
        let checked = check.args(kind.check()).arg(&file).output().expect("the program starts");
        assert!(checked.status.success(), "{kind:?}: {}", String::from_utf8_lossy(&checked.stderr));
        let shell = kept_running(&program, kind.run(), &file, directory.path());
        let balancer = Self { kind, addr, directory, shell };
        until("a balancer that listens", async || std::net::TcpStream::connect(addr).ok()).await;
        Some(balancer)
    }

    /// All it has written: to its logs, to its outputs and elsewhere in its directory.
    pub(crate) fn written(&self) -> String {
        let mut folders = vec![self.directory.path().to_owned()];
        let mut text = String::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder of our own").flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else {
                    text += &String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap_or_default());
                }
            }
        }
        text
    }

    /// How many requests it has given to another node than the first that it had in mind. It logs them once it has answered.
    pub(crate) fn passed_on(&self) -> usize {
        self.written().lines().filter(|line| self.kind.tells_of_two(line)).count()
    }

    pub(crate) async fn has_passed_one_on(&self) {
        until("a request that two nodes were given", async || (self.passed_on() > 0).then_some(())).await;
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Nginx, Self::HaProxy];

    fn program(self) -> Option<PathBuf> {
        let name = match self {
            Self::Nginx => "nginx",
            Self::HaProxy => "haproxy",
        };
        let path = std::env::var_os("PATH").unwrap_or_default();
        // Where Debian has it, although not every user's path leads there.
        let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        places.map(|place| place.join(name)).find(|program| program.is_file())
    }

    const fn check(self) -> &'static [&'static str] {
        match self {
            Self::Nginx => &["-t", "-c"],
            Self::HaProxy => &["-c", "-f"],
        }
    }

    const fn run(self) -> &'static [&'static str] {
        match self {
            Self::Nginx => &["-g", "daemon off;", "-c"],
            Self::HaProxy => &["-db", "-f"],
        }
    }

    fn configuration(self, nodes: &[SocketAddr; 3], addr: SocketAddr, directory: &Path, tls: &Tls) -> String {
        let place = |name: &str| format!("{}/{name}", directory.display());
        let mut text = match self {
            Self::Nginx => include_str!("../../config/nginx.conf").to_owned(),
            Self::HaProxy => include_str!("../../config/haproxy.cfg").to_owned(),
        };
        let mut put = |shipped: &str, ours: &str| {
            assert!(text.contains(shipped), "{self:?} is not configured with {shipped}");
            text = text.replace(shipped, ours);
        };
        for (node, addr) in (1..).zip(nodes) {
            put(&format!(" 10.0.0.1{node}:8080"), &format!(" {addr}"));
        }
        let (door, at, secured) = match self {
            Self::Nginx => ("listen 80;", "80", " 443 "),
            Self::HaProxy => ("bind :80\n", ":80", " :443 "),
        };
        if let Tls::Here { .. } = tls {
            put(door, "");
            put(secured, &format!(" {addr} "));
        } else {
            put(door, &door.replace(at, &addr.to_string()));
        }
        match self {
            Self::Nginx => {
                put("/var/log/nginx/", &place(""));
                put("/run/", &place(""));
                put("/etc/nginx/voice", &place("voice"));
            }
            Self::HaProxy => put("/etc/haproxy/voice", &place("voice")),
        }
        if let Tls::Before(machine) = tls {
            put("10.0.0.5", &machine.to_string());
        }
        text = tls.said_in(&text);
        if !is_root() {
            let privileged = ["user ", "group ", "chroot "];
            let may = |line: &&str| !privileged.iter().any(|word| line.trim_start().starts_with(word));
            text = text.lines().filter(may).flat_map(|line| [line, "\n"]).collect();
        }
        text
    }

    fn tells_of_two(self, line: &str) -> bool {
        match self {
            // by "10.0.0.11:8080, 10.0.0.12:8080"
            Self::Nginx => line.split('"').nth(1).is_some_and(|nodes| nodes.contains(", ")),
            // The number of tries after the first, with a sign where they went elsewhere.
            Self::HaProxy => line.rsplit(' ').next().is_some_and(|tries| tries.starts_with('+')),
        }
    }
}

impl Tls {
    /// Both programs' files: HAProxy wants certificate and key in one.
    fn lay_out(&self, directory: &Path) {
        if let Self::Here { certificate, key } = self {
            for (name, text) in [("voice.pem", &format!("{certificate}{key}")), ("voice.key", key)] {
                std::fs::write(directory.join(name), text).expect("a file of our own");
            }
        }
    }

    /// What stands behind a sign of comment without a space is to be put in force, below the line that says when.
    fn said_in(&self, text: &str) -> String {
        let when = match self {
            Self::Nowhere => return text.to_owned(),
            Self::Here { .. } => "# Where TLS ends here",
            Self::Before(_) => "# Where it ends on a machine before this one",
        };
        let (before, after) = text.split_once(when).expect("a line of the configuration that ships");
        let mut is_of_it = true;
        let after = after.lines().skip(1).flat_map(|line| {
            let silent = line.trim_start().strip_prefix('#').filter(|said| !said.starts_with(' '));
            is_of_it &= silent.is_some();
            [silent.filter(|_| is_of_it).unwrap_or(line), "\n"]
        });
        [before, "\n"].into_iter().chain(after).collect()
    }
}

/// A shell that waits for our end of its input to close, and then ends what it started.
fn kept_running(program: &Path, arguments: &[&str], file: &Path, directory: &Path) -> Child {
    let output = File::create(directory.join("output")).expect("a file of our own");
    Command::new("sh")
        .args([
            "-c",
            "trap '' INT TERM HUP; (trap - INT TERM HUP; exec \"$@\") & cat >/dev/null; kill $!; wait",
            "sh",
        ])
        .arg(program)
        .args(arguments)
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(output.try_clone().expect("another descriptor"))
        .stderr(output)
        .spawn()
        .expect("a shell")
}
