//! What the spine bears: one daemon and one pretend EMR as processes of their own, and this process as the voice
//! platform before them. `cargo bench --bench spine -- --help` says what can be asked of it; `docs/benchmarks.md` how each
//! figure is measured.
//!
//! ```text
//! machine, table      what is printed
//! scale               how much of everything, for a full and for a quick run
//! house               both processes with their configuration, thrown away at the end
//!   process, config   one process and what /proc says of it; the daemon's settings
//! people, platform    who calls, and how the platform puts a tool call
//! load                threads that ask: on a schedule, or as fast as they are answered
//!   connection        one HTTP connection
//!   tally, times      what came back, and how long it took
//!   bare              the EMR requests of a tool call by themselves
//! overhead, saturation, memory, start, isolation      the measurements
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is the result")]
#![expect(clippy::disallowed_methods, reason = "a load generator keeps its own time, on threads of its own")]

mod bare;
mod config;
mod connection;
mod house;
mod isolation;
mod load;
mod machine;
mod memory;
mod overhead;
mod people;
mod platform;
mod process;
mod saturation;
mod scale;
mod start;
mod table;
mod tally;
mod times;
#[path = "../support/whole.rs"]
mod whole;

use clap::{Parser, ValueEnum};

use self::scale::Scale;
use self::table::Table;

/// Measures what the spine bears on this machine and prints a table.
#[derive(Parser)]
struct Options {
    /// Little of everything: shows that it runs, measures nothing.
    #[arg(long)]
    quick: bool,
    /// Only this measurement; may be given more than once.
    #[arg(long, value_enum)]
    only: Vec<Measurement>,
    /// Given by `cargo bench`. Without it nothing is measured: `cargo test` runs benchmarks, too.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measurement {
    Start,
    Overhead,
    Saturation,
    Memory,
    Isolation,
}

impl Measurement {
    const ALL: [Self; 5] = [Self::Start, Self::Overhead, Self::Saturation, Self::Memory, Self::Isolation];

    fn take(self, scale: &Scale, table: &mut Table) {
        match self {
            Self::Start => start::measure(scale, table),
            Self::Overhead => overhead::measure(scale, table),
            Self::Saturation => saturation::measure(scale, table),
            Self::Memory => memory::measure(scale, table),
            Self::Isolation => isolation::measure(scale, table),
        }
    }
}

fn main() {
    let options = Options::parse();
    if !options.bench {
        println!("nothing is measured but by `cargo bench --bench spine`");
        return;
    }
    let scale = if options.quick { Scale::QUICK } else { Scale::FULL };
    let machine = machine::describe();
    let mut table = Table::default();
    for measurement in Measurement::ALL {
        if options.only.is_empty() || options.only.contains(&measurement) {
            measurement.take(&scale, &mut table);
        }
    }
    println!("\n{machine}\n\n{table}");
}
