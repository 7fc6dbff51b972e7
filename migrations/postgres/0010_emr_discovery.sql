-- What each way into a clinic's EMR was found to be able to do, all of it at one moment: one line for each operation,
-- with whether it can and by what that is known. Nothing of a server's own words, nothing of patients.
CREATE TABLE emr_discovery (
    clinic_id TEXT    NOT NULL,
    path      TEXT    NOT NULL,
    at        BIGINT  NOT NULL,
    found     TEXT    NOT NULL,
    PRIMARY KEY (clinic_id, path)
);

ALTER TABLE emr_discovery ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON emr_discovery USING (in_scope(clinic_id));
