-- Texts to be sent once. `fence` is the sending role's when it was taken.
CREATE TABLE sms (
    id        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clinic_id TEXT    NOT NULL,
    dedupe    TEXT    NOT NULL,
    recipient BYTEA   NOT NULL,
    body      BYTEA   NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'refused', 'unknown')),
    attempt   BIGINT  NOT NULL DEFAULT 0,
    due       BIGINT  NOT NULL,
    fence     BIGINT,
    taken_at  BIGINT,
    ended_at  BIGINT,
    UNIQUE (clinic_id, dedupe)
);
CREATE INDEX sms_due ON sms (due, id) WHERE state = 'queued';
CREATE INDEX sms_sending ON sms (fence) WHERE state = 'sending';
CREATE INDEX sms_age ON sms (ended_at);

ALTER TABLE sms ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON sms USING (in_scope(clinic_id));
