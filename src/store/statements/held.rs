//! What could not be done while the EMR was away.

use crate::store::sql::{Sql, both};

statements! {
    HELD_ALREADY = both(
        "SELECT reference FROM held_request
         WHERE clinic_id = $1 AND (wish_index = $2 AND state IN ('open', 'executing')
                                   OR call_id = $3 AND tool_call_id = $4)");
    HELD_COUNTS = both(
        "SELECT COUNT(*), COUNT(CASE WHEN call_id = $2 THEN 1 END), COUNT(CASE WHEN reference = $3 THEN 1 END)
         FROM held_request WHERE clinic_id = $1 AND state IN ('open', 'executing')");
    HOLD_REQUEST = both(
        "INSERT INTO held_request (clinic_id, call_id, tool_call_id, reference, wish_index, patient_index, wish, state,
                                   fence, due, created_at, expires_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', 0, $8, $8, $9, $8)");
    HELD_REQUESTS = both(
        "SELECT id, call_id, tool_call_id, reference, wish, alternatives, state, outcome, fence, intent_id, created_at,
                expires_at
         FROM held_request WHERE clinic_id = $1 ORDER BY created_at, id LIMIT $2");
    HELD_FOR = both(
        "SELECT id, call_id, tool_call_id, reference, wish, alternatives, state, outcome, fence, intent_id, created_at,
                expires_at
         FROM held_request WHERE clinic_id = $1 AND patient_index = $2 AND state IN ('open', 'executing')
         ORDER BY created_at, id");
    DUE_HELD = both(
        "SELECT id, call_id, tool_call_id, reference, wish, alternatives, state, outcome, fence, intent_id, created_at,
                expires_at
         FROM held_request
         WHERE clinic_id = $1
           AND (state = 'open' AND (due <= $2 OR expires_at <= $2)
                OR state = 'executing'
                   AND (due <= $2 OR owner NOT IN (SELECT generation FROM instance
                                                   WHERE state IN ('active', 'draining'))))
         ORDER BY created_at, id LIMIT $3 OFFSET $4");
    TAKE_HELD = both(
        "UPDATE held_request
         SET state = 'executing', owner = $4, fence = fence + 1, intent_id = $5, due = $6, changed_at = $7
         WHERE clinic_id = $1 AND id = $2 AND fence = $3 AND state IN ('open', 'executing')
         RETURNING fence");
    END_HELD = both(
        "UPDATE held_request
         SET state = $4, outcome = $5, alternatives = $6, due = $7, changed_at = $8, owner = NULL
         WHERE clinic_id = $1 AND id = $2 AND fence = $3 AND state = 'executing'");
    CANCEL_HELD = both(
        "UPDATE held_request SET state = 'cancelled', changed_at = $3
         WHERE clinic_id = $1 AND reference = $2 AND state = 'open'");
}
