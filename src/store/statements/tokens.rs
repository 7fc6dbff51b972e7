//! The leave that EMRs gave, and what they were found to offer.

use crate::store::sql::{Sql, both, each};

statements! {
    AWAIT_APPROVAL = both(
        "INSERT INTO emr_approval (clinic_id, state_hash, request, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (clinic_id) DO UPDATE
         SET state_hash = excluded.state_hash, request = excluded.request, expires_at = excluded.expires_at");
    APPROVAL = both("SELECT expires_at FROM emr_approval WHERE state_hash = $1");
    TAKE_APPROVAL = both(
        "DELETE FROM emr_approval WHERE state_hash = $1 RETURNING clinic_id, request, expires_at");
    KEEP_EMR_TOKEN = both(
        "INSERT INTO emr_token (clinic_id, token, granted_at, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (clinic_id) DO UPDATE
         SET token = excluded.token, granted_at = excluded.granted_at, expires_at = excluded.expires_at,
             watched_at = NULL");
    EMR_TOKEN = both("SELECT token, expires_at FROM emr_token WHERE clinic_id = $1");
    TOKEN_CLINICS = each(
        "SELECT clinic_id FROM emr_token ORDER BY clinic_id",
        "SELECT clinics_where('SELECT 1 FROM emr_token', 0)");
    EMR_TOKEN_LIFE = both("SELECT granted_at, expires_at, watched_at FROM emr_token WHERE clinic_id = $1");
    AWAITED_APPROVALS = both("SELECT clinic_id, expires_at FROM emr_approval ORDER BY clinic_id");
    WATCH_EMR_TOKEN = both("UPDATE emr_token SET watched_at = $2 WHERE clinic_id = $1");

    EMR_DISCOVERIES = both("SELECT path, at, found FROM emr_discovery WHERE clinic_id = $1 ORDER BY path");
    KEEP_EMR_DISCOVERY = both(
        "INSERT INTO emr_discovery (clinic_id, path, at, found) VALUES ($1, $2, $3, $4)
         ON CONFLICT (clinic_id, path) DO UPDATE SET at = excluded.at, found = excluded.found");
}
