-- Whose entry it is, for patients of the clinic; newcomers have none.
ALTER TABLE waitlist ADD COLUMN patient_index BLOB;
CREATE INDEX waitlist_patients ON waitlist (clinic_id, added_at) WHERE patient_index IS NOT NULL;

-- For whom a slot is kept by an offer, whichever call books it; a call's own holds have none.
ALTER TABLE hold ADD COLUMN patient_index BLOB;

-- Time that a cancellation by us freed, until it is given away or nobody's turn. `patient_index` is who gave it up; `due` is
-- when it is looked at again.
CREATE TABLE freed_slot (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    clinic_id     TEXT    NOT NULL,
    provider      TEXT    NOT NULL,
    date          TEXT    NOT NULL,
    start_minute  INTEGER NOT NULL,
    end_minute    INTEGER NOT NULL,
    patient_index BLOB    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('open', 'over')),
    due           INTEGER NOT NULL,
    freed_at      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX freed_slot_once ON freed_slot (clinic_id, provider, date, start_minute) WHERE state = 'open';
CREATE INDEX freed_slot_age ON freed_slot (freed_at);

-- Who on the waiting list was offered such a time: at most one offer of a time stands, and at most one for an entry.
CREATE TABLE slot_offer (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    clinic_id     TEXT    NOT NULL,
    freed_id      INTEGER NOT NULL,
    entry_id      INTEGER NOT NULL,
    patient_index BLOB    NOT NULL,
    provider      TEXT    NOT NULL,
    date          TEXT    NOT NULL,
    start_minute  INTEGER NOT NULL,
    end_minute    INTEGER NOT NULL,
    state         TEXT    NOT NULL
                  CHECK (state IN ('offered', 'accepted', 'declined', 'expired', 'taken', 'withdrawn', 'to_be_called')),
    sms_id        INTEGER,
    made_at       INTEGER NOT NULL,
    until         INTEGER NOT NULL,
    changed_at    INTEGER NOT NULL,
    UNIQUE (clinic_id, freed_id, entry_id)
) STRICT;
CREATE UNIQUE INDEX slot_offer_one_for_a_time ON slot_offer (clinic_id, provider, date, start_minute)
    WHERE state = 'offered';
CREATE UNIQUE INDEX slot_offer_one_for_an_entry ON slot_offer (clinic_id, entry_id) WHERE state = 'offered';
CREATE INDEX slot_offer_patient ON slot_offer (clinic_id, patient_index);
CREATE INDEX slot_offer_age ON slot_offer (changed_at);
