//! Reading on past rows that cannot be read, so that they stand in nobody's way however many come first.

use vitarad_actors::ports::store::StoreResult;

/// What of a page's rows could be read.
pub(super) struct Page<T> {
    pub rows: usize,
    pub read: Vec<T>,
}

/// The first `limit` that can be read. `page` is asked for so many rows after the first so many.
pub(super) async fn readable<T, F>(limit: u32, page: impl Fn(u32) -> F) -> StoreResult<Vec<T>>
where
    F: Future<Output = StoreResult<Page<T>>>,
{
    let (mut all, mut passed) = (Vec::new(), 0_u32);
    loop {
        let Page { rows, read } = page(passed).await?;
        all.extend(read);
        passed = passed.saturating_add(limit);
        if rows < limit as usize || all.len() >= limit as usize {
            all.truncate(limit as usize);
            return Ok(all);
        }
    }
}
