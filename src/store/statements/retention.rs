//! What is kept no longer.

use crate::store::sql::{Sql, both, each};

statements! {
    PURGE_CALLS = both(
        "DELETE FROM call WHERE (clinic_id, call_id) IN (
             SELECT clinic_id, call_id FROM call WHERE COALESCE(ended_at, touched_at) <= $1 LIMIT $2)");
    PURGE_EVENTS = both(
        "DELETE FROM call_event WHERE (clinic_id, call_id, digest) IN (
             SELECT clinic_id, call_id, digest FROM call_event WHERE kept_at <= $1 LIMIT $2)");
    PURGE_TOOL_CALLS = both(
        "DELETE FROM tool_call WHERE (clinic_id, call_id, tool_call_id) IN (
             SELECT clinic_id, call_id, tool_call_id FROM tool_call
             WHERE COALESCE(answered_at, claimed_at) <= $1 LIMIT $2)");
    PURGE_DEAD_LETTERS = both(
        "DELETE FROM dead_letter WHERE (clinic_id, call_id, tool_call_id) IN (
             SELECT clinic_id, call_id, tool_call_id FROM dead_letter WHERE set_aside_at <= $1 LIMIT $2)");
    // With their effects, once none of those is unsettled or watched. A look that was due that long ago is no watch.
    PURGE_INTENTS = both(
        "DELETE FROM intent WHERE id IN (
             SELECT id FROM intent WHERE closed_at <= $1 AND state <> 'open'
               AND NOT EXISTS (SELECT 1 FROM effect WHERE effect.intent_id = intent.id
                               AND (effect.state IN ('announced', 'unknown')
                                    OR effect.state = 'absent' AND effect.due > $1))
             LIMIT $2)");
    PURGE_SMS = both("DELETE FROM sms WHERE id IN (SELECT id FROM sms WHERE ended_at <= $1 LIMIT $2)");
    PURGE_HOLDS = both(
        "DELETE FROM hold WHERE (clinic_id, provider, date, call_id, start_minute, end_minute) IN (
             SELECT clinic_id, provider, date, call_id, start_minute, end_minute FROM hold
             WHERE held_until <= $1 LIMIT $2)");
    PURGE_LEASES = by_the_stores_clock!(
        "DELETE FROM booking_lease WHERE (clinic_id, provider, date) IN (
             SELECT clinic_id, provider, date FROM booking_lease CROSS JOIN ",
        " WHERE expires_at <= now - $1 LIMIT $2)");
    PURGE_RECORDS = both(
        "DELETE FROM call_record WHERE (clinic_id, call_id) IN (
             SELECT clinic_id, call_id FROM call_record WHERE changed_at <= $1 LIMIT $2)");
    PURGE_WAITLIST = both(
        "DELETE FROM waitlist WHERE id IN (
             SELECT id FROM waitlist WHERE changed_at <= $1 AND status IN ('registered', 'cancelled') LIMIT $2)");
    PURGE_FREED = both(
        "DELETE FROM freed_slot WHERE id IN (SELECT id FROM freed_slot WHERE freed_at <= $1 LIMIT $2)");
    PURGE_OFFERS = both(
        "DELETE FROM slot_offer WHERE id IN (SELECT id FROM slot_offer WHERE changed_at <= $1 LIMIT $2)");
    PURGE_HELD = both(
        "DELETE FROM held_request WHERE id IN (
             SELECT id FROM held_request WHERE changed_at <= $1 AND state NOT IN ('open', 'executing') LIMIT $2)");
    PURGE_REGISTRATIONS = both(
        "DELETE FROM registration WHERE id IN (SELECT id FROM registration WHERE closed_at <= $1 LIMIT $2)");
}
