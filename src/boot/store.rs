//! The store as the settings describe it.

use std::sync::{Arc, Once};

use secrecy::{ExposeSecret, SecretBox};

use super::NotBegun;
use crate::config::Settings;
use crate::config::sections::store::{StoreAddress, Synchronous};
use crate::emr::{KeptToken, Tokens};
use crate::seal::Keyring;
use crate::store::{Durability, Engine, OpenError, Schema, SqlStore, Tuning};

/// Writes of one clinic that may wait. A tool call that the door let in waits for one at a time; there is room for as many
/// messages, settlements and adoptions beside.
const LANE_PER_TOOL_CALL: usize = 2;

/// In development a store may be sealed with a key that everybody knows; production has refused to come this far.
const DEVELOPMENT_KEY: [u8; 32] = *b"vitarad: for development only :)";

fn keyring(settings: &Settings) -> Keyring {
    // However often a start tries to open the store.
    static SAID: Once = Once::new();
    let copy = |key: &SecretBox<[u8; 32]>| SecretBox::new(Box::new(*key.expose_secret()));
    let current = settings.crypto.master_key.as_ref().map_or_else(
        || {
            SAID.call_once(|| {
                tracing::warn!("no crypto.master_key is set: the store is sealed with the development key");
            });
            SecretBox::new(Box::new(DEVELOPMENT_KEY))
        },
        copy,
    );
    Keyring::new(current, settings.crypto.previous_master_key.as_ref().map(copy))
}

/// Brought up to date first, if a start may do that.
pub async fn open(settings: &Settings) -> Result<SqlStore, NotBegun> {
    let keyring = keyring(settings);
    let tuning = Tuning {
        readers: settings.store.max_connections,
        writers: settings.store.writers,
        durability: match settings.store.synchronous {
            Synchronous::Full => Durability::PowerFailure,
            Synchronous::Normal | Synchronous::Off => Durability::ProcessDeath,
        },
        lane: Tuning::default()
            .lane
            .max(LANE_PER_TOOL_CALL * settings.http.clinic_tool_calls_at_once as usize),
        migrates: false,
    };
    if settings.store.migrates {
        migrate(settings).await?;
    }
    let store = SqlStore::open(&engine(settings), keyring, tuning).await?;
    if settings.profile.is_production() {
        store.check_wall().await?;
    }
    Ok(store)
}

/// Brings the schema up to date, and lets the daemon's role work on it where that is not the owner's.
pub async fn migrate(settings: &Settings) -> Result<Schema, OpenError> {
    let owner = owner(settings);
    let schema = owner.migrate().await?;
    owner.admit(&engine(settings)).await?;
    Ok(schema)
}

fn engine(settings: &Settings) -> Engine {
    match &settings.store.address {
        StoreAddress::Sqlite(file) => Engine::Sqlite { file: file.clone() },
        StoreAddress::Postgres(url) => Engine::Postgres { url: url.clone() },
    }
}

/// The same database, for who may change its schema.
pub fn owner(settings: &Settings) -> Engine {
    match &settings.store.owner {
        Some(url) => Engine::Postgres { url: url.clone() },
        None => engine(settings),
    }
}

/// Where the EMR's adapter looks up the leave it was given.
pub(super) fn emr_tokens(store: &Arc<SqlStore>) -> Tokens {
    let store = Arc::clone(store);
    Arc::new(move |clinic| {
        let store = Arc::clone(&store);
        Box::pin(async move {
            let kept = store.emr_token(&clinic).await?;
            Ok(kept.map(|(token, expires_at)| KeptToken { token, expires_at }))
        })
    })
}
