//! Claims of tool calls, and their answers.

use crate::store::sql::{Sql, both};

statements! {
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
    // What a process was at when it ended in order did not kill it.
    CLAIM_AGAIN = both(
        "UPDATE tool_call SET generation = $4, fence = $5, claimed_at = $6,
                attempt = CASE WHEN attempt > 0
                                    AND EXISTS (SELECT 1 FROM instance WHERE state = 'released'
                                                AND instance.generation = tool_call.generation)
                               THEN attempt ELSE attempt + 1 END
         WHERE clinic_id = $1 AND call_id = $2 AND tool_call_id = $3 AND fence < $5 AND answer IS NULL
         RETURNING attempt");
    ABSOLVE = both(
        "UPDATE tool_call SET attempt = attempt - 1
         WHERE clinic_id = $1 AND call_id = $2 AND tool_call_id = $3 AND generation = $4 AND fence = $5
           AND answer IS NULL");
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
    // What FORSAKEN says of it has to hold still: somebody may have answered it, or be at it again.
    ANSWER_FORSAKEN = both(
        "UPDATE tool_call SET answer = $4, answered_at = $5
         WHERE clinic_id = $1 AND call_id = $2 AND tool_call_id = $3 AND answer IS NULL AND claimed_at <= $6
           AND NOT EXISTS (SELECT 1 FROM intent
                           WHERE intent.clinic_id = $1 AND intent.call_id = $2 AND intent.tool_call_id = $3)
           AND NOT EXISTS (SELECT 1 FROM registration
                           WHERE registration.clinic_id = $1 AND registration.call_id = $2
                             AND registration.tool_call_id = $3)");
    DEAD_LETTER = both(
        "INSERT INTO dead_letter (clinic_id, call_id, tool_call_id, tool, arguments, set_aside_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING");
}
