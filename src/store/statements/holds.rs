//! What is kept for callers who decide, and what is in the way.

use crate::store::sql::{Sql, both};

statements! {
    DROP_HOLDS = both("DELETE FROM hold WHERE clinic_id = $1 AND call_id = $2");
    DROP_HOLD = both(
        "DELETE FROM hold WHERE clinic_id = $1 AND call_id = $2 AND provider = $3 AND date = $4
         AND start_minute = $5 AND end_minute = $6");
    ADD_HOLD = both(
        "INSERT INTO hold (clinic_id, provider, date, start_minute, end_minute, call_id, held_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING");
    // What is in the way of a slot: others' holds, what is kept for other patients, and additions of other intents that
    // nobody has settled.
    IN_THE_WAY = both(
        "SELECT 1 FROM hold WHERE clinic_id = $1 AND provider = $2 AND date = $3
           AND start_minute < $5 AND end_minute > $4 AND call_id <> $6 AND held_until > $7
           AND (patient_index IS NULL OR patient_index <> $9)
         UNION ALL
         SELECT 1 FROM effect WHERE clinic_id = $1 AND provider = $2 AND date = $3
           AND start_minute < $5 AND end_minute > $4 AND kind = 'add' AND state IN ('announced', 'unknown')
           AND intent_id <> $8");
    TAKEN = both(
        "SELECT provider, date, start_minute, end_minute, NULL AS mark FROM hold
         WHERE clinic_id = $1 AND provider = $2 AND date >= $3 AND date <= $4 AND call_id <> $5 AND held_until > $7
           AND (patient_index IS NULL OR patient_index <> $8)
         UNION ALL
         SELECT provider, date, start_minute, end_minute, mark FROM effect
         WHERE clinic_id = $1 AND provider = $2 AND date >= $3 AND date <= $4 AND kind = 'add'
           AND state IN ('announced', 'unknown') AND id <> $6
         ORDER BY date, start_minute, end_minute");
}
