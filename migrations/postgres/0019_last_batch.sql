-- The last batch that each writer of each process has committed, written with it: whoever never heard the answer to a
-- COMMIT finds here whether it was kept. A server that crashes or is relieved by its standby may give the number of a
-- transaction that it forgot to another one; nobody else writes a writer's row. One of the schema's own books: it holds no
-- clinic's, and a store that moves leaves it behind.
CREATE TABLE _last_batch (
    writer BIGINT      PRIMARY KEY,
    batch  BIGINT      NOT NULL,
    at     TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);
