-- A set-up that waits for somebody at the clinic to approve it: one per clinic, found by the hash of its one-time state.
CREATE TABLE emr_approval (
    clinic_id  TEXT    PRIMARY KEY,
    state_hash BYTEA   NOT NULL UNIQUE,
    request    BYTEA   NOT NULL,
    expires_at BIGINT  NOT NULL
);

-- What was approved. `expires_at` is NULL for a token that never ends; `watched_at` is when its end was last looked at.
CREATE TABLE emr_token (
    clinic_id  TEXT    PRIMARY KEY,
    token      BYTEA   NOT NULL,
    granted_at BIGINT  NOT NULL,
    expires_at BIGINT,
    watched_at BIGINT
);

ALTER TABLE emr_approval ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON emr_approval USING (in_scope(clinic_id));
ALTER TABLE emr_token ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON emr_token USING (in_scope(clinic_id));
