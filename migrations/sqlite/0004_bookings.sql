-- A slot that was named to a caller and is kept from others for a moment.
CREATE TABLE hold (
    clinic_id    TEXT    NOT NULL,
    provider     TEXT    NOT NULL,
    date         TEXT    NOT NULL,
    start_minute INTEGER NOT NULL,
    end_minute   INTEGER NOT NULL,
    call_id      TEXT    NOT NULL,
    held_until   INTEGER NOT NULL,
    PRIMARY KEY (clinic_id, provider, date, call_id, start_minute, end_minute)
) STRICT;
CREATE INDEX hold_call ON hold (clinic_id, call_id);
CREATE INDEX hold_age ON hold (held_until);

-- The right of one generation to write to one provider's day.
CREATE TABLE booking_lease (
    clinic_id  TEXT    NOT NULL,
    provider   TEXT    NOT NULL,
    date       TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    fence      INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (clinic_id, provider, date)
) STRICT;
CREATE INDEX booking_lease_age ON booking_lease (expires_at);

-- What a patient wants. `replaced_by`: done once, no longer borne out by the EMR, wished for again.
CREATE TABLE intent (
    id            BLOB    PRIMARY KEY,
    clinic_id     TEXT    NOT NULL,
    wish_index    BLOB    NOT NULL,
    patient_index BLOB    NOT NULL,
    payload       BLOB    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('open', 'done', 'refused', 'handed_to_staff')),
    appointment   INTEGER CHECK ((appointment IS NOT NULL) = (state = 'done')),
    owner         INTEGER NOT NULL,
    call_id       TEXT    NOT NULL,
    tool_call_id  TEXT    NOT NULL,
    replaced_by   BLOB,
    opened_at     INTEGER NOT NULL,
    closed_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX intent_one_live_wish ON intent (clinic_id, wish_index)
    WHERE state IN ('open', 'done') AND replaced_by IS NULL;
CREATE UNIQUE INDEX intent_one_open_patient ON intent (clinic_id, patient_index) WHERE state = 'open';
CREATE INDEX intent_tool_call ON intent (clinic_id, call_id, tool_call_id);
CREATE INDEX intent_open ON intent (clinic_id, owner) WHERE state = 'open';
CREATE INDEX intent_handed ON intent (clinic_id) WHERE state = 'handed_to_staff';
CREATE INDEX intent_age ON intent (closed_at);

-- The journal of EMR writes (laws B-1, B-5). `step` numbers the writes of one intent.
CREATE TABLE effect (
    id           BLOB    PRIMARY KEY,
    clinic_id    TEXT    NOT NULL,
    intent_id    BLOB    NOT NULL REFERENCES intent (id) ON DELETE CASCADE,
    step         INTEGER NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('add', 'cancel')),
    provider     TEXT    NOT NULL,
    date         TEXT    NOT NULL,
    start_minute INTEGER NOT NULL,
    end_minute   INTEGER NOT NULL,
    mark         TEXT    NOT NULL UNIQUE,
    payload      BLOB    NOT NULL,
    state        TEXT    NOT NULL
        CHECK (state IN ('announced', 'unknown', 'done', 'not_done', 'absent', 'handed_to_staff')),
    appointment  INTEGER CHECK ((appointment IS NOT NULL) = (state = 'done')),
    sender       INTEGER NOT NULL,
    announced_at INTEGER NOT NULL,
    last_arrival INTEGER NOT NULL,
    due          INTEGER,
    UNIQUE (intent_id, step)
) STRICT;
CREATE INDEX effect_unsettled ON effect (clinic_id, provider, date) WHERE state IN ('announced', 'unknown');
CREATE INDEX effect_due ON effect (clinic_id, due) WHERE due IS NOT NULL;
CREATE INDEX effect_handed ON effect (clinic_id) WHERE state = 'handed_to_staff';
