-- What is declared. The routing table holds no health information; `access` is sealed.
CREATE TABLE clinic (
    clinic_id      TEXT    PRIMARY KEY,
    settings       TEXT    NOT NULL,
    access         BYTEA   NOT NULL,
    digest         BYTEA   NOT NULL,
    source         TEXT    NOT NULL,
    changed_at     BIGINT  NOT NULL,
    deactivated_at BIGINT
);

CREATE TABLE clinic_key (
    clinic_id TEXT    NOT NULL,
    kind      TEXT    NOT NULL CHECK (kind IN ('data', 'index', 'audit')),
    version   BIGINT  NOT NULL,
    wrapped   BYTEA   NOT NULL,
    PRIMARY KEY (clinic_id, kind, version)
);

ALTER TABLE clinic_key ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON clinic_key USING (in_scope(clinic_id));
