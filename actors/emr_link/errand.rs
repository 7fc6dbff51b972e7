//! One try of a request, under way in a task of its own.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::EmrLinkMsg;
use super::breaker::Pass;
use super::bulkhead::Underway;
use super::request::{Ran, Request};
use crate::mailbox::Post;
use crate::ports::emr::{Emr, EmrFailure, Path, Service};

pub(super) struct Errand {
    pub(super) request: Request,
    pub(super) emr: Arc<dyn Emr>,
    pub(super) pass: Pass,
    pub(super) cut_short: bool,
    pub(super) until: Instant,
    pub(super) slow_at: Instant,
}

/// How it ended.
pub struct Ended {
    pub at: (Path, Service),
    pub pass: Pass,
    pub result: Result<(), EmrFailure>,
    pub took: Duration,
    /// It has been counted as slow already.
    pub counted: bool,
    /// A read whose asker has not been told of the failure.
    pub untold: Option<Request>,
    /// It was given less time than it had, because another path could be asked after it.
    pub cut_short: bool,
}

impl Errand {
    pub(super) async fn run(self, link: ActorRef<Post<EmrLinkMsg>>, place: Underway) {
        let Self { request, emr, pass, cut_short, until, slow_at } = self;
        let Request { operation, via, kind, deadline, work, tried, failure, place: _ } = request;
        let (at, began) = ((emr.path(), operation.service()), Instant::now());
        let mut work = work.run(emr, until);
        let (Ran { result, untold, unfinished }, counted) = tokio::select! {
            biased;
            ran = &mut work => (ran, false),
            () = sleep_until(slow_at) => {
                let _ = link.send_message(Post::own(EmrLinkMsg::FoundSlow { at, pass }));
                (work.await, true)
            }
        };
        let place = unfinished.is_some().then_some(place);
        let again = |work| Request { operation, via, kind, deadline, work, tried, failure, place: None };
        let ended =
            Ended { at, pass, result, took: began.elapsed(), counted, untold: untold.map(again), cut_short };
        let _ = link.send_message(Post::own(EmrLinkMsg::Ended(Box::new(ended))));
        if let Some(unfinished) = unfinished {
            // A server works on for a client that has left, and whether it still does only its answer tells. By the slow mark
            // it counts as ill: whoever waited longer would keep the other paths and services waiting, too.
            let _ = timeout_at(slow_at, unfinished).await;
        }
        drop(place);
    }
}
