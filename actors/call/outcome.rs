//! The outcome of a tool call that another delivery is at, or whose own work is no longer heard of: it is stored by whoever
//! carries it, in any process.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::domain::answer::AnswerLine;
use crate::domain::ids::ToolCallKey;
use crate::house::House;

/// Looks at once, and then again until that time.
pub async fn stored_answer(
    house: &House,
    key: &ToolCallKey,
    until: Instant,
    look_every: Duration,
) -> Option<AnswerLine> {
    loop {
        if let Ok(Some(line)) = house.store.answer_of(key).await {
            return Some(line);
        }
        if Instant::now() + look_every >= until {
            return None;
        }
        sleep(look_every).await;
    }
}
