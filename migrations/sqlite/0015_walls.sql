-- The oldest release that can work on this schema, named by its newest migration. A migration that takes away what an
-- older release needs (step 3 of migrations/README.md) raises it.
CREATE TABLE _schema_floor (
    floor INTEGER NOT NULL
) STRICT;
INSERT INTO _schema_floor (floor) VALUES (15);
