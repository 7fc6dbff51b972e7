-- What each way into a clinic's EMR was found to be able to do, all of it at one moment: one line for each operation,
-- with whether it can and by what that is known. Nothing of a server's own words, nothing of patients.
CREATE TABLE emr_discovery (
    clinic_id TEXT    NOT NULL,
    path      TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    found     TEXT    NOT NULL,
    PRIMARY KEY (clinic_id, path)
) STRICT;
