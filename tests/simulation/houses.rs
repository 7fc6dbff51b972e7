//! The processes of a run: one or two nodes on one store, each with its lives, which end and begin again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use vitarad_actors::crashpoint::{Crashpoint, Crashpoints};
use vitarad_actors::exchange::Exchange;
use vitarad_actors::testing::{TestHouse, World};

use crate::plan::{chance, dice};

pub struct Houses {
    pub world: Arc<World>,
    seed: u64,
    nodes: Vec<Node>,
}

struct Node {
    name: String,
    living: Mutex<Option<TestHouse>>,
    /// The number of the life that is on: who waits on an earlier one hears nothing.
    life: watch::Sender<u64>,
}

/// How a process ends that nobody stops.
#[derive(Clone, Copy)]
pub enum Death {
    Killed,
    Frozen,
}

impl Houses {
    pub async fn begin(world: Arc<World>, seed: u64, nodes: usize) -> Arc<Self> {
        let node = |n| Node {
            name: format!("node-{}", n + 1),
            living: Mutex::new(None),
            life: watch::Sender::new(0),
        };
        let houses = Self { world, seed, nodes: (0..nodes).map(node).collect() };
        for n in 0..nodes {
            houses.is_born(n).await;
        }
        Arc::new(houses)
    }

    pub const fn count(&self) -> usize {
        self.nodes.len()
    }

    /// The node's former life counts as dead from here on, as at any start.
    async fn is_born(&self, n: usize) {
        let node = &self.nodes[n];
        let life = *node.life.borrow() + 1;
        let stream = 5_000 + 1_000 * n as u64 + life;
        let dice = Mutex::new(dice(self.seed, stream));
        let crashpoints = Crashpoints::armed(move |point: Crashpoint| {
            let dies = chance(&mut dice.lock().unwrap(), 3);
            assert!(!dies, "told to die at {}", point.name());
        });
        let luck = self.seed.wrapping_mul(10_007).wrapping_add(stream);
        let house = self.world.begin_on(&node.name, luck, crashpoints).await;
        *node.living.lock().unwrap() = Some(house);
        node.life.send_replace(life);
    }

    /// Whatever was running on the node is gone between two instants; a while later it begins anew.
    pub async fn crash(&self, n: usize, death: Death, away: Duration) {
        let node = &self.nodes[n];
        let Some(house) = node.living.lock().unwrap().take() else { return };
        node.life.send_modify(|life| *life += 1);
        match death {
            Death::Killed => house.kill().await,
            Death::Frozen => house.freeze().await,
        }
        sleep(away).await;
        self.is_born(n).await;
    }

    /// Asks the process of that node, or another when it is down: as a load balancer would. `None` when nobody is there,
    /// or the process dies before it has answered.
    pub async fn while_alive<T, Fut>(&self, n: usize, ask: impl FnOnce(Arc<Exchange>) -> Fut) -> Option<T>
    where
        Fut: Future<Output = T>,
    {
        let alive = |n: &usize| self.with(*n, |_| ()).is_some();
        let n = [n, (n + 1) % self.nodes.len()].into_iter().find(alive)?;
        let mut life = self.nodes[n].life.subscribe();
        life.borrow_and_update();
        let exchange = self.with(n, |house| Arc::clone(&house.exchange))?;
        tokio::select! {
            biased;
            answer = ask(exchange) => Some(answer),
            _ = life.changed() => None,
        }
    }

    /// Who was called dead though it lived ends, and whoever watches over it starts it again.
    pub async fn raise_who_was_called_dead(&self) -> bool {
        let is_usurped = |n: &usize| self.with(*n, |house| *house.house.usurped.borrow()) == Some(true);
        let called_dead: Vec<usize> = (0..self.nodes.len()).filter(is_usurped).collect();
        for n in &called_dead {
            self.crash(*n, Death::Frozen, Duration::from_secs(1)).await;
        }
        !called_dead.is_empty()
    }

    pub fn with<T>(&self, n: usize, act: impl FnOnce(&TestHouse) -> T) -> Option<T> {
        self.nodes[n].living.lock().unwrap().as_ref().map(act)
    }

    pub async fn end(&self) {
        for node in &self.nodes {
            let house = node.living.lock().unwrap().take();
            if let Some(house) = house {
                house.stop().await;
            }
        }
    }
}
