//! Arguments, runtime, exit code; nothing else.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use vitarad::cli::Cli;

/// A third of a tool call's processor time went to the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    vitarad::cli::run(Cli::parse())
}
