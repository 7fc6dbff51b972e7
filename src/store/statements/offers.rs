//! Freed time, and who was offered it.

use crate::store::sql::{Sql, both};

statements! {
    FREE_SLOT = both(
        "INSERT INTO freed_slot (clinic_id, provider, date, start_minute, end_minute, patient_index, state, due, freed_at)
         SELECT $1, $2, $3, $4, $5, patient_index, 'open', $7, $7 FROM intent WHERE clinic_id = $1 AND id = $6
         ON CONFLICT DO NOTHING");
    // Due, or with an offer whose text nobody will ever read.
    DUE_FREED = both(
        "SELECT freed_slot.id, freed_slot.provider, freed_slot.date, freed_slot.start_minute, freed_slot.end_minute,
                newest.id AS offer_id, newest.state AS offer_state, newest.until, waitlist.call_id,
                waitlist.tool_call_id, waitlist.entry, sms.state AS text_state
         FROM freed_slot
         LEFT JOIN slot_offer AS newest
           ON newest.id = (SELECT MAX(made.id) FROM slot_offer AS made
                           WHERE made.clinic_id = $1 AND made.freed_id = freed_slot.id)
         LEFT JOIN waitlist ON waitlist.id = newest.entry_id
         LEFT JOIN sms ON sms.id = newest.sms_id
         WHERE freed_slot.clinic_id = $1 AND freed_slot.state = 'open'
           AND (freed_slot.due <= $2 OR newest.state = 'offered' AND sms.state = 'refused')
         ORDER BY freed_slot.due, freed_slot.id LIMIT $3");
    WAITING_FOR = both(
        "SELECT id, call_id, tool_call_id, entry, status, added_at FROM waitlist
         WHERE clinic_id = $1 AND patient_index IS NOT NULL AND status IN ('pending', 'contacted')
           AND NOT EXISTS (SELECT 1 FROM slot_offer WHERE slot_offer.clinic_id = $1 AND entry_id = waitlist.id
                           AND (slot_offer.state = 'offered' OR freed_id = $2))
           AND NOT EXISTS (SELECT 1 FROM freed_slot WHERE freed_slot.id = $2
                           AND freed_slot.patient_index = waitlist.patient_index)
         ORDER BY added_at, id LIMIT $3");
    MAKE_OFFER = both(
        "INSERT INTO slot_offer (clinic_id, freed_id, entry_id, patient_index, provider, date, start_minute, end_minute,
                                 state, made_at, until, changed_at)
         SELECT $1, $2, id, patient_index, $4, $5, $6, $7, $8, $9, $10, $9 FROM waitlist
         WHERE clinic_id = $1 AND id = $3 AND patient_index IS NOT NULL AND status IN ('pending', 'contacted')
           AND EXISTS (SELECT 1 FROM freed_slot
                       WHERE freed_slot.clinic_id = $1 AND freed_slot.id = $2 AND freed_slot.state = 'open')
           AND NOT EXISTS (SELECT 1 FROM slot_offer
                           WHERE slot_offer.clinic_id = $1 AND slot_offer.state = 'offered'
                             AND (freed_id = $2 OR entry_id = $3))
         ON CONFLICT DO NOTHING
         RETURNING id");
    TEXT_OF_OFFER = both(
        "UPDATE slot_offer SET sms_id = (SELECT sms.id FROM sms WHERE sms.clinic_id = $1 AND dedupe = $3)
         WHERE clinic_id = $1 AND id = $2");
    KEEP_FOR_OFFER = both(
        "INSERT INTO hold (clinic_id, provider, date, start_minute, end_minute, call_id, held_until, patient_index)
         SELECT clinic_id, provider, date, start_minute, end_minute, $3, until, patient_index FROM slot_offer
         WHERE clinic_id = $1 AND id = $2");
    // One that expired while its booking was under way may still turn out to be taken up.
    CLOSE_OFFER = both(
        "UPDATE slot_offer SET state = $3, changed_at = $4
         WHERE clinic_id = $1 AND id = $2 AND (state = 'offered' OR state = 'expired' AND $3 = 'accepted')
         RETURNING freed_id, entry_id, sms_id");
    MUTE_SMS = both(
        "UPDATE sms SET state = 'refused', ended_at = $3 WHERE clinic_id = $1 AND id = $2 AND state = 'queued'");
    OFFER_TAKEN_UP = both(
        "SELECT id FROM slot_offer
         WHERE clinic_id = $1 AND state IN ('offered', 'expired')
           AND patient_index = (SELECT intent.patient_index FROM intent WHERE intent.clinic_id = $1 AND intent.id = $2)
           AND EXISTS (SELECT 1 FROM effect
                       WHERE effect.clinic_id = $1 AND effect.intent_id = $2 AND effect.kind = 'add'
                         AND effect.state = 'done' AND effect.provider = slot_offer.provider
                         AND effect.date = slot_offer.date AND effect.start_minute = slot_offer.start_minute)
         ORDER BY id DESC LIMIT 1");
    FREED_DUE = both("UPDATE freed_slot SET due = $3 WHERE clinic_id = $1 AND id = $2 AND state = 'open'");
    // Not while somebody is offered it: they, or the next in line, may take it up.
    GIVE_FREED_UP = both(
        "UPDATE freed_slot SET state = 'over' WHERE clinic_id = $1 AND id = $2 AND state = 'open'
           AND NOT EXISTS (SELECT 1 FROM slot_offer WHERE slot_offer.clinic_id = $1 AND freed_id = $2
                           AND slot_offer.state = 'offered')");
    OPEN_OFFERS = both(
        "SELECT slot_offer.id, provider, date, start_minute, end_minute, until, waitlist.call_id,
                waitlist.tool_call_id, waitlist.entry
         FROM slot_offer JOIN waitlist ON waitlist.id = entry_id
         WHERE slot_offer.clinic_id = $1 AND slot_offer.patient_index = $2 AND slot_offer.state = 'offered'
           AND until > $3
         ORDER BY slot_offer.id");
    OFFERS = both(
        "SELECT id, entry_id, provider, date, start_minute, end_minute, state, made_at, until FROM slot_offer
         WHERE clinic_id = $1 ORDER BY id DESC LIMIT $2");
}
