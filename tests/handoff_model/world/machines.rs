//! What the machines are told, and what they want done for it.

use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::node::{Instance, OfferNo, Standing};
use vitarad_actors::handoff::{
    IncumbentCommand, IncumbentEvent, SuccessorCommand, SuccessorEvent, ToSuccessor,
};

use super::{INCUMBENT, Life, Who, World};

impl World {
    pub(super) fn tell_incumbent(&mut self, event: IncumbentEvent) {
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

    pub(super) fn tell_successor(&mut self, event: SuccessorEvent) {
        for command in self.successor.machine.on(event) {
            match command {
                SuccessorCommand::Say(word) => {
                    if self.is_connected {
                        self.incumbent.inbox.push(word);
                    }
                }
                SuccessorCommand::Ask(request) => self.successor.asked = Some(request),
                SuccessorCommand::Open => self.successor.door_is_open = true,
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

    pub(super) fn work(&mut self, who: Who) {
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
                    SuccessorCommand::Start => SuccessorEvent::Started(true),
                    _ => SuccessorEvent::Alone(self.try_alone()),
                };
                self.tell_successor(event);
            }
        }
    }

    pub(super) fn fail(&mut self, who: Who) {
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
                    _ => SuccessorEvent::Started(false),
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
}
