-- Which generations a process reckons with, in words: "3 5 6". Each says so with its heartbeat.
ALTER TABLE instance ADD COLUMN counts TEXT NOT NULL DEFAULT '';
-- Since when it has beaten without a gap. A release that does not beat leaves it out, and its silence proves nothing.
ALTER TABLE instance ADD COLUMN steady_since BIGINT;

-- Grows with every change of the declaration; their sum tells other processes that one of them has changed.
ALTER TABLE clinic ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
