//! One thing happens.

use vitarad_actors::domain::node::{Request, Standing};
use vitarad_actors::handoff::{IncumbentEvent, SuccessorEvent};

use super::{INCUMBENT, Life, Step, Who, World};

impl World {
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

    fn commit(&mut self, who: Who) {
        let Some(request) = self.asked(who).take() else { return };
        let answer = self.rows.ask(request);
        match who {
            Who::Incumbent => self.tell_incumbent(IncumbentEvent::Answered(answer)),
            Who::Successor => self.tell_successor(SuccessorEvent::Answered(answer)),
        }
    }

    fn asked(&mut self, who: Who) -> &mut Option<Request> {
        match who {
            Who::Incumbent => &mut self.incumbent.asked,
            Who::Successor => &mut self.successor.asked,
        }
    }

    fn give_up_asking(&mut self, who: Who) {
        *self.asked(who) = None;
        match who {
            Who::Incumbent => self.tell_incumbent(IncumbentEvent::Unreadable),
            Who::Successor => self.tell_successor(SuccessorEvent::Unreadable),
        }
    }

    pub(super) fn die(&mut self, who: Who) {
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
}
