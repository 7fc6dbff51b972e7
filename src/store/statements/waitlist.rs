//! Who waits for an appointment.

use crate::store::sql::{Sql, both};

statements! {
    // Once for a tool call, and once for a person who still waits.
    JOIN_WAITLIST = both(
        "INSERT INTO waitlist (clinic_id, call_id, tool_call_id, person_index, patient_index, entry, status, added_at,
                               changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $7) ON CONFLICT DO NOTHING");
    // They keep their place; the entry is sealed for the tool call that said it.
    RENEW_WAITING = both(
        "UPDATE waitlist SET call_id = $2, tool_call_id = $3, entry = $5, changed_at = $6
         WHERE clinic_id = $1 AND person_index = $4 AND status IN ('pending', 'contacted')
           AND NOT EXISTS (SELECT 1 FROM waitlist AS said
                           WHERE said.clinic_id = $1 AND said.call_id = $2 AND said.tool_call_id = $3)");
    WAITLIST = both(
        "SELECT id, call_id, tool_call_id, entry, status, added_at FROM waitlist
         WHERE clinic_id = $1 ORDER BY added_at, id LIMIT $2");
    // What is over stays over: the person may have joined again since.
    MARK_WAITING = both(
        "UPDATE waitlist SET status = $3, changed_at = $4
         WHERE clinic_id = $1 AND id = $2 AND status IN ('pending', 'contacted')");
}
