//! Faults on demand: which operation goes wrong, how, how often, and with what luck.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;

use super::{bridge, discovery, rest, soap};

/// What an operation has to do with single appointments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touches {
    Nothing,
    ReadsRow,
    AddsRow,
    UpdatesRow,
    /// Writes a patient's chart, and no appointment.
    AddsChart,
}

impl Touches {
    pub(crate) fn writes(self) -> bool {
        self.writes_row() || self == Self::AddsChart
    }

    pub(crate) fn writes_row(self) -> bool {
        matches!(self, Self::AddsRow | Self::UpdatesRow)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Answers late. The work is done even if the client has left.
    Latency { ms: u64 },
    /// Does nothing and never answers, until the faults are cleared or the client leaves.
    Hang,
    /// Tomcat's HTML error page; nothing is done.
    #[serde(rename = "http_500")]
    Http500,
    /// A `soap:Server` fault with this text, over REST an error page with it; nothing is done.
    SoapFault { text: String },
    /// Refuses the credentials, whatever they are.
    AuthFault,
    /// A web firewall's HTML page with status 403, long before OSCAR.
    WafPage,
    /// Closes the connection without an answer; nothing is done.
    DropBeforeCommit,
    /// Does the work, then closes the connection without an answer.
    CommitThenDrop,
    /// Does the work, then answers with Tomcat's HTML error page.
    CommitThenFail,
    /// Does the work and never answers, until the faults are cleared or the client leaves.
    CommitThenHang,
    /// Closes the connection at once and does the work later.
    DelayedCommit { ms: u64 },
    /// Does the work, announces the whole answer, sends half of it and closes the connection.
    Truncate,
    /// Does the work and answers with something that is not XML.
    GarbageXml,
    /// Restarts the server just before: every token is void.
    Restart,
    /// Staff book the very interval an instant before our write.
    ClerkTakesSlotBefore,
    /// Staff book the very interval an instant after our write.
    ClerkTakesSlotAfter,
    /// Staff cancel the appointment between our last look at it and our update.
    ClerkCancelsBeforeUpdate,
    /// Staff move the appointment to the next day just after this operation read or wrote it.
    ClerkMovesAfter,
}

impl Fault {
    fn applies_to(&self, touches: Touches) -> bool {
        match self {
            Self::DelayedCommit { .. } => touches.writes(),
            Self::ClerkTakesSlotBefore | Self::ClerkTakesSlotAfter => touches.writes_row(),
            Self::ClerkCancelsBeforeUpdate => touches == Touches::UpdatesRow,
            Self::ClerkMovesAfter => touches.writes_row() || touches == Touches::ReadsRow,
            _ => true,
        }
    }
}

/// One line of the plan. Every line that fits a request takes effect on it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Name of an operation (of a REST one its path without numbers, `schedule/add`; `services`, `wsdl` and `wadl` are the lists of them), or `*` for every one the fault makes sense for.
    pub operation: String,
    pub fault: Fault,
    /// How many requests it strikes; without a number, all of them until it is cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// How likely it strikes a request that fits, from 0 to 1; without a number, always.
    #[serde(default)]
    pub probability: Option<f64>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableRule {
    #[error("unknown operation: name one of the web service operations or *")]
    UnknownOperation,
    #[error("this fault needs an operation that adds, updates or reads one appointment")]
    DoesNotFit,
    #[error("probability must lie between 0 and 1")]
    Probability,
}

#[derive(Debug)]
pub(super) struct FaultPlan {
    rules: Vec<FaultRule>,
    luck: StdRng,
    /// How often the plan was cleared: a hanging request waits for this to grow.
    clearings: u64,
}

#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub(super) faults: Vec<Fault>,
    pub(super) clearings: u64,
}

impl FaultPlan {
    pub(super) fn new(seed: u64) -> Self {
        Self { rules: Vec::new(), luck: StdRng::seed_from_u64(seed), clearings: 0 }
    }

    pub(super) fn add(&mut self, rule: FaultRule) -> Result<(), UnusableRule> {
        if rule.operation != "*" {
            let touches = touches(&rule.operation).ok_or(UnusableRule::UnknownOperation)?;
            if !rule.fault.applies_to(touches) {
                return Err(UnusableRule::DoesNotFit);
            }
        }
        if rule.probability.is_some_and(|likely| !(0.0..=1.0).contains(&likely)) {
            return Err(UnusableRule::Probability);
        }
        self.rules.push(rule);
        Ok(())
    }

    /// Removes every rule and tells the new number of clearings.
    pub(super) fn clear(&mut self) -> u64 {
        self.rules.clear();
        self.clearings += 1;
        self.clearings
    }

    /// What strikes one request, in the order the rules were made.
    pub(super) fn draw(&mut self, operation: &str, touches: Touches) -> Drawn {
        let mut faults = Vec::new();
        for rule in &mut self.rules {
            let named = rule.operation == "*" || rule.operation == operation;
            if !named || !rule.fault.applies_to(touches) || rule.times == Some(0) {
                continue;
            }
            if rule.probability.is_some_and(|likely| !self.luck.random_bool(likely)) {
                continue;
            }
            rule.times = rule.times.map(|left| left - 1);
            faults.push(rule.fault.clone());
        }
        Drawn { faults, clearings: self.clearings }
    }
}

/// Of an operation of any wire, or of a look at what there is.
fn touches(name: &str) -> Option<Touches> {
    let others = [rest::touches, discovery::touches, bridge::touches];
    let soap = soap::operation(name).map(|operation| operation.touches);
    soap.or_else(|| others.into_iter().find_map(|touches| touches(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(operation: &str, fault: Fault) -> FaultRule {
        FaultRule { operation: operation.to_owned(), fault, times: None, probability: None }
    }

    fn struck(plan: &mut FaultPlan, name: &str) -> Vec<Fault> {
        plan.draw(name, touches(name).unwrap()).faults
    }

    #[test]
    fn a_counted_rule_strikes_that_many_times_and_an_uncounted_one_for_ever() {
        let mut plan = FaultPlan::new(1);
        plan.add(FaultRule { times: Some(2), ..rule("addAppointment", Fault::Http500) }).unwrap();
        plan.add(rule("*", Fault::Latency { ms: 1 })).unwrap();
        assert_eq!(struck(&mut plan, "isAlive"), [Fault::Latency { ms: 1 }]);
        for expected in [2, 2, 1, 1] {
            assert_eq!(struck(&mut plan, "addAppointment").len(), expected);
        }
        plan.clear();
        assert_eq!(struck(&mut plan, "addAppointment"), []);
    }

    #[test]
    fn luck_replays_from_the_seed() {
        let draws = |seed| {
            let mut plan = FaultPlan::new(seed);
            plan.add(FaultRule { probability: Some(0.5), ..rule("isAlive", Fault::Hang) }).unwrap();
            (0..64).map(|_| struck(&mut plan, "isAlive").len()).collect::<Vec<_>>()
        };
        assert_eq!(draws(7), draws(7));
        assert_ne!(draws(7), draws(8));
        assert!((16..48).contains(&draws(7).iter().sum::<usize>()));
    }

    #[test]
    fn a_rule_that_could_never_strike_is_refused() {
        let mut plan = FaultPlan::new(1);
        let mut refused = |rule| plan.add(rule).unwrap_err();
        assert_eq!(refused(rule("bookIt", Fault::Hang)), UnusableRule::UnknownOperation);
        assert_eq!(refused(rule("isAlive", Fault::ClerkTakesSlotBefore)), UnusableRule::DoesNotFit);
        assert_eq!(
            refused(rule("addAppointment", Fault::ClerkCancelsBeforeUpdate)),
            UnusableRule::DoesNotFit
        );
        let unlikely = FaultRule { probability: Some(1.5), ..rule("*", Fault::Hang) };
        assert_eq!(refused(unlikely), UnusableRule::Probability);
    }

    #[test]
    fn a_rule_is_written_in_json_and_a_misspelt_field_is_refused() {
        let read = |json: &str| serde_json::from_str::<FaultRule>(json);
        let plain = read(r#"{"operation":"*","fault":"http_500","times":3}"#).unwrap();
        assert_eq!((plain.fault, plain.times), (Fault::Http500, Some(3)));
        let late = read(r#"{"operation":"*","fault":{"delayed_commit":{"ms":50}}}"#).unwrap();
        assert_eq!(late.fault, Fault::DelayedCommit { ms: 50 });
        assert!(read(r#"{"operation":"*","fault":"hang","time":3}"#).is_err());
        assert!(read(r#"{"operation":"*","fault":{"latency":{"sec":1}}}"#).is_err());
    }
}
