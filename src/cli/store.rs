//! `vitarad store`: the store as a whole.

use clap::Subcommand;
use secrecy::SecretString;

use super::{EX_FAILED, EX_OK, block_on, complain, install_cryptography, say};
use crate::boot::nobody_lives_beside;
use crate::config::sections::store::StoreAddress;
use crate::store::{Engine, copy};

#[derive(Subcommand)]
pub enum Store {
    /// Move a store from an SQLite file into an empty PostgreSQL database, all of it or nothing.
    ///
    /// Stop the daemon on the file first, and do not start it there again. The target's schema is made; each table is
    /// read back and compared before anything counts. What is sealed stays sealed: keep crypto.master_key. Give the
    /// target by the role that owns its tables; PGPASSWORD or a .pgpass file may hold the password. Exits with 1 when
    /// nothing was moved.
    Copy {
        /// Like sqlite:/var/lib/vitarad/vitarad.db
        #[arg(value_parser = address)]
        from: Address,
        /// Like postgres://OWNER@HOST/DATABASE?sslmode=verify-full
        #[arg(value_parser = address)]
        to: Address,
    },
}

/// As an argument; clap asks for what can be copied and shown, and this shows nothing.
#[derive(Clone)]
pub struct Address(Engine);

fn address(text: &str) -> Result<Address, String> {
    match StoreAddress::parse(&SecretString::from(text)) {
        Some(StoreAddress::Sqlite(file)) => Ok(Address(Engine::Sqlite { file })),
        Some(StoreAddress::Postgres(url)) => Ok(Address(Engine::Postgres { url })),
        None => Err("write it like sqlite:PATH or postgres://OWNER@HOST/DATABASE".to_owned()),
    }
}

impl Store {
    pub fn run(self) -> u8 {
        let Self::Copy { from: Address(from), to: Address(to) } = self;
        install_cryptography();
        let _nobody = match &from {
            Engine::Sqlite { file } => match nobody_lives_beside(file) {
                Ok(held) => held,
                Err(taken) => return nothing_moved(&taken),
            },
            Engine::Postgres { .. } => Vec::new(),
        };
        block_on(async {
            match copy(&from, &to).await {
                Ok(moved) => {
                    let lines = moved.iter().map(|(table, rows)| format!("{table:<20} {rows}\n"));
                    say(&lines.collect::<String>());
                    say(
                        "All of it was moved and compared. Change store.url; the file is a copy from now on.\n",
                    );
                    EX_OK
                }
                Err(failure) => nothing_moved(&failure),
            }
        })
    }
}

fn nothing_moved(failure: &dyn std::error::Error) -> u8 {
    complain(&format!("nothing was moved: {failure}"));
    EX_FAILED
}
