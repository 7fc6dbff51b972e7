-- Appended in the transaction of what it records; sealed, in order, into one chain per clinic.
CREATE TABLE audit_entry (
    seq        BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clinic_id  TEXT    NOT NULL,
    at         BIGINT  NOT NULL,
    generation BIGINT,
    call_id    TEXT,
    action     TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    subjects   BYTEA   NOT NULL,
    seal_no    BIGINT,
    chain      BYTEA
);
CREATE UNIQUE INDEX audit_entry_chain ON audit_entry (clinic_id, seal_no) WHERE seal_no IS NOT NULL;
CREATE INDEX audit_entry_unsealed ON audit_entry (clinic_id, seq) WHERE seal_no IS NULL;

CREATE TABLE audit_subject (
    seq           BIGINT  NOT NULL REFERENCES audit_entry (seq),
    clinic_id     TEXT    NOT NULL,
    patient_index BYTEA   NOT NULL,
    PRIMARY KEY (seq, patient_index)
);
CREATE INDEX audit_subject_patient ON audit_subject (clinic_id, patient_index);

-- The end of each clinic's chain, so that a cut tail shows.
CREATE TABLE audit_head (
    clinic_id TEXT    PRIMARY KEY,
    seal_no   BIGINT  NOT NULL,
    chain     BYTEA   NOT NULL,
    proof     BYTEA   NOT NULL
);

ALTER TABLE audit_entry ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON audit_entry USING (in_scope(clinic_id));
ALTER TABLE audit_subject ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON audit_subject USING (in_scope(clinic_id));
ALTER TABLE audit_head ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON audit_head USING (in_scope(clinic_id));
