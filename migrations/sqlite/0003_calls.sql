CREATE TABLE call (
    clinic_id  TEXT    NOT NULL,
    call_id    TEXT    NOT NULL,
    owner      INTEGER NOT NULL,
    fence      INTEGER NOT NULL,
    version    INTEGER NOT NULL DEFAULT 0,
    memory     BLOB,
    begun_at   INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    ended_at   INTEGER,
    PRIMARY KEY (clinic_id, call_id)
) STRICT;
CREATE INDEX call_age ON call (COALESCE(ended_at, touched_at));

-- No foreign key to the call: late messages enrich a record whose call may be gone.
CREATE TABLE call_event (
    clinic_id TEXT    NOT NULL,
    call_id   TEXT    NOT NULL,
    digest    TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    body      BLOB    NOT NULL,
    kept_at   INTEGER NOT NULL,
    PRIMARY KEY (clinic_id, call_id, digest)
) STRICT;
CREATE INDEX call_event_age ON call_event (kept_at);

CREATE TABLE tool_call (
    clinic_id    TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    tool_call_id TEXT    NOT NULL,
    tool         TEXT    NOT NULL,
    generation   INTEGER NOT NULL,
    fence        INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    answer       BLOB,
    claimed_at   INTEGER NOT NULL,
    answered_at  INTEGER,
    PRIMARY KEY (clinic_id, call_id, tool_call_id)
) STRICT;
CREATE INDEX tool_call_age ON tool_call (COALESCE(answered_at, claimed_at));

CREATE TABLE dead_letter (
    clinic_id    TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    tool_call_id TEXT    NOT NULL,
    tool         TEXT    NOT NULL,
    arguments    BLOB    NOT NULL,
    set_aside_at INTEGER NOT NULL,
    PRIMARY KEY (clinic_id, call_id, tool_call_id)
) STRICT;
CREATE INDEX dead_letter_age ON dead_letter (set_aside_at);
