//! Two processes, the rows between them, and everything that can happen next.

use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::node::{Instance, Node, OfferNo, Request, Standing};
use vitarad_actors::handoff::{
    Hello, Incumbent, IncumbentCommand, IncumbentEvent, Kept, Outcome, Schema, Successor, SuccessorCommand,
    SuccessorEvent, ToIncumbent, ToSuccessor,
};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Incumbent,
    Successor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Hear(Who),
    Notice(Who),
    Delay(Who),
    /// The first of its tasks is done; or it fails.
    Work(Who),
    FailAt(Who),
    Commit(Who),
    /// It is committed, and the answer is lost: it will be asked again.
    CommitUnheard(Who),
    /// It is asked again while the first asking is still under way.
    Stray(Who),
    /// It asks no more: what stands in the rows is beyond it.
    Unreadable(Who),
    CommitGhost,
    ForgetGhost,
    Cut,
    Die(Who),
    Tell(Who),
    Prove,
    End(Who),
    NextSuccessor,
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

    fn tell_incumbent(&mut self, event: IncumbentEvent) {
        for command in self.incumbent.machine.on(event) {
            match command {
                IncumbentCommand::Say(word) => self.say_to_successor(word),
                IncumbentCommand::HandOver => self.say_to_successor(ToSuccessor::Offer { sockets: 1 }),
                IncumbentCommand::Freeze | IncumbentCommand::Number | IncumbentCommand::Kill => {
                    self.incumbent.tasks = vec![command];
                }
                IncumbentCommand::Thaw => {
                    self.incumbent.tasks.clear();
                    self.incumbent.door_is_open = true;
                }
                IncumbentCommand::Ask(request) => self.incumbent.asked = Some(request),
                IncumbentCommand::HangUp => {
                    self.cut();
                    self.incumbent.is_cut = false;
                    self.incumbent.inbox.clear();
                }
                IncumbentCommand::Leave => self.incumbent.life = Life::Ending,
            }
        }
    }

    fn tell_successor(&mut self, event: SuccessorEvent) {
        for command in self.successor.machine.on(event) {
            match command {
                SuccessorCommand::Say(word) => {
                    if self.is_connected {
                        self.incumbent.inbox.push(word);
                    }
                }
                SuccessorCommand::Ask(request) => self.successor.asked = Some(request),
                SuccessorCommand::End => {
                    self.cut();
                    self.successor.is_cut = false;
                    self.successor.inbox.clear();
                    self.successor.door_is_open = false;
                    self.successor.life = Life::Ending;
                }
                task => self.successor.tasks = vec![task],
            }
        }
    }

    fn say_to_successor(&mut self, word: ToSuccessor) {
        if self.is_connected {
            self.successor.inbox.push(word);
        }
    }

    fn work(&mut self, who: Who) {
        match who {
            Who::Incumbent => {
                let event = match self.incumbent.tasks.remove(0) {
                    IncumbentCommand::Freeze => {
                        self.incumbent.door_is_open = false;
                        IncumbentEvent::Froze
                    }
                    IncumbentCommand::Kill => {
                        self.die(Who::Successor);
                        IncumbentEvent::Gone
                    }
                    _ => IncumbentEvent::Offered(self.rows.offer(INCUMBENT)),
                };
                self.tell_incumbent(event);
            }
            Who::Successor => {
                let event = match self.successor.tasks.remove(0) {
                    SuccessorCommand::Warm => SuccessorEvent::Warmed(Some(self.stand_by())),
                    SuccessorCommand::Look => SuccessorEvent::Looked(true),
                    SuccessorCommand::Open => {
                        self.successor.door_is_open = true;
                        SuccessorEvent::Opened(true)
                    }
                    _ => SuccessorEvent::Alone(self.try_alone()),
                };
                self.tell_successor(event);
            }
        }
    }

    fn stand_by(&mut self) -> Generation {
        let generation = Generation(i64::try_from(self.rows.0.len()).unwrap_or(i64::MAX) + 1);
        self.stands_by = Some(generation);
        let standing = Standing::Standby;
        self.rows.0.push(Instance { generation, standing, offer: OfferNo(0) });
        generation
    }

    /// The lock is the kernel's: it is free exactly when the incumbent does not live.
    fn try_alone(&mut self) -> bool {
        if self.incumbent.is_alive() {
            return false;
        }
        let generation = self.stand_by();
        self.rows.begin(generation);
        true
    }

    fn fail(&mut self, who: Who) {
        match who {
            Who::Incumbent => {
                self.incumbent.tasks.remove(0);
                self.tell_incumbent(IncumbentEvent::Offered(None));
            }
            Who::Successor => {
                let event = match self.successor.tasks.remove(0) {
                    SuccessorCommand::Warm => SuccessorEvent::Warmed(None),
                    SuccessorCommand::Look => SuccessorEvent::Looked(false),
                    SuccessorCommand::TryAlone => SuccessorEvent::Alone(false),
                    _ => SuccessorEvent::Opened(false),
                };
                self.tell_successor(event);
            }
        }
    }

    fn asked(&mut self, who: Who) -> &mut Option<Request> {
        match who {
            Who::Incumbent => &mut self.incumbent.asked,
            Who::Successor => &mut self.successor.asked,
        }
    }

    fn commit(&mut self, who: Who) {
        let Some(request) = self.asked(who).take() else { return };
        let answer = self.rows.ask(request);
        match who {
            Who::Incumbent => self.tell_incumbent(IncumbentEvent::Answered(answer)),
            Who::Successor => self.tell_successor(SuccessorEvent::Answered(answer)),
        }
    }

    fn give_up_asking(&mut self, who: Who) {
        *self.asked(who) = None;
        match who {
            Who::Incumbent => self.tell_incumbent(IncumbentEvent::Unreadable),
            Who::Successor => self.tell_successor(SuccessorEvent::Unreadable),
        }
    }

    fn die(&mut self, who: Who) {
        let asked = self.asked(who).take();
        self.ghosts.extend(asked);
        self.cut();
        match who {
            Who::Incumbent => self.incumbent.die(),
            Who::Successor => self.successor.die(),
        }
    }

    /// In order: what the process owned is given back.
    fn end(&mut self, who: Who) {
        let generation = match who {
            Who::Incumbent => Some(INCUMBENT),
            Who::Successor => self.stands_by,
        };
        for life in self.rows.0.iter_mut().filter(|life| Some(life.generation) == generation) {
            if life.standing != Standing::Dead {
                life.standing = Standing::Released;
            }
        }
        self.die(who);
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

    pub(crate) fn steps(&self, steps: &mut Vec<Step>) {
        let (incumbent, successor) = (&self.incumbent, &self.successor);
        self.steps_of(incumbent, Who::Incumbent, incumbent.machine.allowed().is_some(), steps);
        self.steps_of(successor, Who::Successor, successor.machine.allowed().is_some(), steps);
        if successor.is_alive() && successor.machine.step() == "settle" && successor.asked.is_none() {
            steps.push(Step::Prove);
        }
        if !self.ghosts.is_empty() {
            steps.extend([Step::CommitGhost, Step::ForgetGhost]);
        }
        if self.is_connected && self.faults_left > 0 {
            steps.push(Step::Cut);
        }
        let serves_on = self.incumbent_serves() && incumbent.life == Life::Alive;
        if serves_on && !successor.is_alive() && self.successors_left > 0 {
            steps.push(Step::NextSuccessor);
        }
    }

    fn steps_of<M, H, T>(&self, process: &Process<M, H, T>, who: Who, is_timed: bool, steps: &mut Vec<Step>) {
        if !process.is_alive() {
            return;
        }
        if process.life == Life::Ending {
            steps.push(Step::End(who));
        } else {
            let may = [
                (!process.inbox.is_empty(), Step::Hear(who)),
                (process.is_cut, Step::Notice(who)),
                (is_timed && self.delays_left > 0, Step::Delay(who)),
                (!process.tasks.is_empty(), Step::Work(who)),
                (!process.tasks.is_empty() && self.faults_left > 0, Step::FailAt(who)),
                (process.asked.is_some(), Step::Commit(who)),
                (process.asked.is_some() && self.faults_left > 0, Step::CommitUnheard(who)),
                (process.asked.is_some() && self.faults_left > 0, Step::Stray(who)),
                (process.asked.is_some() && self.faults_left > 0, Step::Unreadable(who)),
            ];
            steps.extend(may.into_iter().filter_map(|(may, step)| may.then_some(step)));
        }
        if self.deaths_left > 0 {
            steps.push(Step::Die(who));
        }
        if self.faults_left > 0 && !process.is_told {
            steps.push(Step::Tell(who));
        }
    }

    /// A handoff that is under way goes before; what has the node afterwards ends.
    fn told_to_stop(&mut self, who: Who) {
        match who {
            Who::Incumbent => {
                self.incumbent.is_told = true;
                self.tell_incumbent(IncumbentEvent::Told);
            }
            Who::Successor => {
                self.successor.is_told = true;
                self.tell_successor(SuccessorEvent::Told);
            }
        }
    }

    pub(crate) fn take(&mut self, step: Step) {
        self.take_one(step);
        if self.incumbent.is_told && self.incumbent_serves() {
            self.incumbent.life = Life::Ending;
        }
        if self.successor.is_told && self.successor_serves() {
            self.successor.life = Life::Ending;
        }
    }

    fn take_one(&mut self, step: Step) {
        match step {
            Step::Hear(Who::Incumbent) => {
                let word = self.incumbent.inbox.remove(0);
                self.tell_incumbent(IncumbentEvent::Heard(word));
            }
            Step::Hear(Who::Successor) => {
                let word = self.successor.inbox.remove(0);
                self.tell_successor(SuccessorEvent::Heard(word));
            }
            Step::Notice(Who::Incumbent) => {
                self.incumbent.is_cut = false;
                self.incumbent.inbox.clear();
                self.tell_incumbent(IncumbentEvent::Lost);
            }
            Step::Notice(Who::Successor) => {
                self.successor.is_cut = false;
                self.successor.inbox.clear();
                self.tell_successor(SuccessorEvent::Lost);
            }
            Step::Delay(who) => {
                self.delays_left -= 1;
                match who {
                    Who::Incumbent => self.tell_incumbent(IncumbentEvent::Late),
                    Who::Successor => self.tell_successor(SuccessorEvent::Late),
                }
            }
            Step::Work(who) => self.work(who),
            Step::Commit(who) => self.commit(who),
            Step::Prove => self.tell_successor(SuccessorEvent::Proven),
            Step::End(who) => self.end(who),
            _ => self.go_wrong(step),
        }
    }

    fn go_wrong(&mut self, step: Step) {
        match step {
            Step::CommitGhost => {
                let ghost = self.ghosts.remove(0);
                self.rows.ask(ghost);
            }
            Step::ForgetGhost => drop(self.ghosts.remove(0)),
            Step::Die(who) => {
                self.deaths_left -= 1;
                self.die(who);
            }
            Step::NextSuccessor => {
                self.successors_left -= 1;
                self.next_successor();
            }
            _ => {
                self.faults_left -= 1;
                match step {
                    Step::FailAt(who) => self.fail(who),
                    Step::Cut => self.cut(),
                    Step::Tell(who) => self.told_to_stop(who),
                    Step::CommitUnheard(who) => {
                        let asked = *self.asked(who);
                        asked.map(|request| self.rows.ask(request));
                    }
                    Step::Stray(who) => {
                        let asked = *self.asked(who);
                        self.ghosts.extend(asked);
                    }
                    Step::Unreadable(who) => self.give_up_asking(who),
                    _ => {}
                }
            }
        }
    }

    /// Nothing more can happen by itself, and whoever lives is not about to end.
    pub(crate) fn is_at_rest(&self) -> bool {
        let mut steps = Vec::new();
        let calm =
            Self { deaths_left: 0, delays_left: 0, faults_left: 0, successors_left: 0, ..self.clone() };
        calm.steps(&mut steps);
        let waits = self.incumbent.is_alive() && self.incumbent.machine.allowed().is_some()
            || self.successor.is_alive() && self.successor.machine.allowed().is_some();
        steps.is_empty() && !waits
    }
}
