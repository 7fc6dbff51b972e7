-- What came of a call, for those who look at many: one row, filled in by whatever message comes. It names nobody.
-- `stage` grows only: 1 scheduled, 2 queued, 3 ringing, 4 in progress, 5 forwarding, 6 ended; 0 is not known.
CREATE TABLE call_record (
    clinic_id       TEXT    NOT NULL,
    call_id         TEXT    NOT NULL,
    stage           INTEGER NOT NULL,
    ended_reason    TEXT,
    ended_by        TEXT,
    started_at      INTEGER,
    ended_at        INTEGER,
    duration_ms     INTEGER,
    cost_micros     INTEGER,
    language        TEXT,
    intent          TEXT,
    outcome         TEXT,
    transfer_reason TEXT,
    sms_consent     INTEGER,
    opened_at       INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL,
    PRIMARY KEY (clinic_id, call_id)
) STRICT;
CREATE INDEX call_record_age ON call_record (changed_at);

-- Who waits for a place. The entry is sealed; `person_index` tells only whether two are the same person.
CREATE TABLE waitlist (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    clinic_id    TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    tool_call_id TEXT    NOT NULL,
    person_index BLOB    NOT NULL,
    entry        BLOB    NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('pending', 'contacted', 'registered', 'cancelled')),
    added_at     INTEGER NOT NULL,
    changed_at   INTEGER NOT NULL,
    UNIQUE (clinic_id, call_id, tool_call_id)
) STRICT;
CREATE UNIQUE INDEX waitlist_waiting ON waitlist (clinic_id, person_index) WHERE status IN ('pending', 'contacted');
CREATE INDEX waitlist_age ON waitlist (changed_at) WHERE status IN ('registered', 'cancelled');
