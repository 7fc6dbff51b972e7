//! Who lives on the store: the heartbeat of each process, and the burial of who is silent, in one transaction.

use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use vitarad_actors::domain::census::{Census, Life, Said};
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::node::Standing;
use vitarad_actors::ports::store::{AT_WORK_FOR_THE_GONE, Beat, LifeStore, Notice, StoreError, StoreResult};

use super::SqlStore;
use super::db::{Scope, Session};
use super::sql::args;
use super::statements::clinics::CLINICS_REVISION;
use super::statements::ownership::{BURY_SILENT, GONE_LATELY, HEARTBEAT, LIVES};
use super::writer::Lane;

#[async_trait]
impl LifeStore for SqlStore {
    async fn beat(&self, beat: Beat) -> StoreResult<Census> {
        let beat = (beat.says.to_string(), beat);
        self.writer
            .submit(Lane::House, beat, |(says, beat), session| beat_once(session, says, beat).boxed())
            .await
    }

    async fn lives(&self) -> StoreResult<Vec<Life>> {
        living(&mut self.read(Scope::House).await?).await
    }

    async fn noticed(&self) -> Notice {
        self.notices.next().await
    }
}

async fn beat_once(session: &mut Session, says: &str, beat: &Beat) -> StoreResult<Census> {
    let Beat { generation, is_news, pace, .. } = beat;
    let buried: Vec<(i64,)> =
        session.all(BURY_SILENT, args![*generation, pace.dead_after, pace.gap()]).await?;
    if session.run(HEARTBEAT, args![*generation, says, pace.gap()]).await? == 0 {
        return Err(StoreError::Usurped);
    }
    if *is_news || !buried.is_empty() {
        session.notify(Notice::Lives).await?;
    }
    let (revision,): (i64,) = session.one(CLINICS_REVISION, args![]).await?;
    let buried = buried.into_iter().map(|(generation,)| Generation(generation)).collect();
    let (late,): (i64,) = session.one(GONE_LATELY, args![AT_WORK_FOR_THE_GONE]).await?;
    let late = u32::try_from(late).unwrap_or(u32::MAX);
    Ok(Census { lives: living(session).await?, buried, late, revision })
}

async fn living(session: &mut Session) -> StoreResult<Vec<Life>> {
    let rows: Vec<(i64, String, String, i64, String)> = session.all(LIVES, args![]).await?;
    let life = |(generation, node, word, silent, says): (i64, String, String, i64, String)| {
        Ok(Life {
            generation: Generation(generation),
            node,
            standing: Standing::named(&word).ok_or(StoreError::Unreadable("instance.state"))?,
            silent: Duration::from_micros(silent.unsigned_abs()),
            says: Said::read(&says),
        })
    };
    rows.into_iter().map(life).collect()
}
