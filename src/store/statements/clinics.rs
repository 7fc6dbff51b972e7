//! Which clinics there are, and the keys their rows are sealed with.

use crate::store::sql::{Sql, both, each};

statements! {
    CLINIC_KEYS = both("SELECT kind, version, wrapped FROM clinic_key WHERE clinic_id = $1");
    ADD_CLINIC_KEY = both(
        "INSERT INTO clinic_key (clinic_id, kind, version, wrapped) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
    KNOW_CLINIC = both("INSERT INTO known_clinic (clinic_id) VALUES ($1) ON CONFLICT DO NOTHING");
    REWRAP_CLINIC_KEY = both(
        "UPDATE clinic_key SET wrapped = $4 WHERE clinic_id = $1 AND kind = $2 AND version = $3");

    CLINIC_STANDING = both("SELECT digest, source, deactivated_at FROM clinic WHERE clinic_id = $1");
    SEED_CLINIC = both(
        "INSERT INTO clinic (clinic_id, settings, access, digest, source, changed_at, revision)
         VALUES ($1, $2, $3, $4, 'config', $5, 1)
         ON CONFLICT (clinic_id) DO UPDATE
         SET settings = excluded.settings, access = excluded.access, digest = excluded.digest,
             changed_at = excluded.changed_at, deactivated_at = NULL, revision = clinic.revision + 1
         WHERE clinic.source = 'config'");
    ACTIVE_CLINICS = both(
        "SELECT clinic_id, settings, access FROM clinic WHERE deactivated_at IS NULL ORDER BY clinic_id");
    // A release that knows of no such list declares clinics beside it.
    KNOWN_CLINICS = both(
        "SELECT clinic_id FROM clinic UNION SELECT clinic_id FROM known_clinic ORDER BY clinic_id");
    DECLARED_CLINICS = both(
        "SELECT clinic_id FROM clinic WHERE source = 'config' AND deactivated_at IS NULL");
    // No row ever goes, so this only grows.
    CLINICS_REVISION = each(
        "SELECT COALESCE(SUM(revision), 0) FROM clinic",
        "SELECT COALESCE(SUM(revision), 0)::BIGINT FROM clinic");
    DEACTIVATE_CLINIC = both(
        "UPDATE clinic SET deactivated_at = $2, revision = revision + 1
         WHERE clinic_id = $1 AND source = 'config' AND deactivated_at IS NULL");
}
