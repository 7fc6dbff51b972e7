//! What clinics notice of others' trouble (law I-1): the 99th percentile of many while the EMRs of a tenth hang and one
//! clinic is flooded at ten times its budget, against the same calls in quiet, in pairs.

use std::ops::Range;
use std::thread;
use std::time::Duration;

use crate::config::Budgets;
use crate::house::House;
use crate::load::{Outcome, Schedule, on_schedule};
use crate::people::{Caller, callers, patients_for};
use crate::platform::{Request, ToolCall};
use crate::scale::Scale;
use crate::table::{Table, ms};
use crate::tally::Codes;
use crate::times::Times;

/// Askings a second of a clinic on a busy day, within the 300 a minute that it may have.
const CALM: u32 = 4;
/// Ten times those 300 a minute.
const FLOOD: u32 = 50;
const CONNECTIONS: usize = 64;
/// Those that hang keep theirs until the door's deadline.
const HANGING: usize = 192;

pub fn measure(scale: &Scale, table: &mut Table) {
    let house = Clinics::of(scale.clinics);
    let callers = callers(scale.clinics, scale.calls_per_clinic);
    let pairs: Vec<Pair> = (0..scale.pairs).map(|_| Pair::take(scale, &house, &callers)).collect();
    let (others, hanging) = (house.calm.len(), house.hanging.len());
    let what = format!(
        "p99 of {others} clinics while {hanging} EMRs hang and one clinic sends ten times its budget"
    );
    table.row(what, compared(&pairs), "< 1.5 times or + 2 ms");
    let asked: u64 = pairs.iter().map(|pair| pair.asked).sum();
    let failed: u64 = pairs.iter().map(|pair| pair.failed).sum();
    table.row("their calls that failed or were refused meanwhile", format!("{failed} of {asked}"), "0");
    let flood = pairs.iter().fold(Codes::default(), |mut all, pair| {
        all.merge(pair.flood.clone());
        all
    });
    let refused = format!("{} of {}", flood.of("RATE_LIMITED"), flood.total());
    table.row("of the flood, told that it is too much", refused, "all beyond its budget");
}

fn compared(pairs: &[Pair]) -> String {
    let mut ratios: Vec<f64> = pairs.iter().map(Pair::ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let median = |of: fn(&Pair) -> Duration| pairs.iter().map(of).collect::<Times>().median();
    format!(
        "{:.2} times (median of {} pairs, from {:.2} to {:.2}; {} against {} in quiet)",
        ratios[ratios.len() / 2],
        ratios.len(),
        ratios[0],
        ratios[ratios.len() - 1],
        ms(median(|pair| pair.troubled)),
        ms(median(|pair| pair.quiet)),
    )
}

/// Which clinic is in which trouble.
struct Clinics {
    flooding: Range<usize>,
    hanging: Range<usize>,
    calm: Range<usize>,
}

impl Clinics {
    const fn of(count: usize) -> Self {
        let hanging = 1 + count / 10;
        Self { flooding: 0..1, hanging: 1..hanging, calm: hanging..count }
    }
}

struct Pair {
    quiet: Duration,
    troubled: Duration,
    /// Of the calm ones in trouble.
    asked: u64,
    failed: u64,
    flood: Codes,
}

impl Pair {
    /// Each run in a house of its own, so that the second does not begin with the first one's rows.
    fn take(scale: &Scale, clinics: &Clinics, callers: &[Caller]) -> Self {
        let open = || House::open(scale.clinics, patients_for(scale.calls_per_clinic), Budgets::Shipped);
        let house = open();
        let mut quiet = calm(&house, clinics, scale, callers);
        quiet.codes.must_all_be("VERIFIED");
        drop(house);
        let house = open();
        for clinic in &house.clinics[clinics.hanging.clone()] {
            house.emr.order("POST", &format!("/{clinic}/faults"), r#"{"operation":"*","fault":"hang"}"#);
        }
        let (mut troubled, flood) = thread::scope(|scope| {
            let flood = scope.spawn(|| flood(&house, clinics, scale, callers));
            let hanging = scope.spawn(|| hanging(&house, clinics, scale, callers));
            let troubled = calm(&house, clinics, scale, callers);
            let hanging = hanging.join().expect("they are asked to the end");
            assert_eq!(hanging.codes.of("VERIFIED"), 0, "an EMR that should hang answered");
            (troubled, flood.join().expect("the flood runs its course"))
        });
        let asked = troubled.codes.total();
        Self {
            quiet: quiet.times.quantile(990),
            troubled: troubled.times.quantile(990),
            asked,
            failed: asked - troubled.codes.of("VERIFIED"),
            flood: flood.codes,
        }
    }

    fn ratio(&self) -> f64 {
        self.troubled.as_secs_f64() / self.quiet.as_secs_f64()
    }
}

fn calm(house: &House, clinics: &Clinics, scale: &Scale, callers: &[Caller]) -> Outcome {
    let rate = rate_of(&clinics.calm);
    let searches = requests(callers, &clinics.calm, rate, scale, ToolCall::search);
    let schedule = Schedule { rate, connections: CONNECTIONS, warm_up: scale.warm_up };
    on_schedule(house.door, &schedule, &searches, &[])
}

fn hanging(house: &House, clinics: &Clinics, scale: &Scale, callers: &[Caller]) -> Outcome {
    let rate = rate_of(&clinics.hanging);
    let searches = requests(callers, &clinics.hanging, rate, scale, ToolCall::search);
    let schedule = Schedule { rate, connections: HANGING, warm_up: Duration::ZERO };
    on_schedule(house.door, &schedule, &searches, &[])
}

fn flood(house: &House, clinics: &Clinics, scale: &Scale, callers: &[Caller]) -> Outcome {
    let searches = requests(callers, &clinics.flooding, FLOOD, scale, ToolCall::search_number);
    let schedule = Schedule { rate: FLOOD, connections: CONNECTIONS, warm_up: Duration::ZERO };
    on_schedule(house.door, &schedule, &searches, &[])
}

fn rate_of(clinics: &Range<usize>) -> u32 {
    CALM * u32::try_from(clinics.len()).unwrap_or(u32::MAX)
}

/// The calls of these clinics in turn, as many as are due in a run.
fn requests(
    callers: &[Caller],
    clinics: &Range<usize>,
    rate: u32,
    scale: &Scale,
    ask: impl Fn(usize, &Caller) -> ToolCall<'static>,
) -> Vec<Request> {
    let due = (scale.warm_up + scale.measured).as_secs_f64() * f64::from(rate);
    let within = (0..).take_while(|n| f64::from(*n) < due);
    let mine: Vec<&Caller> = callers.iter().filter(|caller| clinics.contains(&caller.clinic)).collect();
    let in_turn = mine.into_iter().cycle().take(within.count()).enumerate();
    in_turn.map(|(n, caller)| ask(n, caller).request(caller)).collect()
}
