//! Passing a node from process to process: the rows are read under the node's lock, judged by the functions that the model
//! checker knows, and written back.

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::laws::{self, Law};
use vitarad_actors::domain::node::{Instance, Node, OfferNo, Passage, Request, Standing};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::handoff::Schema;
use vitarad_actors::ports::store::{HandoffStore, Notice, StoreError, StoreResult};

use super::db::Session;
use super::locks::LockKey;
use super::sql::args;
use super::statements::ownership::{CHANGE_INSTANCE, INSTANCES, MOVE_ROLES, STAND_BY};
use super::writer::Lane;
use super::{SqlStore, schema};

/// The oldest schema that a release beside ours may have been made for: nothing has been taken away since.
const OLDEST_BESIDE: i64 = 1;

/// What this release can live with.
pub fn schema_range() -> Schema {
    Schema { newest: schema::newest(), oldest: OLDEST_BESIDE }
}

#[async_trait]
impl HandoffStore for SqlStore {
    async fn stand_by(&self, node: &str, now: Ts) -> StoreResult<Generation> {
        let begun: (i64,) = self
            .about(node, now, |node, now, session| {
                async move { session.one(STAND_BY, args![node, *now]).await }.boxed()
            })
            .await?;
        Ok(self.begun(Generation(begun.0)))
    }

    async fn offer(&self, node: &str, incumbent: Generation) -> StoreResult<Option<OfferNo>> {
        self.about(node, incumbent, |node, incumbent, session| {
            change(session, node, [*incumbent; 2], |rows| rows.offer(*incumbent)).boxed()
        })
        .await
    }

    async fn ask(&self, node: &str, request: Request) -> StoreResult<bool> {
        self.about(node, request, |node, request, session| answer(session, node, *request).boxed()).await
    }

    async fn bury(&self, node: &str, gone: Generation) -> StoreResult<()> {
        self.about(node, gone, |node, gone, session| {
            change(session, node, [*gone; 2], |rows| rows.bury(*gone)).boxed()
        })
        .await
    }
}

impl SqlStore {
    /// Of two who decide about one node at once, one waits.
    async fn about<I, T>(
        &self,
        node: &str,
        input: I,
        work: impl for<'t> Fn(&'t str, &'t I, &'t mut Session) -> BoxFuture<'t, StoreResult<T>>
        + Send
        + Sync
        + 'static,
    ) -> StoreResult<T>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (locks, input) = (vec![LockKey::node(node)], (node.to_owned(), input));
        self.writer
            .submit_locked(Lane::House, locks, input, move |(node, input), session| {
                work(node, input, session)
            })
            .await
    }
}

async fn answer(session: &mut Session, node: &str, request: Request) -> StoreResult<bool> {
    let (passage, moves) = match request {
        Request::Claim(passage) => (passage, Some((passage.incumbent, passage.successor))),
        Request::TakeBack(passage) => (passage, Some((passage.successor, passage.incumbent))),
        Request::Withdraw(passage) | Request::Settle(passage) => (passage, None),
    };
    let Passage { incumbent, successor, .. } = passage;
    let answer = change(session, node, [incumbent, successor], |rows| rows.ask(request)).await?;
    if let (true, Some((from, to))) = (answer, moves) {
        session.run(MOVE_ROLES, args![from, to]).await?;
    }
    Ok(answer)
}

/// `of`: whose rows matter even if they are dead.
async fn change<T>(
    session: &mut Session,
    node: &str,
    of: [Generation; 2],
    how: impl FnOnce(&mut Node) -> T,
) -> StoreResult<T> {
    let mut rows = read(session, node, of).await?;
    let before = rows.clone();
    let outcome = how(&mut rows);
    laws::uphold(Law::O1, rows.has_one_owner_at_most());
    let mut changed: Vec<(&Instance, &Instance)> =
        before.0.iter().zip(&rows.0).filter(|(before, after)| before != after).collect();
    // The engine allows one active row at any moment, inside a transaction too.
    changed.sort_by_key(|(_, after)| after.standing == Standing::Active);
    for (before, after) in changed {
        let to = args![
            after.generation,
            after.standing.name(),
            after.offer.0,
            before.standing.name(),
            before.offer.0
        ];
        if session.run(CHANGE_INSTANCE, to).await? != 1 {
            return Err(StoreError::Unavailable("a process's row changed meanwhile".to_owned()));
        }
        session.notify(Notice::Lives).await?;
    }
    Ok(outcome)
}

async fn read(session: &mut Session, node: &str, [a, b]: [Generation; 2]) -> StoreResult<Node> {
    let rows: Vec<(i64, String, i64)> = session.all(INSTANCES, args![node, a, b]).await?;
    let lives = rows.into_iter().map(|(generation, word, offer)| {
        let standing = Standing::named(&word).ok_or(StoreError::Unreadable("instance.state"))?;
        Ok(Instance { generation: Generation(generation), standing, offer: OfferNo(offer) })
    });
    lives.collect::<StoreResult<Vec<_>>>().map(Node)
}
