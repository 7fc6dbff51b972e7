-- What a verified patient wanted done while the EMR was away. The wish is sealed; the indexes tell only whether two are
-- the same. An executing row is carried out by its owner under its fence, until `due` at the latest.
CREATE TABLE held_request (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clinic_id     TEXT    NOT NULL,
    call_id       TEXT    NOT NULL,
    tool_call_id  TEXT    NOT NULL,
    reference     TEXT    NOT NULL,
    wish_index    BYTEA   NOT NULL,
    patient_index BYTEA   NOT NULL,
    wish          BYTEA   NOT NULL,
    alternatives  BYTEA,
    state         TEXT    NOT NULL
                  CHECK (state IN ('open', 'executing', 'done', 'expired', 'handed_to_staff', 'cancelled')),
    outcome       TEXT,
    owner         BIGINT,
    fence         BIGINT  NOT NULL,
    intent_id     UUID,
    due           BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL,
    expires_at    BIGINT  NOT NULL,
    changed_at    BIGINT  NOT NULL,
    UNIQUE (clinic_id, call_id, tool_call_id)
);
CREATE UNIQUE INDEX held_reference ON held_request (clinic_id, reference) WHERE state IN ('open', 'executing');
CREATE UNIQUE INDEX held_wish ON held_request (clinic_id, wish_index) WHERE state IN ('open', 'executing');
CREATE INDEX held_patient ON held_request (clinic_id, patient_index) WHERE state IN ('open', 'executing');
CREATE INDEX held_age ON held_request (changed_at) WHERE state NOT IN ('open', 'executing');

ALTER TABLE held_request ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON held_request USING (in_scope(clinic_id));
