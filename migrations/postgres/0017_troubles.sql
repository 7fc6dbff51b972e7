-- What the processes tell each other of trouble with a clinic: which service of its EMR is shut by which path
-- (`soap.schedule`), which actor of its cell rests (`emr_link`). The last word of any process stands; without an end it
-- is over. By the database's clock. Nothing of patients; every process reads all of it every second, so it stands outside
-- the wall, beside the routing table.
CREATE TABLE trouble (
    clinic_id TEXT    NOT NULL,
    part      TEXT    NOT NULL,
    ends_at   BIGINT,
    told_at   BIGINT  NOT NULL,
    told_by   BIGINT  NOT NULL,
    revision  BIGINT  NOT NULL,
    PRIMARY KEY (clinic_id, part)
);
