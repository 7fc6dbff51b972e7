//! Who beats and who is silent, by tokio's clock: no process's own.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{MemoryStore, Tables};
use crate::domain::census::{Census, Life, Pace, Said};
use crate::domain::ids::Generation;
use crate::domain::node::{Instance, Standing};
use crate::ports::store::{AT_WORK_FOR_THE_GONE, Beat, LifeStore, Notice, StoreError, StoreResult};

pub struct Pulse {
    beaten_at: Instant,
    steady_since: Instant,
    says: Said,
}

impl Pulse {
    fn first() -> Self {
        let now = Instant::now();
        Self { beaten_at: now, steady_since: now, says: Said::default() }
    }

    fn silent(&self) -> Duration {
        self.beaten_at.elapsed()
    }

    fn may_bury(&self, pace: Pace) -> bool {
        self.silent() <= pace.gap() && self.steady_since.elapsed() >= pace.dead_after
    }
}

#[async_trait]
impl LifeStore for MemoryStore {
    async fn beat(&self, beat: Beat) -> StoreResult<Census> {
        let census = self.tables()?.beat(beat);
        self.may_answer().await;
        census
    }

    async fn lives(&self) -> StoreResult<Vec<Life>> {
        Ok(self.tables()?.lives())
    }

    async fn noticed(&self) -> Notice {
        std::future::pending().await
    }
}

impl Tables {
    fn beat(&mut self, beat: Beat) -> StoreResult<Census> {
        let Beat { generation, says, pace, .. } = beat;
        if !self.is_at_work(generation) {
            return Err(StoreError::Usurped);
        }
        let buried = self.bury_silent(generation, pace);
        let pulse = self.pulses.entry(generation).or_insert_with(Pulse::first);
        if pulse.silent() > pace.gap() {
            pulse.steady_since = Instant::now();
        }
        (pulse.beaten_at, pulse.says) = (Instant::now(), says);
        Ok(Census { lives: self.lives(), buried, late: self.late(), revision: self.revision })
    }

    /// From here on its silence counts.
    pub fn come_to_life(&mut self, generation: Generation) {
        self.pulses.insert(generation, Pulse::first());
    }

    pub fn says_no_more(&mut self, generation: Generation) {
        if let Some(pulse) = self.pulses.get_mut(&generation) {
            pulse.says = Said::default();
        }
    }

    fn bury_silent(&mut self, asker: Generation, pace: Pace) -> Vec<Generation> {
        if !self.pulses.get(&asker).is_some_and(|pulse| pulse.may_bury(pace)) {
            return Vec::new();
        }
        let is_silent = |pulse: &Pulse| pulse.silent() > pace.dead_after;
        let silent = |one: &Generation| self.pulses.get(one).is_some_and(is_silent);
        let silent: Vec<Generation> = self.at_work().into_iter().filter(silent).collect();
        for node in self.nodes.values_mut() {
            for one in &silent {
                node.call_dead(*one);
            }
        }
        silent
    }

    fn late(&self) -> u32 {
        let all = self.nodes.values().flat_map(|node| &node.0);
        let gone = all.filter(|life| matches!(life.standing, Standing::Released | Standing::Dead));
        let is_late =
            |pulse: &&Pulse| !pulse.says.counts.is_empty() && pulse.silent() <= AT_WORK_FOR_THE_GONE;
        let late = gone.filter_map(|life| self.pulses.get(&life.generation)).filter(is_late);
        u32::try_from(late.count()).unwrap_or(u32::MAX)
    }

    fn lives(&self) -> Vec<Life> {
        let all = self.nodes.iter().flat_map(|(name, node)| node.0.iter().map(move |life| (name, life)));
        let at_work = all.filter(|(_, life)| life.standing.is_at_work());
        let life = |(node, life): (&String, &Instance)| {
            let pulse = self.pulses.get(&life.generation)?;
            Some(Life {
                generation: life.generation,
                node: node.clone(),
                standing: life.standing,
                silent: pulse.silent(),
                says: pulse.says.clone(),
            })
        };
        let mut lives: Vec<Life> = at_work.filter_map(life).collect();
        lives.sort_by_key(|life| life.generation);
        lives
    }
}
