//! Another user of the machine: a node is nobody's but its own user's.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use vitarad::sandbox::oscar::demo::MARIE;

use crate::daemon::{Daemon, Ended, Process};
use crate::postgres::say;
use crate::premises::Premises;
use crate::town::{MAPLE_LINE, Town};

const EX_TEMPFAIL: i32 = 75;

/// Says hello as a successor does, and prints what it hears.
const TALK: &str = "
import socket, sys
line = socket.socket(socket.AF_UNIX)
try:
    line.connect(sys.argv[1])
except PermissionError:
    sys.exit('not let in')
print(line.recv(200).decode())
";

async fn as_nobody(premises: &Premises, line: &[&str]) -> Ended {
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    Process::run("/usr/bin/setpriv", &[&nobody, line].concat(), &premises.environment).ended().await
}

fn open_to(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a path of ours");
}

/// The program where everybody can run it, if this test may be somebody else.
fn program(premises: &Premises) -> Option<PathBuf> {
    if !rustix::process::geteuid().is_root() || !Path::new("/usr/bin/python3").exists() {
        say("SKIPPED: only root can be another user, and that one talks Python");
        return None;
    }
    open_to(premises.directory(), 0o755);
    let program = premises.directory().join("vitarad");
    fs::copy(env!("CARGO_BIN_EXE_vitarad"), &program).expect("room for a copy");
    Some(program)
}

#[tokio::test]
async fn another_user_is_stopped_by_the_directory_and_where_that_stands_open_refused_with_the_reason() {
    let premises = Premises::around(Town::open().await);
    let Some(program) = program(&premises) else { return };
    let daemon = Daemon::serve(&premises, &[]).await;
    let call = daemon.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone));
    call.verify(MARIE).await;
    let place =
        premises.directory().join(format!("vitarad-{}.handoff", premises.environment["VITARAD_NODE__NAME"]));
    let (socket, config) = (place.join("socket"), premises.config_file());
    let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let (program, config, socket_text) = (text(&program), text(&config), text(&socket));
    let talk = ["/usr/bin/python3", "-c", TALK, &socket_text];

    for doors_are_open in [false, true] {
        if doors_are_open {
            open_to(&place, 0o777);
            open_to(&socket, 0o666);
        }
        for command in [["serve", "--takeover"].as_slice(), &["upgrade"]] {
            let line = [&[program.as_str()], command, &["--config", config.as_str()]].concat();
            let refused = as_nobody(&premises, &line).await;
            assert_eq!(refused.status.code(), Some(EX_TEMPFAIL), "{}", refused.err);
            assert!(refused.err.contains("belongs to another user or stands open"), "{}", refused.err);
        }
        let told = as_nobody(&premises, &talk).await;
        if doors_are_open {
            assert_eq!(told.out.trim(), r#"{"say":"refused","reason":"other_user"}"#, "{}", told.err);
        } else {
            assert!(told.err.contains("not let in"), "{}", told.err);
        }
    }
    assert!(daemon.process.out().contains("belongs to another user"), "the log says it, too");
    assert!(call.earliest().await.is_string(), "it serves all the time");
}
