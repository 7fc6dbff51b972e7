-- A set-up that waits for somebody at the clinic to approve it: one per clinic, found by the hash of its one-time state.
CREATE TABLE emr_approval (
    clinic_id  TEXT    PRIMARY KEY,
    state_hash BLOB    NOT NULL UNIQUE,
    request    BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- What was approved. `expires_at` is NULL for a token that never ends; `watched_at` is when its end was last looked at.
CREATE TABLE emr_token (
    clinic_id  TEXT    PRIMARY KEY,
    token      BLOB    NOT NULL,
    granted_at INTEGER NOT NULL,
    expires_at INTEGER,
    watched_at INTEGER
) STRICT;
