//! What can happen next.

use super::{Life, Process, World};

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

impl World {
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
