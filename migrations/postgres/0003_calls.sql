CREATE TABLE call (
    clinic_id  TEXT    NOT NULL,
    call_id    TEXT    NOT NULL,
    owner      BIGINT  NOT NULL,
    fence      BIGINT  NOT NULL,
    version    BIGINT  NOT NULL DEFAULT 0,
    memory     BYTEA,
    begun_at   BIGINT  NOT NULL,
    touched_at BIGINT  NOT NULL,
    ended_at   BIGINT,
    PRIMARY KEY (clinic_id, call_id)
);
CREATE INDEX call_age ON call (COALESCE(ended_at, touched_at));

-- No foreign key to the call: late messages enrich a record whose call may be gone.
CREATE TABLE call_event (
    clinic_id TEXT    NOT NULL,
    call_id   TEXT    NOT NULL,
    digest    TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    body      BYTEA   NOT NULL,
    kept_at   BIGINT  NOT NULL,
    PRIMARY KEY (clinic_id, call_id, digest)
);
CREATE INDEX call_event_age ON call_event (kept_at);

CREATE TABLE tool_call (
    clinic_id    TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    tool_call_id TEXT    NOT NULL,
    tool         TEXT    NOT NULL,
    generation   BIGINT  NOT NULL,
    fence        BIGINT  NOT NULL,
    attempt      BIGINT  NOT NULL,
    answer       BYTEA,
    claimed_at   BIGINT  NOT NULL,
    answered_at  BIGINT,
    PRIMARY KEY (clinic_id, call_id, tool_call_id)
);
CREATE INDEX tool_call_age ON tool_call (COALESCE(answered_at, claimed_at));

CREATE TABLE dead_letter (
    clinic_id    TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    tool_call_id TEXT    NOT NULL,
    tool         TEXT    NOT NULL,
    arguments    BYTEA   NOT NULL,
    set_aside_at BIGINT  NOT NULL,
    PRIMARY KEY (clinic_id, call_id, tool_call_id)
);
CREATE INDEX dead_letter_age ON dead_letter (set_aside_at);

ALTER TABLE call ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON call USING (in_scope(clinic_id));
ALTER TABLE call_event ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON call_event USING (in_scope(clinic_id));
ALTER TABLE tool_call ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON tool_call USING (in_scope(clinic_id));
ALTER TABLE dead_letter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON dead_letter USING (in_scope(clinic_id));
