//! The engine that a whole run of tests stands on: SQLite, or PostgreSQL when `VITARAD_TEST_STORE` says `postgres`.

use secrecy::ExposeSecret;
use vitarad::store::Engine;

use crate::postgres;
use crate::premises::Premises;
use crate::town::Town;

/// Premises with a store of their own on that engine.
pub(crate) async fn around(town: Town) -> Premises {
    let mut premises = Premises::around(town);
    match std::env::var("VITARAD_TEST_STORE").as_deref() {
        Err(_) | Ok("sqlite") => {}
        Ok("postgres") => match postgres::database().await {
            Some(Engine::Postgres { url }) => premises.set("VITARAD_STORE__URL", url.expose_secret()),
            _ => panic!("VITARAD_TEST_STORE asks for a PostgreSQL that is not there"),
        },
        Ok(other) => panic!("VITARAD_TEST_STORE is {other}, and neither sqlite nor postgres"),
    }
    premises
}
