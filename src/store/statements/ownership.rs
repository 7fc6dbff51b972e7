//! Which process owns what: generations, the node passed between them, roles; and who of them lives.

use crate::store::sql::{Sql, both, each};

statements! {
    BURY_FORMER = both(
        "UPDATE instance SET state = 'dead' WHERE node = $1 AND state IN ('standby', 'active', 'draining')");
    BEGIN_GENERATION = by_the_stores_clock!(
        "INSERT INTO instance (node, state, started_at, heartbeat_at, steady_since) SELECT $1, 'active', $2, now, now FROM ",
        " WHERE true RETURNING generation");
    STAND_BY = by_the_stores_clock!(
        "INSERT INTO instance (node, state, started_at, heartbeat_at, steady_since) SELECT $1, 'standby', $2, now, now FROM ",
        " WHERE true RETURNING generation");
    INSTANCES = both(
        "SELECT generation, state, offer FROM instance
         WHERE node = $1 AND (state IN ('standby', 'active', 'draining') OR generation IN ($2, $3))
         ORDER BY generation");
    // Who becomes active asked for it just now, and may have stood by for a while.
    CHANGE_INSTANCE = by_the_stores_clock!(
        "UPDATE instance SET state = $2, offer = $3,
                heartbeat_at = CASE WHEN $2 = 'active' THEN now ELSE heartbeat_at END,
                steady_since = CASE WHEN $2 = 'active' THEN now ELSE steady_since END
         FROM ",
        " WHERE generation = $1 AND state = $4 AND offer = $5");
    MOVE_ROLES = both("UPDATE role_lease SET owner = $2, fence = fence + 1 WHERE owner = $1");
    HEARTBEAT = by_the_stores_clock!(
        "UPDATE instance SET heartbeat_at = now, counts = $2,
                steady_since = CASE WHEN now - heartbeat_at BETWEEN 0 AND $3 THEN steady_since ELSE now END
         FROM ",
        " WHERE generation = $1 AND state IN ('active', 'draining')");
    // Before the asker's own heartbeat: what counts is that it has beaten until now. A clock that was set back leaves
    // heartbeats in the future, which say as little. A process that stands still amid its own beat holds its row, until the
    // server ends that transaction: nobody's beat waits for it.
    BURY_SILENT = by_the_stores_clock!(
        "UPDATE instance SET state = 'dead' WHERE generation IN (SELECT instance.generation FROM instance CROSS JOIN ",
        " WHERE state IN ('active', 'draining') AND steady_since IS NOT NULL AND abs(now - heartbeat_at) > $2
            AND EXISTS (SELECT 1 FROM instance AS own
                        WHERE own.generation = $1 AND own.state IN ('active', 'draining')
                          AND now - own.heartbeat_at BETWEEN 0 AND $3 AND now - own.steady_since >= $2)",
        " FOR UPDATE OF instance SKIP LOCKED", ") RETURNING generation");
    LIVES = by_the_stores_clock!(
        "SELECT generation, node, state, abs(now - heartbeat_at) AS silent, counts FROM instance CROSS JOIN ",
        " WHERE state IN ('active', 'draining') ORDER BY generation");
    // Who counts nobody has asked no EMR, or waits for no answer.
    GONE_LATELY = by_the_stores_clock!(
        "SELECT count(*) FROM instance CROSS JOIN ",
        " WHERE state IN ('released', 'dead') AND counts <> '' AND abs(now - heartbeat_at) <= $1");
    AT_WORK = both("SELECT 1 FROM instance WHERE generation = $1 AND state IN ('active', 'draining')");
    RELEASE_GENERATION = both(
        "UPDATE instance SET state = 'released', counts = CASE WHEN $2 = 1 THEN counts ELSE '' END
         WHERE generation = $1 AND state <> 'dead'");
    RELEASE_ROLES = by_the_stores_clock!(
        "UPDATE role_lease SET expires_at = now FROM ",
        " WHERE owner = $1 AND expires_at > now");
    LEASING_CLINICS = each(
        "SELECT DISTINCT clinic_id FROM booking_lease WHERE generation = $1",
        "SELECT clinics_where('SELECT 1 FROM booking_lease WHERE generation = $1', $1)");
    RELEASE_LEASES = by_the_stores_clock!(
        "UPDATE booking_lease SET expires_at = now FROM ",
        " WHERE generation = $1 AND expires_at > now AND clinic_id = $2");

    // A renewal keeps the fence. Taken over when expired, given back, or its owner's generation is no longer active; never
    // by a generation that is not.
    HOLD_ROLE = by_the_stores_clock!(
        "INSERT INTO role_lease (role, owner, fence, expires_at)
         SELECT $1, generation, 1, now + $3 FROM instance CROSS JOIN ",
        " WHERE generation = $2 AND state = 'active'
         ON CONFLICT (role) DO UPDATE
         SET owner = excluded.owner, expires_at = excluded.expires_at,
             fence = role_lease.fence + CASE WHEN role_lease.owner = excluded.owner THEN 0 ELSE 1 END
         WHERE role_lease.owner = excluded.owner OR role_lease.expires_at <= excluded.expires_at - $3
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
