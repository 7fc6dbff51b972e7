-- Whose entry it is, for patients of the clinic; newcomers have none.
ALTER TABLE waitlist ADD COLUMN patient_index BYTEA;
CREATE INDEX waitlist_patients ON waitlist (clinic_id, added_at) WHERE patient_index IS NOT NULL;

-- For whom a slot is kept by an offer, whichever call books it; a call's own holds have none.
ALTER TABLE hold ADD COLUMN patient_index BYTEA;

-- Time that a cancellation by us freed, until it is given away or nobody's turn. `patient_index` is who gave it up; `due` is
-- when it is looked at again.
CREATE TABLE freed_slot (
    id            BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clinic_id     TEXT    NOT NULL,
    provider      TEXT    NOT NULL,
    date          TEXT    NOT NULL,
    start_minute  BIGINT  NOT NULL,
    end_minute    BIGINT  NOT NULL,
    patient_index BYTEA   NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('open', 'over')),
    due           BIGINT  NOT NULL,
    freed_at      BIGINT  NOT NULL
);
CREATE UNIQUE INDEX freed_slot_once ON freed_slot (clinic_id, provider, date, start_minute) WHERE state = 'open';
CREATE INDEX freed_slot_age ON freed_slot (freed_at);

-- Who on the waiting list was offered such a time: at most one offer of a time stands, and at most one for an entry.
CREATE TABLE slot_offer (
    id            BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    clinic_id     TEXT    NOT NULL,
    freed_id      BIGINT  NOT NULL,
    entry_id      BIGINT  NOT NULL,
    patient_index BYTEA   NOT NULL,
    provider      TEXT    NOT NULL,
    date          TEXT    NOT NULL,
    start_minute  BIGINT  NOT NULL,
    end_minute    BIGINT  NOT NULL,
    state         TEXT    NOT NULL
                  CHECK (state IN ('offered', 'accepted', 'declined', 'expired', 'taken', 'withdrawn', 'to_be_called')),
    sms_id        BIGINT,
    made_at       BIGINT  NOT NULL,
    until         BIGINT  NOT NULL,
    changed_at    BIGINT  NOT NULL,
    UNIQUE (clinic_id, freed_id, entry_id)
);
CREATE UNIQUE INDEX slot_offer_one_for_a_time ON slot_offer (clinic_id, provider, date, start_minute)
    WHERE state = 'offered';
CREATE UNIQUE INDEX slot_offer_one_for_an_entry ON slot_offer (clinic_id, entry_id) WHERE state = 'offered';
CREATE INDEX slot_offer_patient ON slot_offer (clinic_id, patient_index);
CREATE INDEX slot_offer_age ON slot_offer (changed_at);

ALTER TABLE freed_slot ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON freed_slot USING (in_scope(clinic_id));
ALTER TABLE slot_offer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY one_clinic ON slot_offer USING (in_scope(clinic_id));
