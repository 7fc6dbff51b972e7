-- Law I-2 once more, in the database: a session sees one clinic, or all of them for the singletons' work.
CREATE FUNCTION in_scope(clinic TEXT) RETURNS BOOLEAN LANGUAGE sql STABLE
    AS $$ SELECT current_setting('vitarad.clinic', true) IN (clinic, '*') $$;

-- Who is alive and who may act. Generations are never used twice.
CREATE TABLE instance (
    generation   BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node         TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('standby', 'active', 'draining', 'released', 'dead')),
    offer        BIGINT  NOT NULL DEFAULT 0,
    started_at   BIGINT  NOT NULL,
    heartbeat_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX instance_one_active ON instance (node) WHERE state = 'active';

CREATE TABLE role_lease (
    role       TEXT    PRIMARY KEY,
    owner      BIGINT  NOT NULL,
    fence      BIGINT  NOT NULL,
    expires_at BIGINT  NOT NULL
);
