-- Every clinic of which anything was ever kept, declared or not: who works for all of them goes by this. Written with a
-- clinic's first key, without which nothing of it can be kept.
CREATE TABLE known_clinic (
    clinic_id TEXT    PRIMARY KEY
) STRICT;
INSERT INTO known_clinic (clinic_id) SELECT DISTINCT clinic_id FROM clinic_key;
