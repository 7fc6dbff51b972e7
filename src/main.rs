//! Arguments, runtime, exit code; nothing else.

use std::process::ExitCode;

use clap::Parser;
use vitarad::cli::Cli;

fn main() -> ExitCode {
    vitarad::cli::run(Cli::parse())
}
