-- What came of a call, for those who look at many: one row, filled in by whatever message comes. It names nobody.
-- `stage` grows only: 1 scheduled, 2 queued, 3 ringing, 4 in progress, 5 forwarding, 6 ended; 0 is not known.
CREATE TABLE call_record (
    clinic_id       TEXT    NOT NULL,
    call_id         TEXT    NOT NULL,
    stage           BIGINT  NOT NULL,
    ended_reason    TEXT,
    ended_by        TEXT,
    started_at      BIGINT,
    ended_at        BIGINT,
    duration_ms     BIGINT,
    cost_micros     BIGINT,
    language        TEXT,
    intent          TEXT,
    outcome         TEXT,
    transfer_reason TEXT,
    sms_consent     BIGINT,
    opened_at       BIGINT  NOT NULL,
    changed_at      BIGINT  NOT NULL,
    PRIMARY KEY (clinic_id, call_id)
);
CREATE INDEX call_record_age ON call_record (changed_at);

-- Who waits for a place. The entry is sealed; `person_index` tells only whether two are the same person.
CREATE TABLE waitlist (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clinic_id    TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    tool_call_id TEXT    NOT NULL,
    person_index BYTEA    NOT NULL,
    entry        BYTEA    NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('pending', 'contacted', 'registered', 'cancelled')),
    added_at     BIGINT  NOT NULL,
    changed_at   BIGINT  NOT NULL,
    UNIQUE (clinic_id, call_id, tool_call_id)
);
CREATE UNIQUE INDEX waitlist_waiting ON waitlist (clinic_id, person_index) WHERE status IN ('pending', 'contacted');
CREATE INDEX waitlist_age ON waitlist (changed_at) WHERE status IN ('registered', 'cancelled');

ALTER TABLE call_record ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON call_record USING (in_scope(clinic_id));
ALTER TABLE waitlist ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON waitlist USING (in_scope(clinic_id));
