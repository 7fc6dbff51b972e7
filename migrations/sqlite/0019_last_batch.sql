-- Nothing here: a file answers every COMMIT.
SELECT 1;
