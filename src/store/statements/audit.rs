//! The audit log, and the chain of its entries.

use crate::store::sql::{Sql, both, each};

statements! {
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
}
