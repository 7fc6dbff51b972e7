//! The command line. `vitarad --help` is the manual.

mod at_the_store;
mod audit;
mod call;
mod config;
mod demo;
mod emr;
#[cfg(debug_assertions)]
mod fate;
mod held;
mod migrate;
mod registrations;
mod sandbox;
mod serve;
mod store;
mod upgrade;
mod waitlist;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{Loaded, Settings, report};

/// Exit codes, of `sysexits.h` where it has one.
pub const EX_OK: u8 = 0;
pub const EX_FAILED: u8 = 1;
/// The supervision tree failed: start it again, it adopts.
pub const EX_SOFTWARE: u8 = 70;
/// It could not begin; the reason is on standard error.
pub const EX_TEMPFAIL: u8 = 75;
/// The configuration is wrong; what, where and how to mend it is on standard error.
pub const EX_CONFIG: u8 = 78;

/// The call-orchestration daemon behind a clinic's AI receptionist.
///
/// A patient phones; the voice agent talks; whenever it needs the truth it calls vitarad, which answers in a second or
/// two out of the clinic's own OSCAR EMR. See what it does: `vitarad demo`.
#[derive(Parser)]
#[command(version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the daemon with the given configuration.
    ///
    /// SIGTERM and SIGINT drain and end it within ten seconds, a second one at once; SIGHUP reopens the log files and
    /// reloads the clinics; SIGUSR2 does what `vitarad upgrade` does. If PostgreSQL does not answer at the start, callers
    /// are put through until it does. It exits with 0 after a drain, 70 when its supervision tree failed, 75 when it could
    /// not begin, was called dead by another node or left its own to a successor that is dead, 78 when the configuration is
    /// wrong.
    Serve(serve::Serve),
    /// Have the running daemon pass its node on to the program that is at its path now, without losing a request.
    ///
    /// The daemon starts that program as it was started itself. To be run as the same user with the same configuration.
    /// It exits with 0 when the new process serves, else with what that one ended with, mostly 75; then the running one
    /// serves on.
    Upgrade(upgrade::Upgrade),
    /// Show the main job end to end on this machine: a pretend EMR, the daemon, and one whole phone call.
    Demo(demo::Demo),
    /// Play a phone call against a running daemon.
    Call(call::Call),
    /// Say what is wrong with a configuration, or what it amounts to.
    #[command(subcommand)]
    Config(config::Config),
    /// See which migrations the database has, and make those it lacks.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Move a store to another database.
    #[command(subcommand)]
    Store(store::Store),
    /// Check that nobody has tampered with the audit log. Exits with 1 when somebody has.
    Audit(Source),
    /// See what callers left behind while the EMR was away, and take it back.
    #[command(subcommand)]
    Held(held::HeldRequests),
    /// See who waits for a place or a time and what they were offered, and say how far the clinic has come with them.
    #[command(subcommand)]
    Waitlist(waitlist::Waitlist),
    /// New patients of whom nobody can say yet whether they have a chart.
    #[command(subcommand)]
    Registrations(registrations::Registrations),
    /// See what the ways into a clinic's EMR can do, and get its leave to use REST.
    #[command(subcommand)]
    Emr(emr::Emr),
    /// Run the pretend EMR by itself.
    Sandbox(sandbox::Sandbox),
    /// Print the supervision tree and its budgets.
    Tree,
    /// Make a new master key.
    Key,
}

/// Where the settings come from.
#[derive(Args, Clone)]
struct Source {
    /// The configuration file (TOML). Environment variables VITARAD_SECTION__KEY go before it, the built-in defaults
    /// after it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Source {
    /// The exit code, when they are wrong and what is wrong has been said.
    fn load(&self) -> Result<Loaded, u8> {
        Settings::load(self.config.as_deref(), std::env::vars()).map_err(|problems| {
            complain(&report::problems(&problems.0));
            EX_CONFIG
        })
    }
}

pub fn run(cli: Cli) -> ExitCode {
    let code = match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Upgrade(upgrade) => upgrade.run(),
        Command::Demo(demo) => demo.run(),
        Command::Call(call) => call.run(),
        Command::Config(config) => config.run(),
        Command::Migrate(migrate) => migrate.run(),
        Command::Store(store) => store.run(),
        Command::Audit(source) => audit::run(&source),
        Command::Held(held) => held.run(),
        Command::Waitlist(waitlist) => waitlist.run(),
        Command::Registrations(registrations) => registrations.run(),
        Command::Emr(emr) => emr.run(),
        Command::Sandbox(sandbox) => sandbox.run(),
        Command::Tree => say(&vitarad_actors::tree::render()),
        Command::Key => say(&format!("{}\n", hex::encode(rand::random::<[u8; 32]>()))),
    };
    ExitCode::from(code)
}

/// To standard output. A reader who has left is no error.
fn say(text: &str) -> u8 {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    EX_OK
}

/// To standard error.
fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Runs a command on a fresh runtime.
fn block_on<F: Future<Output = u8>>(command: F) -> u8 {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(command);
            // Whatever still blocks does not keep the process.
            runtime.shutdown_background();
            code
        }
        Err(failure) => {
            complain(&format!("the runtime did not start: {failure}"));
            EX_TEMPFAIL
        }
    }
}

/// rustls wants to be told which cryptography it uses.
fn install_cryptography() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
