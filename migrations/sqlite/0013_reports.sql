-- When the voice platform is asked for a call's report that has not come; null when it has, or will not. `report_missing`
-- says why it will not: 'unknown' to the platform, or 'given_up'.
ALTER TABLE call_record ADD COLUMN report_due INTEGER;
ALTER TABLE call_record ADD COLUMN report_asked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE call_record ADD COLUMN report_missing TEXT CHECK (report_missing IN ('unknown', 'given_up'));
CREATE INDEX call_record_report ON call_record (report_due) WHERE report_due IS NOT NULL;
