-- What is declared. The routing table holds no health information; `access` is sealed.
CREATE TABLE clinic (
    clinic_id      TEXT    PRIMARY KEY,
    settings       TEXT    NOT NULL,
    access         BLOB    NOT NULL,
    digest         BLOB    NOT NULL,
    source         TEXT    NOT NULL,
    changed_at     INTEGER NOT NULL,
    deactivated_at INTEGER
) STRICT;

CREATE TABLE clinic_key (
    clinic_id TEXT    NOT NULL,
    kind      TEXT    NOT NULL CHECK (kind IN ('data', 'index', 'audit')),
    version   INTEGER NOT NULL,
    wrapped   BLOB    NOT NULL,
    PRIMARY KEY (clinic_id, kind, version)
) STRICT;
