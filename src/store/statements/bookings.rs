//! Intents and the journal of EMR writes: announced, settled, looked at again.

use crate::store::sql::{Sql, both, each};

statements! {
    LIVE_WISH = both(
        "SELECT id, state, appointment FROM intent
         WHERE clinic_id = $1 AND wish_index = $2 AND state IN ('open', 'done') AND replaced_by IS NULL
           AND NOT (id = $3 AND state = 'done')");
    NEWEST_ADDITION = both(
        "SELECT id, provider, date, start_minute, end_minute, payload FROM effect
         WHERE clinic_id = $1 AND intent_id = $2 AND kind = 'add' ORDER BY step DESC LIMIT 1");
    PATIENT_OPEN = both("SELECT 1 FROM intent WHERE clinic_id = $1 AND patient_index = $2 AND state = 'open'");
    OPEN_INTENT = both(
        "SELECT owner,
                EXISTS (SELECT 1 FROM effect WHERE intent_id = intent.id AND effect.state IN ('announced', 'unknown'))
                AS unsettled
         FROM intent WHERE clinic_id = $1 AND id = $2 AND state = 'open'");
    // Not for who was called dead: nobody would look at what it leaves.
    TAKE_LEASE = by_the_stores_clock!(
        "INSERT INTO booking_lease (clinic_id, provider, date, generation, fence, expires_at)
         SELECT $1, $2, $3, generation, 1, now + $5 FROM instance CROSS JOIN ",
        " WHERE generation = $4 AND state IN ('active', 'draining')
         ON CONFLICT (clinic_id, provider, date) DO UPDATE
         SET generation = excluded.generation, fence = booking_lease.fence + 1, expires_at = excluded.expires_at
         WHERE booking_lease.expires_at <= excluded.expires_at - $5
            OR booking_lease.generation = excluded.generation
         RETURNING fence");
    REPLACE_INTENT = both(
        "UPDATE intent SET replaced_by = $3 WHERE clinic_id = $1 AND id = $2 AND state = 'done'");
    OPEN_INTENT_ROW = both(
        "INSERT INTO intent (id, clinic_id, wish_index, patient_index, payload, state, owner, call_id, tool_call_id,
                             opened_at)
         VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9)");
    ANNOUNCE = both(
        "INSERT INTO effect (id, clinic_id, intent_id, step, kind, provider, date, start_minute, end_minute, mark,
                             payload, state, sender, announced_at, last_arrival, due)
         VALUES ($1, $2, $3, 1 + (SELECT COUNT(*) FROM effect WHERE intent_id = $3), $4, $5, $6, $7, $8, $9,
                 $10, 'announced', $11, $12, $13, $13)");

    // --- settling it -------------------------------------------------------------------------------------------------

    EFFECT_STANDING = both(
        "SELECT effect.state, effect.appointment, effect.sender, effect.kind, effect.provider, effect.date,
                effect.start_minute, effect.end_minute, effect.due, effect.intent_id, intent.owner, intent.call_id
         FROM effect JOIN intent ON intent.id = effect.intent_id
         WHERE effect.clinic_id = $1 AND effect.id = $2");
    // Only from the state it was judged by: of two who settle at once, one does.
    SETTLE_EFFECT = both(
        "UPDATE effect SET state = $4, appointment = $5, due = $6, last_arrival = COALESCE($7, last_arrival)
         WHERE clinic_id = $1 AND id = $2 AND state = $3");
    CLOSE_INTENT = both(
        "UPDATE intent SET state = $3, appointment = $4, closed_at = $5
         WHERE clinic_id = $1 AND id = $2 AND state = 'open'");
    GIVE_LEASE_BACK = by_the_stores_clock!(
        "UPDATE booking_lease SET expires_at = now FROM ",
        " WHERE clinic_id = $1 AND provider = $2 AND date = $3 AND generation = $4 AND fence = $5
           AND expires_at > now");

    // --- the journal -------------------------------------------------------------------------------------------------

    // Watched, once its intent is closed, is a write that may yet turn up: an addition read as absent. One that is done
    // is not, though its saga asked for a look in case it did not get to the next step.
    ADOPT_INTENTS = both(
        "UPDATE intent SET owner = $2
         WHERE clinic_id = $1 AND owner <> $2
           AND (state = 'open'
                OR id IN (SELECT intent_id FROM effect WHERE clinic_id = $1 AND due IS NOT NULL
                          AND (state IN ('announced', 'unknown') OR state = 'absent' AND kind = 'add')))
           AND owner NOT IN (SELECT generation FROM instance WHERE state IN ('active', 'draining'))
         RETURNING id, state");
    DUE_NOW = both(
        "UPDATE effect SET due = $3
         WHERE clinic_id = $1 AND intent_id = $2
           AND CASE WHEN $4 = 'open'
                    THEN step = (SELECT COUNT(*) FROM effect AS every WHERE every.intent_id = $2)
                    ELSE due IS NOT NULL AND (state IN ('announced', 'unknown') OR state = 'absent' AND kind = 'add')
               END");
    DUE_EFFECTS = both(
        "SELECT effect.id AS effect_id, effect.provider, effect.date, effect.start_minute,
                effect.end_minute, effect.payload AS effect_payload, effect.state AS effect_state,
                effect.appointment AS effect_appointment, effect.announced_at, effect.last_arrival,
                COALESCE(effect.due, effect.announced_at) AS due,
                intent.id AS intent_id, intent.payload AS intent_payload, intent.state AS intent_state,
                intent.appointment AS intent_appointment, intent.call_id, intent.tool_call_id
         FROM effect JOIN intent ON intent.id = effect.intent_id
         WHERE intent.clinic_id = $1 AND intent.owner = $2 AND effect.id IN (
             SELECT watched.id FROM effect AS watched JOIN intent AS closed ON closed.id = watched.intent_id
             WHERE watched.clinic_id = $1 AND watched.due <= $3 AND closed.state <> 'open'
               AND (watched.state IN ('announced', 'unknown') OR watched.state = 'absent' AND watched.kind = 'add')
             UNION ALL
             SELECT newest.id FROM intent AS started JOIN effect AS newest ON newest.intent_id = started.id
             WHERE started.clinic_id = $1 AND started.owner = $2 AND started.state = 'open'
               AND (newest.due IS NULL OR newest.due <= $3)
               AND newest.step = (SELECT COUNT(*) FROM effect AS every WHERE every.intent_id = started.id))
         ORDER BY due, effect.announced_at, effect.id LIMIT $4 OFFSET $5");
    INTENT = both("SELECT state, appointment FROM intent WHERE clinic_id = $1 AND id = $2");
    UNSETTLED = both(
        "SELECT COUNT(*) FROM (
             SELECT id FROM effect WHERE clinic_id = $1 AND state IN ('announced', 'unknown')
             UNION ALL
             SELECT id FROM registration WHERE clinic_id = $1 AND state IN ('announced', 'unknown')) AS unsettled");
    // A write may be handed over when its intent was closed long ago.
    HANDED_TO_STAFF = both(
        "SELECT COUNT(*) FROM (
             SELECT id FROM intent WHERE clinic_id = $1 AND state = 'handed_to_staff'
             UNION
             SELECT intent_id FROM effect WHERE clinic_id = $1 AND state = 'handed_to_staff'
             UNION
             SELECT id FROM registration WHERE clinic_id = $1 AND state = 'handed_to_staff') AS handed");
}
