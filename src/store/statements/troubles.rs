//! What the processes tell each other of trouble, by the store's clock.

use crate::store::sql::{Sql, each};

statements! {
    TELL_TROUBLE = by_the_stores_clock!(
        "INSERT INTO trouble (clinic_id, part, ends_at, told_at, told_by, revision)
         SELECT $1, $2, now + CAST($3 AS BIGINT), now, CAST($4 AS BIGINT), 1 FROM ",
        " WHERE true
         ON CONFLICT (clinic_id, part) DO UPDATE
         SET ends_at = excluded.ends_at, told_at = excluded.told_at, told_by = excluded.told_by,
             revision = trouble.revision + 1");
    TROUBLES = by_the_stores_clock!(
        "SELECT clinic_id, part, ends_at - now, told_by, COALESCE(node, ''), revision
         FROM trouble LEFT JOIN instance ON generation = told_by CROSS JOIN ",
        " WHERE clinic_id = $1");
    TROUBLES_TOLD_LATELY = by_the_stores_clock!(
        "SELECT clinic_id, part, ends_at - now, told_by, COALESCE(node, ''), revision
         FROM trouble LEFT JOIN instance ON generation = told_by CROSS JOIN ",
        " WHERE told_at > now - CAST($1 AS BIGINT)");
}
