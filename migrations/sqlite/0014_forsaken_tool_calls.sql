-- Claimed and not answered: few at any time, looked through every few seconds.
CREATE INDEX tool_call_unanswered ON tool_call (clinic_id, claimed_at) WHERE answer IS NULL;
