-- Charts that are made for new patients: announced before they are sent, settled by searching. Who it is about and the
-- number of the chart are sealed; the indexes tell only whether two are the same person or the same health card.
CREATE TABLE registration (
    id           UUID    PRIMARY KEY,
    clinic_id    TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    tool_call_id TEXT    NOT NULL,
    person_index BYTEA   NOT NULL,
    health_index BYTEA,
    payload      BYTEA   NOT NULL,
    chart        BYTEA   CHECK ((chart IS NOT NULL) = (state = 'done')),
    state        TEXT    NOT NULL CHECK (state IN ('announced', 'unknown', 'done', 'not_done', 'handed_to_staff')),
    owner        BIGINT  NOT NULL,
    sender       BIGINT  NOT NULL,
    announced_at BIGINT  NOT NULL,
    last_arrival BIGINT  NOT NULL,
    due          BIGINT,
    closed_at    BIGINT
);
CREATE UNIQUE INDEX registration_person ON registration (clinic_id, person_index) WHERE state IN ('announced', 'unknown');
CREATE UNIQUE INDEX registration_health ON registration (clinic_id, health_index) WHERE state IN ('announced', 'unknown');
CREATE INDEX registration_call ON registration (clinic_id, call_id);
CREATE INDEX registration_handed ON registration (clinic_id) WHERE state = 'handed_to_staff';
CREATE INDEX registration_age ON registration (closed_at);

ALTER TABLE registration ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON registration USING (in_scope(clinic_id));
