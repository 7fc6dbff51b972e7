//! Every SQL text of the store, in one place. A test prepares each on both migrated engines, so that none is first tried
//! when a patient is on the line.

use super::sql::{Sql, both, each};

macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        $(pub(in crate::store) const $name: Sql = $sql;)+
        pub(in crate::store) const ALL: &[(&str, Sql)] = &[$((stringify!($name), $name)),+];
    };
}

/// The time as the store has it: processes are compared by one clock, and it is none of theirs. What a file needs no word
/// for comes third.
macro_rules! by_the_stores_clock {
    ($before:literal, $after:literal $(, $pg_only:literal, $end:literal)?) => {
        each(
            concat!(
                $before,
                "(SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now) AS clock",
                $after
                $(, $end)?
            ),
            concat!(
                $before,
                "(SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now) AS clock",
                $after
                $(, $pg_only, $end)?
            ),
        )
    };
}

pub(super) mod audit;
pub(super) mod bookings;
pub(super) mod calls;
pub(super) mod clinics;
pub(super) mod held;
pub(super) mod holds;
pub(super) mod offers;
pub(super) mod outbox;
pub(super) mod ownership;
pub(super) mod registrations;
pub(super) mod retention;
pub(super) mod tokens;
pub(super) mod tool_calls;
pub(super) mod troubles;
pub(super) mod waitlist;

/// With their names.
pub(super) fn all() -> impl Iterator<Item = &'static (&'static str, Sql)> {
    [
        ALL,
        audit::ALL,
        bookings::ALL,
        calls::ALL,
        clinics::ALL,
        held::ALL,
        holds::ALL,
        offers::ALL,
        outbox::ALL,
        ownership::ALL,
        registrations::ALL,
        retention::ALL,
        tokens::ALL,
        tool_calls::ALL,
        troubles::ALL,
        waitlist::ALL,
    ]
    .into_iter()
    .flatten()
}

/// Several statements in one text cannot be prepared; these are not in [`all`].
pub(super) const BEGIN_NUMBERED: &str = "BEGIN; SELECT pg_current_xact_id()::text::bigint";
pub(super) const NEXT_SAVEPOINT: Sql = both("RELEASE SAVEPOINT member; SAVEPOINT member");

statements! {
    BEGIN = each("BEGIN IMMEDIATE", "BEGIN");
    // How far a transaction is. Refused for a number that was given to none yet.
    STATUS = each("SELECT 'aborted' WHERE $1 = $1", "SELECT pg_xact_status($1::text::xid8)");
    MARK_BATCH = each(
        "SELECT $1, $2",
        "INSERT INTO _last_batch (writer, batch, at) VALUES ($1, $2, now())
         ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch, at = excluded.at");
    LAST_BATCH = each("SELECT 0 WHERE $1 <> $1", "SELECT batch FROM _last_batch WHERE writer = $1");
    // Nobody asks any more. A writer that lives and is taken for gone marks its next batch anew.
    FORGET_BATCHES = each(
        "SELECT 0",
        "DELETE FROM _last_batch WHERE writer IN
            (SELECT writer FROM _last_batch WHERE at < now() - INTERVAL '1 day' FOR UPDATE SKIP LOCKED)");
    PING = both("SELECT 1");
    // Whether this server is a standby.
    FOLLOWS = each("SELECT 0", "SELECT pg_is_in_recovery()");
    COMMIT = both("COMMIT");
    ROLLBACK = both("ROLLBACK");
    SAVEPOINT = both("SAVEPOINT member");
    UNDO_SAVEPOINT = both("ROLLBACK TO SAVEPOINT member");

    // --- the schema --------------------------------------------------------------------------------------------------

    SCHEMA_BOOKS = each(
        "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('_sqlx_migrations', '_schema_floor')",
        "SELECT COUNT(*) FROM unnest(ARRAY['_sqlx_migrations', '_schema_floor']) AS book
         WHERE to_regclass(book) IS NOT NULL");
    MIGRATED = both("SELECT version, description, checksum FROM _sqlx_migrations ORDER BY version");
    SCHEMA_FLOOR = both("SELECT floor FROM _schema_floor");
}
