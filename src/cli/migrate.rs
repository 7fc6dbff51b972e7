//! `vitarad migrate`: the database's schema, looked at and brought up to date. May run beside the daemon.

use clap::Subcommand;

use super::{EX_FAILED, EX_OK, EX_TEMPFAIL, Source, block_on, complain, say};
use crate::boot;
use crate::store::{OpenError, Schema, Standing};

#[derive(Subcommand)]
pub enum Migrate {
    /// Print every migration and whether the database has it. Exits with 1 when this release cannot work on it.
    Status(Source),
    /// Make the migrations that are missing, oldest first. A release before this one goes on working meanwhile.
    Up(Source),
}

impl Migrate {
    pub fn run(&self) -> u8 {
        let (Self::Status(source) | Self::Up(source)) = self;
        let settings = match source.load() {
            Ok(loaded) => loaded.settings,
            Err(code) => return code,
        };
        block_on(async {
            let seen = match self {
                Self::Status(_) => boot::owner(&settings).schema().await,
                Self::Up(_) => boot::migrate(&settings).await,
            };
            match seen {
                Ok(schema) => show(&schema),
                Err(failure) => failed(&failure),
            }
        })
    }
}

fn show(schema: &Schema) -> u8 {
    let line = |migration: &crate::store::Migration| {
        let standing = match migration.standing {
            Standing::Done => "done",
            Standing::Missing => "missing",
            Standing::Later => "done by a later release",
            Standing::Differs => "differs from this release's",
        };
        format!("{:04} {:<24} {standing}\n", migration.number, migration.name)
    };
    say(&schema.migrations.iter().map(line).collect::<String>());
    match schema.fits() {
        Ok(()) => EX_OK,
        Err(failure) => {
            complain(&failure.to_string());
            EX_FAILED
        }
    }
}

fn failed(failure: &OpenError) -> u8 {
    complain(&format!("the store that store.url names did not open: {failure}"));
    match failure {
        OpenError::Ahead | OpenError::Diverged => EX_FAILED,
        _ => EX_TEMPFAIL,
    }
}
