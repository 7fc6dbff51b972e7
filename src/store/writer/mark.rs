//! The mark that each batch leaves beside what it writes: a row of its writer's own, with the batch's number in it. Where the
//! answer to a COMMIT was lost it says whether that batch was kept, by whatever server there is now.

use crate::store::db::Session;
use crate::store::sql::args;
use crate::store::statements::{FORGET_BATCHES, LAST_BATCH, MARK_BATCH};
use vitarad_actors::ports::store::StoreResult;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Drawn anew for each writer of each process.
    writer: i64,
    batch: i64,
}

impl Mark {
    pub(super) fn of_a_new_writer() -> Self {
        Self { writer: rand::random(), batch: 0 }
    }

    pub(super) const fn next(self) -> Self {
        Self { batch: self.batch + 1, ..self }
    }

    /// What is sent to PostgreSQL together with the COMMIT, so that it costs no further answer. A writer's first batch takes
    /// away what those left who are long gone.
    pub(super) fn text(self) -> String {
        let [writer, batch] = [self.writer, self.batch].map(|number| number.to_string());
        let marked = MARK_BATCH.pg.replace("$1", &writer).replace("$2", &batch);
        if self.batch == 1 { format!("{}; {marked}", FORGET_BATCHES.pg) } else { marked }
    }

    pub(super) async fn is_kept(self, session: &mut Session) -> StoreResult<bool> {
        let last: Option<(i64,)> = session.maybe(LAST_BATCH, args![self.writer]).await?;
        Ok(last.is_some_and(|(last,)| last >= self.batch))
    }
}
