//! Callers who book one after the other, and ask again for what was refused. What they are told shows whether a refusal
//! was true: what had been kept all the same would be known, taken or doubled when it is asked for again.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use sqlx::PgConnection;
use tokio::task::JoinHandle;
use vitarad::store::SqlStore;
use vitarad_actors::domain::ids::{Fence, Generation};
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::ports::store::{
    Announced, BookingStore, CallStore, Claimant, Claimed, StoreError, ToolCallStore,
};

use crate::patience::until;
use crate::samples::{NOW, booked, booking, call, done, line, settlement, slot_on, text, tool_call};

const CALLERS: usize = 4;

/// Asks until it is done.
macro_rules! insist {
    ($bookings:expr, $ask:expr) => {
        loop {
            match $ask.await {
                Ok(value) => break value,
                Err(failure) => $bookings.refused(failure).await,
            }
        }
    };
}

#[derive(Clone)]
pub(crate) struct Bookings {
    store: Arc<SqlStore>,
    next: Arc<AtomicI32>,
    made: Arc<AtomicUsize>,
    refused: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
}

pub(crate) struct Running {
    bookings: Bookings,
    callers: Vec<JoinHandle<()>>,
}

impl Bookings {
    pub(crate) fn new(store: Arc<SqlStore>) -> Self {
        Self {
            store,
            next: Arc::new(AtomicI32::new(1)),
            made: Arc::default(),
            refused: Arc::default(),
            over: Arc::default(),
        }
    }

    pub(crate) fn begin(store: Arc<SqlStore>) -> Running {
        let bookings = Self::new(store);
        let caller = |bookings: Self| async move {
            while !bookings.over.load(Ordering::SeqCst) {
                let no = bookings.next.fetch_add(1, Ordering::SeqCst);
                bookings.make(no, || {}).await;
            }
        };
        let callers = (0..CALLERS).map(|_| tokio::spawn(caller(bookings.clone()))).collect();
        Running { bookings, callers }
    }

    /// One booking from the first webhook to the answer; `before` each of its commits.
    pub(crate) async fn make(&self, no: i32, before: impl Fn()) {
        let store = &self.store;
        let of = call(u32::try_from(no).unwrap());
        let key = tool_call(&of, 1);
        // All are of one process, and nobody buries it.
        let owner = Generation(1);
        before();
        let fence = insist!(self, store.adopt_call(&of, owner, NOW)).fence;
        assert_eq!(fence, Fence(1), "adopted once");
        before();
        let claim = Claimant { generation: owner, fence };
        let claimed = insist!(self, store.claim(&key, Tool::CreateAppointment, claim, NOW));
        assert!(matches!(claimed, Claimed::Ours { attempt: 1 }), "claimed once");

        let day = i8::try_from(no % 28 + 1).unwrap();
        let wish = booking(no, slot_on(day, u16::try_from(no / 28 % 90 * 15 + 60).unwrap()), owner);
        before();
        let announced = insist!(self, store.announce(wish.clone(), NOW));
        assert!(matches!(announced, Announced::Granted(_)), "announced once");
        let settled = || {
            let mut settled = settlement(&wish, done(no), booked(no));
            settled.answer = Some((key.clone(), line("booked")));
            settled.text = Some(text(&format!("intent-{no}")));
            settled
        };
        before();
        insist!(self, store.settle(settled(), NOW));
        self.made.fetch_add(1, Ordering::SeqCst);
    }

    /// Somebody may be told that it was not done, but never that nobody knows.
    async fn refused(&self, failure: StoreError) {
        let StoreError::Unavailable(why) = failure else {
            panic!("{failure}: it had been done although it was refused")
        };
        assert_ne!(why, "whether it was committed is not known");
        self.refused.lock().unwrap().push(why);
        tokio::task::yield_now().await;
    }

    pub(crate) fn refusals(&self) -> Vec<String> {
        self.refused.lock().unwrap().clone()
    }

    /// Each booking is there, whole and once.
    pub(crate) async fn assert_kept(&self, made: usize, reader: &mut PgConnection) {
        let made = i64::try_from(made).unwrap();
        for (what, sql) in [
            ("calls", "SELECT COUNT(*) FROM call WHERE fence = 1"),
            ("answers", "SELECT COUNT(*) FROM tool_call WHERE answer IS NOT NULL AND attempt = 1"),
            ("intents", "SELECT COUNT(*) FROM intent WHERE state = 'done'"),
            ("writes", "SELECT COUNT(*) FROM effect WHERE state = 'done' AND step = 1"),
            ("texts", "SELECT COUNT(*) FROM sms WHERE state = 'queued'"),
            ("audit entries", "SELECT COUNT(*) FROM audit_entry WHERE action = 'emr_write_announced'"),
            ("all intents", "SELECT COUNT(*) FROM intent"),
            ("all writes", "SELECT COUNT(*) FROM effect"),
        ] {
            let kept: i64 = sqlx::query_scalar(sql).fetch_one(&mut *reader).await.unwrap();
            assert_eq!(kept, made, "{what}");
        }
    }
}

impl Running {
    /// So many bookings have been made.
    pub(crate) async fn until(&self, made: usize) {
        self.wait(|| self.bookings.made.load(Ordering::SeqCst) >= made).await;
    }

    /// Somebody who asked after this was refused, or something else came about.
    pub(crate) async fn until_refused_or(&self, other: impl AsyncFn() -> bool) {
        let before = self.bookings.refusals().len();
        until("a refusal", async || (self.bookings.refusals().len() > before || other().await).then_some(()))
            .await;
    }

    async fn wait(&self, came: impl Fn() -> bool) {
        until("what the callers are waited for", async || {
            assert!(self.callers.iter().all(|caller| !caller.is_finished()), "a caller gave up");
            came().then_some(())
        })
        .await;
    }

    /// Lets everybody finish, and compares.
    pub(crate) async fn end(self, reader: &mut PgConnection) {
        self.bookings.over.store(true, Ordering::SeqCst);
        for caller in self.callers {
            caller.await.unwrap();
        }
        let made = self.bookings.made.load(Ordering::SeqCst);
        self.bookings.assert_kept(made, reader).await;
    }
}
