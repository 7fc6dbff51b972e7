//! Two processes, and the rows between them.

mod happening;
mod machines;
mod steps;

use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::node::{Node, Request, Standing};
use vitarad_actors::handoff::{
    Hello, Incumbent, IncumbentCommand, Kept, Outcome, Schema, Successor, SuccessorCommand, SuccessorEvent,
    ToIncumbent, ToSuccessor,
};

pub(crate) use self::steps::{Step, Who};

pub(crate) const OURS: Hello = Hello::of(Schema { newest: 14, oldest: 1 });
pub(crate) const INCUMBENT: Generation = Generation(1);

/// A process around a machine: what it is about to do, and what others can see of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Process<Machine, Heard, Task> {
    pub(crate) machine: Machine,
    pub(crate) life: Life,
    pub(crate) door_is_open: bool,
    pub(crate) inbox: Vec<Heard>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) asked: Option<Request>,
    /// Its connection has ended, and it has not noticed yet.
    pub(crate) is_cut: bool,
    /// To stop.
    pub(crate) is_told: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Life {
    Alive,
    Ending,
    Dead,
}

pub(crate) type IncumbentProcess = Process<Incumbent, ToIncumbent, IncumbentCommand>;
pub(crate) type SuccessorProcess = Process<Successor, ToSuccessor, SuccessorCommand>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) rows: Node,
    pub(crate) incumbent: IncumbentProcess,
    pub(crate) successor: SuccessorProcess,
    /// The generation of the present successor, if it has one yet.
    pub(crate) stands_by: Option<Generation>,
    pub(crate) is_connected: bool,
    /// Transactions whose sender no longer waits for them. They may be committed yet.
    pub(crate) ghosts: Vec<Request>,
    pub(crate) deaths_left: u8,
    pub(crate) delays_left: u8,
    pub(crate) faults_left: u8,
    pub(crate) successors_left: u8,
}

pub(crate) fn process<Machine, Heard, Task>(
    machine: Machine,
    door_is_open: bool,
) -> Process<Machine, Heard, Task> {
    Process {
        machine,
        life: Life::Alive,
        door_is_open,
        inbox: Vec::new(),
        tasks: Vec::new(),
        asked: None,
        is_cut: false,
        is_told: false,
    }
}

impl<Machine, Heard, Task> Process<Machine, Heard, Task> {
    pub(crate) fn is_alive(&self) -> bool {
        self.life != Life::Dead
    }

    fn die(&mut self) {
        self.life = Life::Dead;
        self.door_is_open = false;
        self.is_cut = false;
        self.inbox.clear();
        self.tasks.clear();
        self.asked = None;
    }
}

impl World {
    pub(crate) fn owns(&self, generation: Generation) -> bool {
        self.rows.standing(generation) == Some(Standing::Active)
    }

    pub(crate) fn successor_owns(&self) -> bool {
        self.stands_by.is_some_and(|generation| self.owns(generation))
    }

    fn cut(&mut self) {
        if std::mem::take(&mut self.is_connected) {
            self.incumbent.is_cut = self.incumbent.is_alive();
            self.successor.is_cut = self.successor.is_alive();
        }
    }

    pub(crate) fn next_successor(&mut self) {
        self.incumbent = process(Incumbent::new(INCUMBENT, OURS), self.incumbent.door_is_open);
        self.successor = process(Successor::new(OURS), false);
        self.stands_by = None;
        self.is_connected = true;
        self.tell_successor(SuccessorEvent::Connected);
    }

    pub(crate) fn incumbent_serves(&self) -> bool {
        let kept = matches!(self.incumbent.machine.ended(), Some(Kept::Kept | Kept::TakenBack));
        kept && self.incumbent.is_alive()
    }

    pub(crate) fn successor_serves(&self) -> bool {
        self.successor.machine.ended() == Some(Outcome::Serving) && self.successor.is_alive()
    }
}
