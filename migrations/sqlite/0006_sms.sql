-- Texts to be sent once. `fence` is the sending role's when it was taken.
CREATE TABLE sms (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    clinic_id TEXT    NOT NULL,
    dedupe    TEXT    NOT NULL,
    recipient BLOB    NOT NULL,
    body      BLOB    NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'refused', 'unknown')),
    attempt   INTEGER NOT NULL DEFAULT 0,
    due       INTEGER NOT NULL,
    fence     INTEGER,
    taken_at  INTEGER,
    ended_at  INTEGER,
    UNIQUE (clinic_id, dedupe)
) STRICT;
CREATE INDEX sms_due ON sms (due, id) WHERE state = 'queued';
CREATE INDEX sms_sending ON sms (fence) WHERE state = 'sending';
CREATE INDEX sms_age ON sms (ended_at);
