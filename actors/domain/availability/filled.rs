//! What fills a provider's day. The EMR and our own journal may both tell of one appointment of ours: its mark says so.

use std::collections::BTreeSet;

use crate::domain::mark::Mark;
use crate::domain::time::Interval;

#[derive(Debug, Default)]
pub struct Filled {
    times: Vec<Interval>,
    marks: BTreeSet<Mark>,
}

impl Filled {
    /// `mark` is that of an appointment of ours, wherever it was read.
    pub fn add(&mut self, time: Interval, mark: Option<Mark>) {
        self.times.push(time);
        self.marks.extend(mark);
    }

    pub fn times(&self) -> &[Interval] {
        &self.times
    }

    /// How many appointments of ours the day has, those included of which only the journal knows.
    pub fn ours(&self) -> usize {
        self.marks.len()
    }
}

impl FromIterator<(Interval, Option<Mark>)> for Filled {
    fn from_iter<I: IntoIterator<Item = (Interval, Option<Mark>)>>(parts: I) -> Self {
        let mut filled = Self::default();
        for (time, mark) in parts {
            filled.add(time, mark);
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::EffectId;
    use crate::domain::time::Minute;

    #[test]
    fn an_appointment_of_ours_that_is_told_of_twice_is_one_and_what_is_not_ours_is_none() {
        let time = Interval::starting(Minute::at(9, 0).unwrap(), 15).unwrap();
        let mark = |n| Some(Mark::of(EffectId(Uuid::from_u128(n))));
        let filled: Filled =
            [(time, mark(1)), (time, None), (time, mark(1)), (time, mark(2))].into_iter().collect();
        assert_eq!((filled.times().len(), filled.ours()), (4, 2));
    }
}
