-- Who is alive and who may act. Generations are never used twice.
CREATE TABLE instance (
    generation   INTEGER PRIMARY KEY AUTOINCREMENT,
    node         TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('standby', 'active', 'draining', 'released', 'dead')),
    offer        INTEGER NOT NULL DEFAULT 0,
    started_at   INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX instance_one_active ON instance (node) WHERE state = 'active';

CREATE TABLE role_lease (
    role       TEXT    PRIMARY KEY,
    owner      INTEGER NOT NULL,
    fence      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
