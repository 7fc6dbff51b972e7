-- Appended in the transaction of what it records; sealed, in order, into one chain per clinic.
CREATE TABLE audit_entry (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    clinic_id  TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    generation INTEGER,
    call_id    TEXT,
    action     TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    subjects   BLOB    NOT NULL,
    seal_no    INTEGER,
    chain      BLOB
) STRICT;
CREATE UNIQUE INDEX audit_entry_chain ON audit_entry (clinic_id, seal_no) WHERE seal_no IS NOT NULL;
CREATE INDEX audit_entry_unsealed ON audit_entry (clinic_id, seq) WHERE seal_no IS NULL;

CREATE TABLE audit_subject (
    seq           INTEGER NOT NULL REFERENCES audit_entry (seq),
    clinic_id     TEXT    NOT NULL,
    patient_index BLOB    NOT NULL,
    PRIMARY KEY (seq, patient_index)
) STRICT;
CREATE INDEX audit_subject_patient ON audit_subject (clinic_id, patient_index);

-- The end of each clinic's chain, so that a cut tail shows.
CREATE TABLE audit_head (
    clinic_id TEXT    PRIMARY KEY,
    seal_no   INTEGER NOT NULL,
    chain     BLOB    NOT NULL,
    proof     BLOB    NOT NULL
) STRICT;
