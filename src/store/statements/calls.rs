//! Calls: their rows, their messages, and what those add up to.

use crate::store::sql::{Sql, both, each};

statements! {
    ADOPT_CALL = both(
        "INSERT INTO call (clinic_id, call_id, owner, fence, begun_at, touched_at) VALUES ($1, $2, $3, 1, $4, $4)
         ON CONFLICT (clinic_id, call_id) DO UPDATE
         SET owner = excluded.owner, fence = call.fence + 1, touched_at = excluded.touched_at
         RETURNING fence, memory, ended_at");
    SAVE_CALL = both(
        "UPDATE call SET memory = $5, version = $4, touched_at = $6
         WHERE clinic_id = $1 AND call_id = $2 AND fence = $3 AND version < $4");
    CALL_FENCE = both("SELECT fence FROM call WHERE clinic_id = $1 AND call_id = $2");
    END_CALL = both(
        "UPDATE call SET ended_at = COALESCE(ended_at, $4), touched_at = $4
         WHERE clinic_id = $1 AND call_id = $2 AND fence = $3");
    KEEP_EVENT = both(
        "INSERT INTO call_event (clinic_id, call_id, digest, kind, body, kept_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING");

    // Only what is said anew replaces, and the stage only grows, in whatever order messages come.
    RECORD_CALL = both(
        "INSERT INTO call_record (clinic_id, call_id, stage, ended_reason, ended_by, started_at, ended_at, duration_ms,
                                  cost_micros, language, intent, outcome, transfer_reason, sms_consent, opened_at,
                                  changed_at, report_due)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16)
         ON CONFLICT (clinic_id, call_id) DO UPDATE
         SET stage = CASE WHEN excluded.stage > call_record.stage THEN excluded.stage ELSE call_record.stage END,
             ended_reason = COALESCE(excluded.ended_reason, call_record.ended_reason),
             ended_by = COALESCE(excluded.ended_by, call_record.ended_by),
             started_at = COALESCE(excluded.started_at, call_record.started_at),
             ended_at = COALESCE(excluded.ended_at, call_record.ended_at),
             duration_ms = COALESCE(excluded.duration_ms, call_record.duration_ms),
             cost_micros = COALESCE(excluded.cost_micros, call_record.cost_micros),
             language = COALESCE(excluded.language, call_record.language),
             intent = COALESCE(excluded.intent, call_record.intent),
             outcome = COALESCE(excluded.outcome, call_record.outcome),
             transfer_reason = COALESCE(excluded.transfer_reason, call_record.transfer_reason),
             sms_consent = COALESCE(excluded.sms_consent, call_record.sms_consent),
             changed_at = excluded.changed_at,
             report_due = CASE WHEN call_record.report_due IS NULL THEN NULL ELSE excluded.report_due END");
    UNREPORTED_CLINICS = each(
        "SELECT DISTINCT clinic_id FROM call_record WHERE report_due <= $1 ORDER BY clinic_id",
        "SELECT clinics_where('SELECT 1 FROM call_record WHERE report_due <= $1', $1)");
    NEXT_UNREPORTED = both(
        "SELECT call_id, report_asked FROM call_record
         WHERE clinic_id = $1 AND report_due <= $2 ORDER BY report_due LIMIT 1");
    NOTE_NO_REPORT = both(
        "UPDATE call_record SET report_due = $3, report_missing = $4, report_asked = report_asked + 1
         WHERE clinic_id = $1 AND call_id = $2 AND report_due IS NOT NULL");
    CALL_RECORD = both(
        "SELECT stage, ended_reason, started_at, ended_at, duration_ms, cost_micros, language, intent, outcome,
                transfer_reason, sms_consent
         FROM call_record WHERE clinic_id = $1 AND call_id = $2");
}
