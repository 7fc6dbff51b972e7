//! The lives of processes on their nodes, and passing a node from one to the other.

use async_trait::async_trait;

use super::{MemoryStore, Tables};
use crate::domain::ids::{Fence, Generation};
use crate::domain::node::{Instance, Node, OfferNo, Request, Standing};
use crate::domain::time::Ts;
use crate::ports::store::{HandoffStore, StoreResult};

#[async_trait]
impl HandoffStore for MemoryStore {
    async fn stand_by(&self, node: &str, _: Ts) -> StoreResult<Generation> {
        Ok(self.tables()?.begin_life(node))
    }

    async fn offer(&self, node: &str, incumbent: Generation) -> StoreResult<Option<OfferNo>> {
        Ok(self.tables()?.node(node).offer(incumbent))
    }

    async fn ask(&self, node: &str, request: Request) -> StoreResult<bool> {
        let mut tables = self.tables()?;
        let answer = tables.node(node).ask(request);
        match request {
            Request::Claim(passage) if answer => tables.pass(passage.incumbent, passage.successor),
            Request::TakeBack(passage) if answer => tables.pass(passage.successor, passage.incumbent),
            _ => {}
        }
        Ok(answer)
    }

    async fn bury(&self, node: &str, gone: Generation) -> StoreResult<()> {
        self.tables()?.node(node).bury(gone);
        Ok(())
    }
}

impl Tables {
    pub fn node(&mut self, node: &str) -> &mut Node {
        self.nodes.entry(node.to_owned()).or_default()
    }

    /// In standby.
    pub fn begin_life(&mut self, node: &str) -> Generation {
        self.generation += 1;
        let generation = Generation(self.generation);
        let life = Instance { generation, standing: Standing::Standby, offer: OfferNo(0) };
        self.node(node).0.push(life);
        self.come_to_life(generation);
        generation
    }

    pub fn is_active(&self, generation: Generation) -> bool {
        self.nodes.values().any(|node| node.standing(generation) == Some(Standing::Active))
    }

    pub fn is_at_work(&self, generation: Generation) -> bool {
        self.at_work().contains(&generation)
    }

    pub fn at_work(&self) -> Vec<Generation> {
        let lives = self.nodes.values().flat_map(|node| &node.0);
        lives.filter(|life| life.standing.is_at_work()).map(|life| life.generation).collect()
    }

    /// In order.
    pub fn has_left(&self, generation: Generation) -> bool {
        self.nodes.values().any(|node| node.standing(generation) == Some(Standing::Released))
    }

    pub fn release(&mut self, generation: Generation, is_awaited: bool) {
        if !is_awaited {
            self.says_no_more(generation);
        }
        let lives = self.nodes.values_mut().flat_map(|node| &mut node.0);
        for life in lives.filter(|life| life.generation == generation && life.standing != Standing::Dead) {
            life.standing = Standing::Released;
        }
    }

    fn pass(&mut self, from: Generation, to: Generation) {
        self.come_to_life(to);
        for row in self.roles.values_mut().filter(|row| row.owner == from) {
            (row.owner, row.fence) = (to, Fence(row.fence.0 + 1));
        }
    }
}
