-- What a verified patient wanted done while the EMR was away. The wish is sealed; the indexes tell only whether two are
-- the same. An executing row is carried out by its owner under its fence, until `due` at the latest.
CREATE TABLE held_request (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    clinic_id     TEXT    NOT NULL,
    call_id       TEXT    NOT NULL,
    tool_call_id  TEXT    NOT NULL,
    reference     TEXT    NOT NULL,
    wish_index    BLOB    NOT NULL,
    patient_index BLOB    NOT NULL,
    wish          BLOB    NOT NULL,
    alternatives  BLOB,
    state         TEXT    NOT NULL
                  CHECK (state IN ('open', 'executing', 'done', 'expired', 'handed_to_staff', 'cancelled')),
    outcome       TEXT,
    owner         INTEGER,
    fence         INTEGER NOT NULL,
    intent_id     BLOB,
    due           INTEGER NOT NULL,
    created_at    INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    UNIQUE (clinic_id, call_id, tool_call_id)
) STRICT;
CREATE UNIQUE INDEX held_reference ON held_request (clinic_id, reference) WHERE state IN ('open', 'executing');
CREATE UNIQUE INDEX held_wish ON held_request (clinic_id, wish_index) WHERE state IN ('open', 'executing');
CREATE INDEX held_patient ON held_request (clinic_id, patient_index) WHERE state IN ('open', 'executing');
CREATE INDEX held_age ON held_request (changed_at) WHERE state NOT IN ('open', 'executing');
