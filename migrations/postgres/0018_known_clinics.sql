-- Every clinic of which anything was ever kept, declared or not: who works for all of them goes by this. Written with a
-- clinic's first key, without which nothing of it can be kept. It names clinics and nothing else, and stands outside the wall.
CREATE TABLE known_clinic (
    clinic_id TEXT    PRIMARY KEY
);
ALTER TABLE clinic_key NO FORCE ROW LEVEL SECURITY;
INSERT INTO known_clinic (clinic_id) SELECT DISTINCT clinic_id FROM clinic_key;
ALTER TABLE clinic_key FORCE ROW LEVEL SECURITY;

-- As before, but of all that are known. A release that does not know of that table declares clinics beside it.
CREATE OR REPLACE FUNCTION clinics_where(work TEXT, value BIGINT) RETURNS SETOF TEXT LANGUAGE plpgsql VOLATILE
    AS $$
    DECLARE
        one TEXT;
        has_work BOOLEAN;
    BEGIN
        FOR one IN SELECT clinic_id FROM clinic UNION SELECT clinic_id FROM known_clinic ORDER BY clinic_id LOOP
            PERFORM set_config('vitarad.clinic', one, true);
            EXECUTE 'SELECT EXISTS (' || work || ')' INTO has_work USING value;
            IF has_work THEN
                RETURN NEXT one;
            END IF;
        END LOOP;
        PERFORM set_config('vitarad.clinic', '', true);
    END $$;
