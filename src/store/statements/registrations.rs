//! Charts made for new patients.

use crate::store::sql::{Sql, both};

statements! {
    REGISTRATION_UNDER_WAY = both(
        "SELECT id, call_id FROM registration
         WHERE clinic_id = $1 AND (person_index = $2 OR health_index = $3) AND state IN ('announced', 'unknown')
         LIMIT 1");
    EARLIER_REGISTRATION = both(
        "SELECT id, chart FROM registration
         WHERE clinic_id = $1 AND call_id = $2 AND person_index = $3 AND state = 'done'
         ORDER BY announced_at DESC LIMIT 1");
    ANNOUNCE_REGISTRATION = both(
        "INSERT INTO registration (id, clinic_id, call_id, tool_call_id, person_index, health_index, payload, state,
                                   owner, sender, announced_at, last_arrival, due)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'announced', $8, $8, $9, $10, $10)");
    REGISTRATION_STANDING = both("SELECT state, sender, owner FROM registration WHERE clinic_id = $1 AND id = $2");
    // Only from the state it was judged by: of two who settle at once, one does.
    SETTLE_REGISTRATION = both(
        "UPDATE registration
         SET state = $4, chart = $5, due = $6, last_arrival = COALESCE($7, last_arrival), closed_at = $8
         WHERE clinic_id = $1 AND id = $2 AND state = $3");
    ADOPT_REGISTRATIONS = both(
        "UPDATE registration SET owner = $2, due = $3
         WHERE clinic_id = $1 AND owner <> $2 AND state IN ('announced', 'unknown')
           AND owner NOT IN (SELECT generation FROM instance WHERE state IN ('active', 'draining'))");
    DUE_REGISTRATIONS = both(
        "SELECT id, call_id, tool_call_id, payload, chart, state, announced_at, last_arrival FROM registration
         WHERE clinic_id = $1 AND owner = $2 AND state IN ('announced', 'unknown') AND due <= $3
         ORDER BY announced_at, id LIMIT $4 OFFSET $5");
    REGISTRATION = both("SELECT state, chart FROM registration WHERE clinic_id = $1 AND id = $2");
    REGISTRATIONS_FOR_STAFF = both(
        "SELECT id, call_id, tool_call_id, payload, chart, state, announced_at, last_arrival FROM registration
         WHERE clinic_id = $1 AND state IN ('announced', 'unknown', 'handed_to_staff')
         ORDER BY announced_at, id LIMIT $2");
}
