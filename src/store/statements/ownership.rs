//! Which process owns what: generations, the node passed between them, roles.

use crate::store::sql::{Sql, both, each};

statements! {
    BURY_FORMER = both(
        "UPDATE instance SET state = 'dead' WHERE node = $1 AND state IN ('standby', 'active', 'draining')");
    BEGIN_GENERATION = both(
        "INSERT INTO instance (node, state, started_at, heartbeat_at) VALUES ($1, 'active', $2, $2)
         RETURNING generation");
    STAND_BY = both(
        "INSERT INTO instance (node, state, started_at, heartbeat_at) VALUES ($1, 'standby', $2, $2)
         RETURNING generation");
    INSTANCES = both(
        "SELECT generation, state, offer FROM instance
         WHERE node = $1 AND (state IN ('standby', 'active', 'draining') OR generation IN ($2, $3))
         ORDER BY generation");
    CHANGE_INSTANCE = both(
        "UPDATE instance SET state = $2, offer = $3 WHERE generation = $1 AND state = $4 AND offer = $5");
    MOVE_ROLES = both("UPDATE role_lease SET owner = $2, fence = fence + 1 WHERE owner = $1");
    HEARTBEAT = both("UPDATE instance SET heartbeat_at = $2 WHERE generation = $1 AND state = 'active'");
    RELEASE_GENERATION = both(
        "UPDATE instance SET state = 'released' WHERE generation = $1 AND state <> 'dead'");
    RELEASE_ROLES = both("UPDATE role_lease SET expires_at = $2 WHERE owner = $1 AND expires_at > $2");
    LEASING_CLINICS = each(
        "SELECT DISTINCT clinic_id FROM booking_lease WHERE generation = $1",
        "SELECT clinics_where('SELECT 1 FROM booking_lease WHERE generation = $1', $1)");
    RELEASE_LEASES = both(
        "UPDATE booking_lease SET expires_at = $2 WHERE generation = $1 AND expires_at > $2 AND clinic_id = $3");

    // A renewal keeps the fence. Taken over when expired, given back, or its owner's generation is no longer active; never
    // by a generation that is not.
    HOLD_ROLE = both(
        "INSERT INTO role_lease (role, owner, fence, expires_at)
         SELECT $1, generation, 1, $3 FROM instance WHERE generation = $2 AND state = 'active'
         ON CONFLICT (role) DO UPDATE
         SET owner = excluded.owner, expires_at = excluded.expires_at,
             fence = role_lease.fence + CASE WHEN role_lease.owner = excluded.owner THEN 0 ELSE 1 END
         WHERE role_lease.owner = excluded.owner OR role_lease.expires_at <= $4
            OR NOT EXISTS (SELECT 1 FROM instance WHERE generation = role_lease.owner AND state = 'active')
         RETURNING fence");
    ROLE_FENCE = each(
        "SELECT fence FROM role_lease WHERE role = $1 AND owner = $2",
        "SELECT fence FROM role_lease WHERE role = $1 AND owner = $2 FOR SHARE");

    ROLE_STANDING = each(
        "SELECT 'worker'",
        "SELECT CASE WHEN rolsuper OR rolbypassrls THEN 'unbound'
                     WHEN EXISTS (SELECT 1 FROM pg_class WHERE oid = 'clinic'::regclass
                                  AND pg_has_role(relowner, 'USAGE')) THEN 'owner'
                     ELSE 'worker' END
         FROM pg_roles WHERE rolname = current_user");
}
