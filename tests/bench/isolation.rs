//! What a clinic notices of another one's trouble (law I-1): its 99th percentile while the other's EMR hangs and the
//! other is flooded, against the same calls in quiet, in pairs.

use std::thread;
use std::time::Duration;

use crate::config::Budgets;
use crate::house::House;
use crate::load::{Outcome, Schedule, on_schedule};
use crate::people::{Caller, callers, patients_for};
use crate::platform::{Request, ToolCall};
use crate::scale::Scale;
use crate::table::{Table, ms};
use crate::tally::Times;

const TROUBLED: &str = "maple";
const WATCHED: &str = "cedar";
/// Askings a second of the clinic that is watched, and of the one that is flooded.
const CALM: u32 = 90;
const FLOOD: u32 = 1_500;
/// Those that hang keep theirs until the door's deadline.
const FLOODING: usize = 384;

pub fn measure(scale: &Scale, table: &mut Table) {
    let callers = callers(2, scale.calls_per_clinic);
    let pairs: Vec<Pair> = (0..scale.pairs).map(|_| Pair::take(scale, &callers)).collect();
    let mut ratios: Vec<f64> = pairs.iter().map(Pair::ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let median = |of: fn(&Pair) -> Duration| pairs.iter().map(of).collect::<Times>().median();
    let measured = format!(
        "{:.2} times (median of {} pairs, from {:.2} to {:.2}; p99 {} against {} in quiet)",
        ratios[ratios.len() / 2],
        ratios.len(),
        ratios[0],
        ratios[ratios.len() - 1],
        ms(median(|pair| pair.troubled)),
        ms(median(|pair| pair.quiet)),
    );
    table.row("a clinic's p99 while another hangs and is flooded", measured, "< 1.5 times or + 2 ms");
}

struct Pair {
    quiet: Duration,
    troubled: Duration,
}

impl Pair {
    /// Each run in a house of its own, so that the second does not begin with the first one's rows.
    fn take(scale: &Scale, callers: &[Caller]) -> Self {
        let open = || {
            let budgets = Budgets::Shipped { lifted_for: WATCHED };
            House::open(2, patients_for(scale.calls_per_clinic), budgets)
        };
        let house = open();
        let quiet = p99(&house, scale, callers);
        drop(house);
        let house = open();
        house.emr.order("POST", &format!("/{TROUBLED}/faults"), r#"{"operation":"*","fault":"hang"}"#);
        let troubled = thread::scope(|scope| {
            let flood = scope.spawn(|| flood(&house, scale, callers));
            let troubled = p99(&house, scale, callers);
            let flood = flood.join().expect("the flood runs its course");
            assert!(flood.times.len() > 0, "nothing was flooded");
            troubled
        });
        Self { quiet, troubled }
    }

    fn ratio(&self) -> f64 {
        self.troubled.as_secs_f64() / self.quiet.as_secs_f64()
    }
}

/// No call of the watched clinic may be refused, or end otherwise.
fn p99(house: &House, scale: &Scale, callers: &[Caller]) -> Duration {
    let searches = requests(callers, 1, CALM, scale, ToolCall::search);
    let schedule = Schedule { rate: CALM, connections: 32, warm_up: scale.warm_up };
    let mut outcome = on_schedule(house.door, &schedule, &searches, &[]);
    outcome.codes.must_all_be("VERIFIED");
    outcome.times.quantile(990)
}

fn flood(house: &House, scale: &Scale, callers: &[Caller]) -> Outcome {
    let searches = requests(callers, 0, FLOOD, scale, ToolCall::search_number);
    let schedule = Schedule { rate: FLOOD, connections: FLOODING, warm_up: Duration::ZERO };
    on_schedule(house.door, &schedule, &searches, &[])
}

/// The calls of one clinic in turn, as many as are due in a run.
fn requests(
    callers: &[Caller],
    clinic: usize,
    rate: u32,
    scale: &Scale,
    ask: impl Fn(usize, &Caller) -> ToolCall<'static>,
) -> Vec<Request> {
    let seconds = (scale.warm_up + scale.measured).as_secs() + 1;
    let count = usize::try_from(u64::from(rate) * seconds).unwrap_or(usize::MAX);
    let mine: Vec<&Caller> = callers.iter().filter(|caller| caller.clinic == clinic).collect();
    let in_turn = mine.into_iter().cycle().take(count).enumerate();
    in_turn.map(|(n, caller)| ask(n, caller).request(caller)).collect()
}
