//! Every SQL text of the store, in one place. A test prepares each on both migrated engines, so that none is first tried
//! when a patient is on the line.

use super::sql::{Sql, both, each};

macro_rules! statements {
    ($($name:ident = $sql:expr;)+) => {
        $(pub(in crate::store) const $name: Sql = $sql;)+
        pub(in crate::store) const ALL: &[(&str, Sql)] = &[$((stringify!($name), $name)),+];
    };
}

/// The time as the store has it: processes are compared by one clock, and it is none of theirs. What a file needs no word
/// for comes third.
macro_rules! by_the_stores_clock {
    ($before:literal, $after:literal $(, $pg_only:literal, $end:literal)?) => {
        each(
            concat!(
                $before,
                "(SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now) AS clock",
                $after
                $(, $end)?
            ),
            concat!(
                $before,
                "(SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT AS now) AS clock",
                $after
                $(, $pg_only, $end)?
            ),
        )
    };
}

pub(super) mod held;
pub(super) mod offers;
pub(super) mod ownership;
pub(super) mod registrations;
pub(super) mod troubles;

/// With their names.
pub(super) fn all() -> impl Iterator<Item = &'static (&'static str, Sql)> {
    [ALL, held::ALL, offers::ALL, ownership::ALL, registrations::ALL, troubles::ALL].into_iter().flatten()
}

/// Several statements in one text cannot be prepared; these are not in [`all`].
pub(super) const BEGIN_NUMBERED: &str = "BEGIN;
     SELECT pg_current_xact_id()::text::bigint,
            ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint";
pub(super) const NEXT_SAVEPOINT: Sql = both("RELEASE SAVEPOINT member; SAVEPOINT member");

statements! {
    BEGIN = each("BEGIN IMMEDIATE", "BEGIN");
    // What became of a transaction, and in which history of the server: another one begins when a standby takes over.
    FATE = each(
        "SELECT 'aborted', $1",
        "SELECT pg_xact_status($1::text::xid8), ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint");
    PING = both("SELECT 1");
    // Whether this server is a standby.
    FOLLOWS = each("SELECT 0", "SELECT pg_is_in_recovery()");
    COMMIT = both("COMMIT");
    ROLLBACK = both("ROLLBACK");
    SAVEPOINT = both("SAVEPOINT member");
    UNDO_SAVEPOINT = both("ROLLBACK TO SAVEPOINT member");

    // --- the schema --------------------------------------------------------------------------------------------------

    SCHEMA_BOOKS = each(
        "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('_sqlx_migrations', '_schema_floor')",
        "SELECT COUNT(*) FROM unnest(ARRAY['_sqlx_migrations', '_schema_floor']) AS book
         WHERE to_regclass(book) IS NOT NULL");
    MIGRATED = both("SELECT version, description, checksum FROM _sqlx_migrations ORDER BY version");
    SCHEMA_FLOOR = both("SELECT floor FROM _schema_floor");

    // --- clinics and their keys --------------------------------------------------------------------------------------

    CLINIC_KEYS = both("SELECT kind, version, wrapped FROM clinic_key WHERE clinic_id = $1");
    ADD_CLINIC_KEY = both(
        "INSERT INTO clinic_key (clinic_id, kind, version, wrapped) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING");
    KNOW_CLINIC = both("INSERT INTO known_clinic (clinic_id) VALUES ($1) ON CONFLICT DO NOTHING");
    REWRAP_CLINIC_KEY = both(
        "UPDATE clinic_key SET wrapped = $4 WHERE clinic_id = $1 AND kind = $2 AND version = $3");

    CLINIC_STANDING = both("SELECT digest, source, deactivated_at FROM clinic WHERE clinic_id = $1");
    SEED_CLINIC = both(
        "INSERT INTO clinic (clinic_id, settings, access, digest, source, changed_at, revision)
         VALUES ($1, $2, $3, $4, 'config', $5, 1)
         ON CONFLICT (clinic_id) DO UPDATE
         SET settings = excluded.settings, access = excluded.access, digest = excluded.digest,
             changed_at = excluded.changed_at, deactivated_at = NULL, revision = clinic.revision + 1
         WHERE clinic.source = 'config'");
    ACTIVE_CLINICS = both(
        "SELECT clinic_id, settings, access FROM clinic WHERE deactivated_at IS NULL ORDER BY clinic_id");
    // A release that knows of no such list declares clinics beside it.
    KNOWN_CLINICS = both(
        "SELECT clinic_id FROM clinic UNION SELECT clinic_id FROM known_clinic ORDER BY clinic_id");
    DECLARED_CLINICS = both(
        "SELECT clinic_id FROM clinic WHERE source = 'config' AND deactivated_at IS NULL");
    // No row ever goes, so this only grows.
    CLINICS_REVISION = each(
        "SELECT COALESCE(SUM(revision), 0) FROM clinic",
        "SELECT COALESCE(SUM(revision), 0)::BIGINT FROM clinic");
    DEACTIVATE_CLINIC = both(
        "UPDATE clinic SET deactivated_at = $2, revision = revision + 1
         WHERE clinic_id = $1 AND source = 'config' AND deactivated_at IS NULL");

    // --- calls -------------------------------------------------------------------------------------------------------

    ADOPT_CALL = both(
        "INSERT INTO call (clinic_id, call_id, owner, fence, begun_at, touched_at) VALUES ($1, $2, $3, 1, $4, $4)
         ON CONFLICT (clinic_id, call_id) DO UPDATE
         SET owner = excluded.owner, fence = call.fence + 1, touched_at = excluded.touched_at
         RETURNING fence, memory, ended_at");
    SAVE_CALL = both(
        "UPDATE call SET memory = $5, version = $4, touched_at = $6
         WHERE clinic_id = $1 AND call_id = $2 AND fence = $3 AND version < $4");
    CALL_FENCE = both("SELECT fence FROM call WHERE clinic_id = $1 AND call_id = $2");
    END_CALL = both(
        "UPDATE call SET ended_at = COALESCE(ended_at, $4), touched_at = $4
         WHERE clinic_id = $1 AND call_id = $2 AND fence = $3");
    KEEP_EVENT = both(
        "INSERT INTO call_event (clinic_id, call_id, digest, kind, body, kept_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING");

    // Only what is said anew replaces, and the stage only grows, in whatever order messages come.
    RECORD_CALL = both(
        "INSERT INTO call_record (clinic_id, call_id, stage, ended_reason, ended_by, started_at, ended_at, duration_ms,
                                  cost_micros, language, intent, outcome, transfer_reason, sms_consent, opened_at,
                                  changed_at, report_due)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15, $16)
         ON CONFLICT (clinic_id, call_id) DO UPDATE
         SET stage = CASE WHEN excluded.stage > call_record.stage THEN excluded.stage ELSE call_record.stage END,
             ended_reason = COALESCE(excluded.ended_reason, call_record.ended_reason),
             ended_by = COALESCE(excluded.ended_by, call_record.ended_by),
             started_at = COALESCE(excluded.started_at, call_record.started_at),
             ended_at = COALESCE(excluded.ended_at, call_record.ended_at),
             duration_ms = COALESCE(excluded.duration_ms, call_record.duration_ms),
             cost_micros = COALESCE(excluded.cost_micros, call_record.cost_micros),
             language = COALESCE(excluded.language, call_record.language),
             intent = COALESCE(excluded.intent, call_record.intent),
             outcome = COALESCE(excluded.outcome, call_record.outcome),
             transfer_reason = COALESCE(excluded.transfer_reason, call_record.transfer_reason),
             sms_consent = COALESCE(excluded.sms_consent, call_record.sms_consent),
             changed_at = excluded.changed_at,
             report_due = CASE WHEN call_record.report_due IS NULL THEN NULL ELSE excluded.report_due END");
    UNREPORTED_CLINICS = each(
        "SELECT DISTINCT clinic_id FROM call_record WHERE report_due <= $1 ORDER BY clinic_id",
        "SELECT clinics_where('SELECT 1 FROM call_record WHERE report_due <= $1', $1)");
    NEXT_UNREPORTED = both(
        "SELECT call_id, report_asked FROM call_record
         WHERE clinic_id = $1 AND report_due <= $2 ORDER BY report_due LIMIT 1");
    NOTE_NO_REPORT = both(
        "UPDATE call_record SET report_due = $3, report_missing = $4, report_asked = report_asked + 1
         WHERE clinic_id = $1 AND call_id = $2 AND report_due IS NOT NULL");
    CALL_RECORD = both(
        "SELECT stage, ended_reason, started_at, ended_at, duration_ms, cost_micros, language, intent, outcome,
                transfer_reason, sms_consent
         FROM call_record WHERE clinic_id = $1 AND call_id = $2");

    // --- the waiting list --------------------------------------------------------------------------------------------

    // Once for a tool call, and once for a person who still waits.
    JOIN_WAITLIST = both(
        "INSERT INTO waitlist (clinic_id, call_id, tool_call_id, person_index, patient_index, entry, status, added_at,
                               changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, $7) ON CONFLICT DO NOTHING");
    // They keep their place; the entry is sealed for the tool call that said it.
    RENEW_WAITING = both(
        "UPDATE waitlist SET call_id = $2, tool_call_id = $3, entry = $5, changed_at = $6
         WHERE clinic_id = $1 AND person_index = $4 AND status IN ('pending', 'contacted')
           AND NOT EXISTS (SELECT 1 FROM waitlist AS said
                           WHERE said.clinic_id = $1 AND said.call_id = $2 AND said.tool_call_id = $3)");
    WAITLIST = both(
        "SELECT id, call_id, tool_call_id, entry, status, added_at FROM waitlist
         WHERE clinic_id = $1 ORDER BY added_at, id LIMIT $2");
    // What is over stays over: the person may have joined again since.
    MARK_WAITING = both(
        "UPDATE waitlist SET status = $3, changed_at = $4
         WHERE clinic_id = $1 AND id = $2 AND status IN ('pending', 'contacted')");

    // --- tool calls --------------------------------------------------------------------------------------------------

    // Only by the call's owner: the row is made from the call's own.
    CLAIM = both(
        "INSERT INTO tool_call (clinic_id, call_id, tool_call_id, tool, generation, fence, attempt, claimed_at)
         SELECT clinic_id, call_id, $3, $4, $5, fence, 1, $7 FROM call
         WHERE clinic_id = $1 AND call_id = $2 AND fence = $6
         ON CONFLICT DO NOTHING");
    CLAIM_STANDING = both(
        "SELECT fence, answer,
                generation <> $4 AND EXISTS (SELECT 1 FROM instance WHERE instance.generation = tool_call.generation
                                             AND state IN ('active', 'draining')) AS elsewhere,
                EXISTS (SELECT 1 FROM intent WHERE intent.clinic_id = $1 AND intent.call_id = $2
                        AND intent.tool_call_id = $3)
                OR EXISTS (SELECT 1 FROM registration WHERE registration.clinic_id = $1
                           AND registration.call_id = $2 AND registration.tool_call_id = $3) AS intended
         FROM tool_call WHERE clinic_id = $1 AND call_id = $2 AND tool_call_id = $3");
    CLAIM_AGAIN = both(
        "UPDATE tool_call SET generation = $4, fence = $5, attempt = attempt + 1, claimed_at = $6
         WHERE clinic_id = $1 AND call_id = $2 AND tool_call_id = $3 AND fence < $5 AND answer IS NULL
         RETURNING attempt");
    STORE_ANSWER = both(
        "UPDATE tool_call SET answer = $4, answered_at = $5
         WHERE clinic_id = $1 AND call_id = $2 AND tool_call_id = $3 AND answer IS NULL");
    ANSWER = both("SELECT answer FROM tool_call WHERE clinic_id = $1 AND call_id = $2 AND tool_call_id = $3");
    FORSAKEN = both(
        "SELECT call_id, tool_call_id, tool FROM tool_call
         WHERE clinic_id = $1 AND answer IS NULL AND claimed_at <= $2
           AND NOT EXISTS (SELECT 1 FROM intent
                           WHERE intent.clinic_id = $1 AND intent.call_id = tool_call.call_id
                             AND intent.tool_call_id = tool_call.tool_call_id)
           AND NOT EXISTS (SELECT 1 FROM registration
                           WHERE registration.clinic_id = $1 AND registration.call_id = tool_call.call_id
                             AND registration.tool_call_id = tool_call.tool_call_id)
         ORDER BY claimed_at LIMIT $3");
    DEAD_LETTER = both(
        "INSERT INTO dead_letter (clinic_id, call_id, tool_call_id, tool, arguments, set_aside_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING");

    // --- holds -------------------------------------------------------------------------------------------------------

    DROP_HOLDS = both("DELETE FROM hold WHERE clinic_id = $1 AND call_id = $2");
    DROP_HOLD = both(
        "DELETE FROM hold WHERE clinic_id = $1 AND call_id = $2 AND provider = $3 AND date = $4
         AND start_minute = $5 AND end_minute = $6");
    ADD_HOLD = both(
        "INSERT INTO hold (clinic_id, provider, date, start_minute, end_minute, call_id, held_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING");
    // What is in the way of a slot: others' holds, what is kept for other patients, and additions of other intents that
    // nobody has settled.
    IN_THE_WAY = both(
        "SELECT 1 FROM hold WHERE clinic_id = $1 AND provider = $2 AND date = $3
           AND start_minute < $5 AND end_minute > $4 AND call_id <> $6 AND held_until > $7
           AND (patient_index IS NULL OR patient_index <> $9)
         UNION ALL
         SELECT 1 FROM effect WHERE clinic_id = $1 AND provider = $2 AND date = $3
           AND start_minute < $5 AND end_minute > $4 AND kind = 'add' AND state IN ('announced', 'unknown')
           AND intent_id <> $8");
    TAKEN = both(
        "SELECT provider, date, start_minute, end_minute, NULL AS mark FROM hold
         WHERE clinic_id = $1 AND provider = $2 AND date >= $3 AND date <= $4 AND call_id <> $5 AND held_until > $7
           AND (patient_index IS NULL OR patient_index <> $8)
         UNION ALL
         SELECT provider, date, start_minute, end_minute, mark FROM effect
         WHERE clinic_id = $1 AND provider = $2 AND date >= $3 AND date <= $4 AND kind = 'add'
           AND state IN ('announced', 'unknown') AND id <> $6
         ORDER BY date, start_minute, end_minute");

    // --- announcing a write ------------------------------------------------------------------------------------------

    LIVE_WISH = both(
        "SELECT id, state, appointment FROM intent
         WHERE clinic_id = $1 AND wish_index = $2 AND state IN ('open', 'done') AND replaced_by IS NULL
           AND NOT (id = $3 AND state = 'done')");
    NEWEST_ADDITION = both(
        "SELECT id, provider, date, start_minute, end_minute, payload FROM effect
         WHERE clinic_id = $1 AND intent_id = $2 AND kind = 'add' ORDER BY step DESC LIMIT 1");
    PATIENT_OPEN = both("SELECT 1 FROM intent WHERE clinic_id = $1 AND patient_index = $2 AND state = 'open'");
    OPEN_INTENT = both(
        "SELECT owner,
                EXISTS (SELECT 1 FROM effect WHERE intent_id = intent.id AND effect.state IN ('announced', 'unknown'))
                AS unsettled
         FROM intent WHERE clinic_id = $1 AND id = $2 AND state = 'open'");
    // Not for who was called dead: nobody would look at what it leaves.
    TAKE_LEASE = both(
        "INSERT INTO booking_lease (clinic_id, provider, date, generation, fence, expires_at)
         SELECT $1, $2, $3, generation, 1, $5 FROM instance WHERE generation = $4 AND state IN ('active', 'draining')
         ON CONFLICT (clinic_id, provider, date) DO UPDATE
         SET generation = excluded.generation, fence = booking_lease.fence + 1, expires_at = excluded.expires_at
         WHERE booking_lease.expires_at <= $6 OR booking_lease.generation = excluded.generation
         RETURNING fence");
    REPLACE_INTENT = both(
        "UPDATE intent SET replaced_by = $3 WHERE clinic_id = $1 AND id = $2 AND state = 'done'");
    OPEN_INTENT_ROW = both(
        "INSERT INTO intent (id, clinic_id, wish_index, patient_index, payload, state, owner, call_id, tool_call_id,
                             opened_at)
         VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9)");
    ANNOUNCE = both(
        "INSERT INTO effect (id, clinic_id, intent_id, step, kind, provider, date, start_minute, end_minute, mark,
                             payload, state, sender, announced_at, last_arrival, due)
         VALUES ($1, $2, $3, 1 + (SELECT COUNT(*) FROM effect WHERE intent_id = $3), $4, $5, $6, $7, $8, $9,
                 $10, 'announced', $11, $12, $13, $13)");

    // --- settling it -------------------------------------------------------------------------------------------------

    EFFECT_STANDING = both(
        "SELECT effect.state, effect.appointment, effect.sender, effect.kind, effect.provider, effect.date,
                effect.start_minute, effect.end_minute, effect.due, effect.intent_id, intent.owner, intent.call_id
         FROM effect JOIN intent ON intent.id = effect.intent_id
         WHERE effect.clinic_id = $1 AND effect.id = $2");
    // Only from the state it was judged by: of two who settle at once, one does.
    SETTLE_EFFECT = both(
        "UPDATE effect SET state = $4, appointment = $5, due = $6, last_arrival = COALESCE($7, last_arrival)
         WHERE clinic_id = $1 AND id = $2 AND state = $3");
    CLOSE_INTENT = both(
        "UPDATE intent SET state = $3, appointment = $4, closed_at = $5
         WHERE clinic_id = $1 AND id = $2 AND state = 'open'");
    GIVE_LEASE_BACK = both(
        "UPDATE booking_lease SET expires_at = $6
         WHERE clinic_id = $1 AND provider = $2 AND date = $3 AND generation = $4 AND fence = $5
           AND expires_at > $6");

    // --- the journal -------------------------------------------------------------------------------------------------

    // Watched, once its intent is closed, is a write that may yet turn up: an addition read as absent. One that is done
    // is not, though its saga asked for a look in case it did not get to the next step.
    ADOPT_INTENTS = both(
        "UPDATE intent SET owner = $2
         WHERE clinic_id = $1 AND owner <> $2
           AND (state = 'open'
                OR id IN (SELECT intent_id FROM effect WHERE clinic_id = $1 AND due IS NOT NULL
                          AND (state IN ('announced', 'unknown') OR state = 'absent' AND kind = 'add')))
           AND owner NOT IN (SELECT generation FROM instance WHERE state IN ('active', 'draining'))
         RETURNING id, state");
    DUE_NOW = both(
        "UPDATE effect SET due = $3
         WHERE clinic_id = $1 AND intent_id = $2
           AND CASE WHEN $4 = 'open'
                    THEN step = (SELECT COUNT(*) FROM effect AS every WHERE every.intent_id = $2)
                    ELSE due IS NOT NULL AND (state IN ('announced', 'unknown') OR state = 'absent' AND kind = 'add')
               END");
    DUE_EFFECTS = both(
        "SELECT effect.id AS effect_id, effect.provider, effect.date, effect.start_minute,
                effect.end_minute, effect.payload AS effect_payload, effect.state AS effect_state,
                effect.appointment AS effect_appointment, effect.announced_at, effect.last_arrival,
                COALESCE(effect.due, effect.announced_at) AS due,
                intent.id AS intent_id, intent.payload AS intent_payload, intent.state AS intent_state,
                intent.appointment AS intent_appointment, intent.call_id, intent.tool_call_id
         FROM effect JOIN intent ON intent.id = effect.intent_id
         WHERE intent.clinic_id = $1 AND intent.owner = $2 AND effect.id IN (
             SELECT watched.id FROM effect AS watched JOIN intent AS closed ON closed.id = watched.intent_id
             WHERE watched.clinic_id = $1 AND watched.due <= $3 AND closed.state <> 'open'
               AND (watched.state IN ('announced', 'unknown') OR watched.state = 'absent' AND watched.kind = 'add')
             UNION ALL
             SELECT newest.id FROM intent AS started JOIN effect AS newest ON newest.intent_id = started.id
             WHERE started.clinic_id = $1 AND started.owner = $2 AND started.state = 'open'
               AND (newest.due IS NULL OR newest.due <= $3)
               AND newest.step = (SELECT COUNT(*) FROM effect AS every WHERE every.intent_id = started.id))
         ORDER BY due, effect.announced_at, effect.id LIMIT $4");
    INTENT = both("SELECT state, appointment FROM intent WHERE clinic_id = $1 AND id = $2");
    UNSETTLED = both(
        "SELECT COUNT(*) FROM (
             SELECT id FROM effect WHERE clinic_id = $1 AND state IN ('announced', 'unknown')
             UNION ALL
             SELECT id FROM registration WHERE clinic_id = $1 AND state IN ('announced', 'unknown')) AS unsettled");
    // A write may be handed over when its intent was closed long ago.
    HANDED_TO_STAFF = both(
        "SELECT COUNT(*) FROM (
             SELECT id FROM intent WHERE clinic_id = $1 AND state = 'handed_to_staff'
             UNION
             SELECT intent_id FROM effect WHERE clinic_id = $1 AND state = 'handed_to_staff'
             UNION
             SELECT id FROM registration WHERE clinic_id = $1 AND state = 'handed_to_staff') AS handed");

    // --- audit -------------------------------------------------------------------------------------------------------

    APPEND_AUDIT = both(
        "INSERT INTO audit_entry (clinic_id, at, generation, call_id, action, outcome, subjects)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING seq");
    APPEND_SUBJECT = both(
        "INSERT INTO audit_subject (seq, clinic_id, patient_index) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
    UNSEALED_CLINICS = each(
        "SELECT DISTINCT clinic_id FROM audit_entry WHERE seal_no IS NULL ORDER BY clinic_id",
        "SELECT clinics_where('SELECT 1 FROM audit_entry WHERE seal_no IS NULL', 0)");
    UNSEALED = both(
        "SELECT seq, at, generation, call_id, action, outcome, subjects FROM audit_entry
         WHERE clinic_id = $1 AND seal_no IS NULL ORDER BY seq LIMIT $2");
    SEAL_ENTRY = both("UPDATE audit_entry SET seal_no = $3, chain = $4 WHERE clinic_id = $1 AND seq = $2");
    AUDIT_HEAD = both("SELECT seal_no, chain, proof FROM audit_head WHERE clinic_id = $1");
    MOVE_AUDIT_HEAD = both(
        "INSERT INTO audit_head (clinic_id, seal_no, chain, proof) VALUES ($1, $2, $3, $4)
         ON CONFLICT (clinic_id) DO UPDATE
         SET seal_no = excluded.seal_no, chain = excluded.chain, proof = excluded.proof");
    SEALED = both(
        "SELECT seal_no, chain, seq, at, generation, call_id, action, outcome, subjects FROM audit_entry
         WHERE clinic_id = $1 AND seal_no > $2 ORDER BY seal_no LIMIT $3");

    // --- SMS outbox --------------------------------------------------------------------------------------------------

    QUEUE_SMS = both(
        "INSERT INTO sms (clinic_id, dedupe, recipient, body, state, due) VALUES ($1, $2, $3, $4, 'queued', $5)
         ON CONFLICT DO NOTHING");
    TEXTING_CLINICS = each(
        "SELECT DISTINCT clinic_id FROM sms WHERE state = 'sending' OR state = 'queued' AND due <= $1
         ORDER BY clinic_id",
        "SELECT clinics_where(
             'SELECT 1 FROM sms WHERE state = ''sending'' OR state = ''queued'' AND due <= $1', $1)");
    LOSE_SMS = both(
        "UPDATE sms SET state = 'unknown', ended_at = $2
         WHERE clinic_id = $4 AND state = 'sending' AND (fence <> $1 OR taken_at <= $3)");
    TAKE_SMS = both(
        "UPDATE sms SET state = 'sending', attempt = attempt + 1, fence = $1, taken_at = $2
         WHERE id IN (SELECT id FROM sms WHERE clinic_id = $4 AND state = 'queued' AND due <= $2
                      ORDER BY due, id LIMIT $3)
         RETURNING id, clinic_id, dedupe, attempt, recipient, body, due");
    RECORD_SMS = both(
        "UPDATE sms SET state = $3, due = COALESCE($4, due), ended_at = $5
         WHERE id = $1 AND fence = $2 AND state IN ('sending', 'unknown') AND clinic_id = $6");

    // --- the EMR's tokens --------------------------------------------------------------------------------------------

    AWAIT_APPROVAL = both(
        "INSERT INTO emr_approval (clinic_id, state_hash, request, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (clinic_id) DO UPDATE
         SET state_hash = excluded.state_hash, request = excluded.request, expires_at = excluded.expires_at");
    APPROVAL = both("SELECT expires_at FROM emr_approval WHERE state_hash = $1");
    TAKE_APPROVAL = both(
        "DELETE FROM emr_approval WHERE state_hash = $1 RETURNING clinic_id, request, expires_at");
    KEEP_EMR_TOKEN = both(
        "INSERT INTO emr_token (clinic_id, token, granted_at, expires_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (clinic_id) DO UPDATE
         SET token = excluded.token, granted_at = excluded.granted_at, expires_at = excluded.expires_at,
             watched_at = NULL");
    EMR_TOKEN = both("SELECT token, expires_at FROM emr_token WHERE clinic_id = $1");
    TOKEN_CLINICS = each(
        "SELECT clinic_id FROM emr_token ORDER BY clinic_id",
        "SELECT clinics_where('SELECT 1 FROM emr_token', 0)");
    EMR_TOKEN_LIFE = both("SELECT granted_at, expires_at, watched_at FROM emr_token WHERE clinic_id = $1");
    AWAITED_APPROVALS = both("SELECT clinic_id, expires_at FROM emr_approval ORDER BY clinic_id");
    WATCH_EMR_TOKEN = both("UPDATE emr_token SET watched_at = $2 WHERE clinic_id = $1");

    EMR_DISCOVERIES = both("SELECT path, at, found FROM emr_discovery WHERE clinic_id = $1 ORDER BY path");
    KEEP_EMR_DISCOVERY = both(
        "INSERT INTO emr_discovery (clinic_id, path, at, found) VALUES ($1, $2, $3, $4)
         ON CONFLICT (clinic_id, path) DO UPDATE SET at = excluded.at, found = excluded.found");

    // --- retention ---------------------------------------------------------------------------------------------------

    PURGE_CALLS = both(
        "DELETE FROM call WHERE (clinic_id, call_id) IN (
             SELECT clinic_id, call_id FROM call WHERE COALESCE(ended_at, touched_at) <= $1 LIMIT $2)");
    PURGE_EVENTS = both(
        "DELETE FROM call_event WHERE (clinic_id, call_id, digest) IN (
             SELECT clinic_id, call_id, digest FROM call_event WHERE kept_at <= $1 LIMIT $2)");
    PURGE_TOOL_CALLS = both(
        "DELETE FROM tool_call WHERE (clinic_id, call_id, tool_call_id) IN (
             SELECT clinic_id, call_id, tool_call_id FROM tool_call
             WHERE COALESCE(answered_at, claimed_at) <= $1 LIMIT $2)");
    PURGE_DEAD_LETTERS = both(
        "DELETE FROM dead_letter WHERE (clinic_id, call_id, tool_call_id) IN (
             SELECT clinic_id, call_id, tool_call_id FROM dead_letter WHERE set_aside_at <= $1 LIMIT $2)");
    // With their effects, once none of those is unsettled or watched. A look that was due that long ago is no watch.
    PURGE_INTENTS = both(
        "DELETE FROM intent WHERE id IN (
             SELECT id FROM intent WHERE closed_at <= $1 AND state <> 'open'
               AND NOT EXISTS (SELECT 1 FROM effect WHERE effect.intent_id = intent.id
                               AND (effect.state IN ('announced', 'unknown')
                                    OR effect.state = 'absent' AND effect.due > $1))
             LIMIT $2)");
    PURGE_SMS = both("DELETE FROM sms WHERE id IN (SELECT id FROM sms WHERE ended_at <= $1 LIMIT $2)");
    PURGE_HOLDS = both(
        "DELETE FROM hold WHERE (clinic_id, provider, date, call_id, start_minute, end_minute) IN (
             SELECT clinic_id, provider, date, call_id, start_minute, end_minute FROM hold
             WHERE held_until <= $1 LIMIT $2)");
    PURGE_LEASES = both(
        "DELETE FROM booking_lease WHERE (clinic_id, provider, date) IN (
             SELECT clinic_id, provider, date FROM booking_lease WHERE expires_at <= $1 LIMIT $2)");
    PURGE_RECORDS = both(
        "DELETE FROM call_record WHERE (clinic_id, call_id) IN (
             SELECT clinic_id, call_id FROM call_record WHERE changed_at <= $1 LIMIT $2)");
    PURGE_WAITLIST = both(
        "DELETE FROM waitlist WHERE id IN (
             SELECT id FROM waitlist WHERE changed_at <= $1 AND status IN ('registered', 'cancelled') LIMIT $2)");
    PURGE_FREED = both(
        "DELETE FROM freed_slot WHERE id IN (SELECT id FROM freed_slot WHERE freed_at <= $1 LIMIT $2)");
    PURGE_OFFERS = both(
        "DELETE FROM slot_offer WHERE id IN (SELECT id FROM slot_offer WHERE changed_at <= $1 LIMIT $2)");
    PURGE_HELD = both(
        "DELETE FROM held_request WHERE id IN (
             SELECT id FROM held_request WHERE changed_at <= $1 AND state NOT IN ('open', 'executing') LIMIT $2)");
    PURGE_REGISTRATIONS = both(
        "DELETE FROM registration WHERE id IN (SELECT id FROM registration WHERE closed_at <= $1 LIMIT $2)");
}
