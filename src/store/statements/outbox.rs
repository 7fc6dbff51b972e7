//! Texts to be sent.

use crate::store::sql::{Sql, both, each};

statements! {
    QUEUE_SMS = both(
        "INSERT INTO sms (clinic_id, dedupe, recipient, body, state, due) VALUES ($1, $2, $3, $4, 'queued', $5)
         ON CONFLICT DO NOTHING");
    TEXTING_CLINICS = each(
        "SELECT DISTINCT clinic_id FROM sms WHERE state = 'sending' OR state = 'queued' AND due <= $1
         ORDER BY clinic_id",
        "SELECT clinics_where(
             'SELECT 1 FROM sms WHERE state = ''sending'' OR state = ''queued'' AND due <= $1', $1)");
    LOSE_SMS = both(
        "UPDATE sms SET state = 'unknown', ended_at = $2
         WHERE clinic_id = $4 AND state = 'sending' AND (fence <> $1 OR taken_at <= $3)");
    TAKE_SMS = both(
        "UPDATE sms SET state = 'sending', attempt = attempt + 1, fence = $1, taken_at = $2
         WHERE id IN (SELECT id FROM sms WHERE clinic_id = $3 AND state = 'queued' AND due <= $2
                      ORDER BY due, id LIMIT 1)
         RETURNING id, clinic_id, dedupe, attempt, recipient, body");
    RECORD_SMS = both(
        "UPDATE sms SET state = $3, due = COALESCE($4, due), ended_at = $5
         WHERE id = $1 AND fence = $2 AND state IN ('sending', 'unknown') AND clinic_id = $6");
}
