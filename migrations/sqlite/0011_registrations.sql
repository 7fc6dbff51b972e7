-- Charts that are made for new patients: announced before they are sent, settled by searching. Who it is about and the
-- number of the chart are sealed; the indexes tell only whether two are the same person or the same health card.
CREATE TABLE registration (
    id           BLOB    PRIMARY KEY,
    clinic_id    TEXT    NOT NULL,
    call_id      TEXT    NOT NULL,
    tool_call_id TEXT    NOT NULL,
    person_index BLOB    NOT NULL,
    health_index BLOB,
    payload      BLOB    NOT NULL,
    chart        BLOB    CHECK ((chart IS NOT NULL) = (state = 'done')),
    state        TEXT    NOT NULL CHECK (state IN ('announced', 'unknown', 'done', 'not_done', 'handed_to_staff')),
    owner        INTEGER NOT NULL,
    sender       INTEGER NOT NULL,
    announced_at INTEGER NOT NULL,
    last_arrival INTEGER NOT NULL,
    due          INTEGER,
    closed_at    INTEGER
) STRICT;
CREATE UNIQUE INDEX registration_person ON registration (clinic_id, person_index) WHERE state IN ('announced', 'unknown');
CREATE UNIQUE INDEX registration_health ON registration (clinic_id, health_index) WHERE state IN ('announced', 'unknown');
CREATE INDEX registration_call ON registration (clinic_id, call_id);
CREATE INDEX registration_handed ON registration (clinic_id) WHERE state = 'handed_to_staff';
CREATE INDEX registration_age ON registration (closed_at);
