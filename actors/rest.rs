//! The singletons' rest: while the node is passed on, none of them begins anything, so that nothing is half done when its
//! role goes over. A text that is at the gateway in that moment would end as unknown.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

#[derive(Debug, Default)]
pub struct Rest(watch::Sender<Shift>);

#[derive(Debug, Default)]
struct Shift {
    is_over: bool,
    at_work: usize,
}

/// Somebody is at work until this is dropped.
pub struct AtWork<'a>(&'a Rest);

impl Rest {
    /// Nobody begins anything until [`Rest::end`]. Whether all had finished what they were at by the end of that time.
    pub async fn call(&self, within: Duration) -> bool {
        self.0.send_modify(|shift| shift.is_over = true);
        timeout(within, self.0.subscribe().wait_for(|shift| shift.at_work == 0)).await.is_ok()
    }

    pub fn end(&self) {
        self.0.send_modify(|shift| shift.is_over = false);
    }

    pub fn is_called(&self) -> bool {
        self.0.borrow().is_over
    }

    /// Resolves once it is called, or once it has ended.
    pub async fn turns(&self, is_called: bool) {
        // The sender is ours: it is never gone.
        let _ = self.0.subscribe().wait_for(|shift| shift.is_over == is_called).await;
    }

    pub fn begin(&self) -> Option<AtWork<'_>> {
        let begins = self.0.send_if_modified(|shift| {
            shift.at_work += usize::from(!shift.is_over);
            !shift.is_over
        });
        begins.then(|| AtWork(self))
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|shift| shift.at_work -= 1);
    }
}

#[cfg(test)]
mod tests;
