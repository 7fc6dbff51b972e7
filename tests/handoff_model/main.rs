//! Both machines and the rows between them, in every order in which messages, answers, times that run out, deaths and late
//! commits can come. What is checked are the predicates that production uses.

#![cfg(test)]

mod wire;
mod world;

use stateright::{Checker, Model, Property};
use vitarad_actors::domain::node::{Instance, Node, OfferNo, Request, Standing};
use vitarad_actors::handoff::{Incumbent, Kept, Outcome, Successor};

use crate::world::{INCUMBENT, OURS, Step, World, process};

struct Handoff {
    deaths: u8,
    delays: u8,
    faults: u8,
    successors: u8,
}

impl Model for Handoff {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let first = Instance { generation: INCUMBENT, standing: Standing::Active, offer: OfferNo(0) };
        let mut world = World {
            rows: Node(vec![first]),
            incumbent: process(Incumbent::new(INCUMBENT, OURS), true),
            successor: process(Successor::new(OURS), false),
            stands_by: None,
            is_connected: false,
            ghosts: Vec::new(),
            deaths_left: self.deaths,
            delays_left: self.delays,
            faults_left: self.faults,
            successors_left: self.successors - 1,
        };
        world.next_successor();
        vec![world]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        world.steps(steps);
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        next.take(step);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        [always(), sometimes()].concat()
    }
}

fn always() -> Vec<Property<Handoff>> {
    vec![
        Property::always("one process is active at most", |_, world: &World| {
            world.rows.has_one_owner_at_most()
        }),
        Property::always("who serves on owns the node", |_, world: &World| {
            (!world.incumbent_serves() || world.owns(INCUMBENT))
                && (!world.successor_serves() || world.successor_owns())
        }),
        // The one that does not own it has still to hear what the rows say, and is on its way to ask them.
        Property::always("two doors are open only until the rows have been asked", |_, world: &World| {
            let both = world.incumbent.door_is_open && world.successor.door_is_open;
            !both || !world.successor_serves() && !world.is_connected
        }),
        Property::always("a door is shut for the claim", |_, world: &World| {
            let claims = matches!(world.successor.asked, Some(Request::Claim(_)));
            !(claims && world.incumbent.door_is_open && world.owns(INCUMBENT) && world.is_connected)
        }),
        Property::always(
            "at rest one process has the door open and owns the node, or none lives",
            |_, world: &World| {
                let incumbent =
                    world.incumbent.is_alive() && world.incumbent.door_is_open && world.owns(INCUMBENT);
                let successor =
                    world.successor.is_alive() && world.successor.door_is_open && world.successor_owns();
                let nobody = !world.incumbent.is_alive() && !world.successor.is_alive();
                !world.is_at_rest() || incumbent != successor || nobody
            },
        ),
        Property::always(
            "before the rows have answered it is opened over the dead only",
            |_, world: &World| {
                let asks = world.incumbent.asked.is_some() && world.incumbent.machine.ended().is_none();
                !(asks && world.incumbent.door_is_open && world.successor.is_alive())
            },
        ),
    ]
}

/// Without these the others might hold because nothing happens.
fn sometimes() -> Vec<Property<Handoff>> {
    vec![
        Property::sometimes("the node is given", |_, world: &World| {
            world.incumbent.machine.ended() == Some(Kept::Given) && world.successor_serves()
        }),
        Property::sometimes("the node is taken back", |_, world: &World| {
            world.incumbent.machine.ended() == Some(Kept::TakenBack)
        }),
        Property::sometimes("who is told to stop gives what is not proven yet", |_, world: &World| {
            world.incumbent.is_told
                && world.incumbent.machine.ended() == Some(Kept::Given)
                && world.successor.machine.ended().is_none()
                && world.successor.door_is_open
        }),
        Property::sometimes("the door is open before the rows have answered", |_, world: &World| {
            world.incumbent.door_is_open && world.incumbent.asked.is_some()
        }),
        Property::sometimes("an offer is withdrawn", |_, world: &World| {
            world.successor.machine.ended() == Some(Outcome::Withdrawn)
        }),
        Property::sometimes("a successor goes on alone", |_, world: &World| {
            world.successor_serves()
                && !world.incumbent.is_alive()
                && world.rows.standing(INCUMBENT) == Some(Standing::Dead)
        }),
    ]
}

#[test]
fn whatever_dies_or_is_late_one_process_has_the_node_and_its_door() {
    let checked =
        Handoff { deaths: 2, delays: 3, faults: 3, successors: 1 }.checker().threads(2).spawn_bfs().join();
    println!("{} states", checked.unique_state_count());
    checked.assert_properties();
}

#[test]
fn what_is_left_of_one_attempt_does_nothing_to_the_next() {
    let checked =
        Handoff { deaths: 1, delays: 2, faults: 2, successors: 2 }.checker().threads(2).spawn_bfs().join();
    println!("{} states", checked.unique_state_count());
    checked.assert_properties();
}
