//! What became of the calls of a node that died: that each was taken over, how long that took, and what else whoever rang
//! waited for.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Duration, Instant};

use crate::callers::Webhook;
use crate::nodes::Nodes;

pub(crate) struct Death {
    pub(crate) at: Instant,
    /// The calls that were its own, and under which ownership each.
    pub(crate) calls: HashMap<String, i64>,
    /// All that the process has said.
    pub(crate) log: String,
}

/// What all nodes say of each call.
pub(crate) struct Logs {
    whole: Vec<String>,
    /// By the number of the ownership.
    taken_over: HashMap<String, BTreeMap<i64, Duration>>,
    answered: HashMap<String, Vec<(Timestamp, Duration)>>,
}

/// The first webhook of a dead node's call after the death.
struct Next<'a> {
    webhook: &'a Webhook,
    /// From its arrival at the node that answered it.
    at_the_node: Duration,
}

impl Logs {
    pub(crate) fn of(nodes: &Nodes, deaths: &[Death]) -> Self {
        let mut whole: Vec<String> = nodes.running().map(|node| node.process.out()).collect();
        whole.extend(deaths.iter().map(|death| death.log.clone()));
        let (mut taken_over, mut answered) = (HashMap::new(), HashMap::new());
        let lines = whole.iter().flat_map(|log| log.lines());
        for line in lines.filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            let Some(call) = line["call.id"].as_str().map(str::to_owned) else { continue };
            let took = Duration::from_millis(line["elapsed_ms"].as_u64().unwrap_or_default());
            if line["message"] == "a call is taken over" {
                let fence = line["call.fence"].as_i64().expect("a number");
                taken_over.entry(call).or_insert_with(BTreeMap::new).insert(fence, took);
            } else if line["message"] == "webhook answered" {
                let at = line["timestamp"].as_str().and_then(|at| at.parse().ok()).expect("a time");
                answered.entry(call).or_insert_with(Vec::new).push((at, took));
            }
        }
        Self { whole, taken_over, answered }
    }

    /// Nobody was refused because their call could not be adopted, which is said after the daemon's own deadline for it,
    /// and every call of the dead that asked on was. Says how long that took, and what the rest was spent on.
    pub(crate) fn judge(&self, deaths: &[Death], webhooks: &[Webhook]) -> String {
        let refused: Vec<&str> = self.lines("a call could not be adopted").collect();
        assert!(refused.is_empty(), "not adopted in time: {refused:#?}");
        let failed = webhooks.iter().filter(|one| one.not_yet == Some("INTERNAL_ERROR")).count();
        assert_eq!(failed, 0, "refused by a node");
        let orphans = deaths.iter().flat_map(|death| death.calls.iter().map(move |orphan| (death, orphan)));
        let (mut adopted, mut next) = (Vec::new(), Vec::new());
        for (death, (call, fence)) in orphans {
            let taken_over = self.taken_over.get(call).and_then(|all| all.range(fence + 1..).next());
            adopted.extend(taken_over.map(|(_, took)| *took));
            if let Some(webhook) = asked_after(death, call, webhooks) {
                assert!(taken_over.is_some(), "{call} asked on, and nobody says that it was taken over");
                next.extend(self.answered(webhook));
            }
        }
        assert!(!next.is_empty(), "no call has outlived its node");
        format!("  of the dead nodes' calls {}\n  {}", said(adopted, "were adopted"), told(&next))
    }

    fn lines<'a>(&'a self, message: &'a str) -> impl Iterator<Item = &'a str> {
        self.whole.iter().flat_map(|log| log.lines()).filter(move |line| line.contains(message))
    }

    /// A call asks one thing after the other, so what was logged while it waited was its answer.
    fn answered<'a>(&self, webhook: &'a Webhook) -> Option<Next<'a>> {
        let waited = webhook.heard - webhook.took..=webhook.heard;
        let (_, took) = self.answered.get(&webhook.call)?.iter().rfind(|(at, _)| waited.contains(at))?;
        Some(Next { webhook, at_the_node: *took })
    }
}

/// Listed in the order of their answers, which within a call is that of their sending.
fn asked_after<'a>(death: &Death, call: &str, webhooks: &'a [Webhook]) -> Option<&'a Webhook> {
    webhooks.iter().find(|one| one.call == call && one.is_tool_call && one.sent > death.at)
}

fn told(next: &[Next]) -> String {
    let of = |part: fn(&Next) -> Duration| next.iter().map(part).collect::<Vec<_>>();
    let certain = next.iter().filter(|one| one.webhook.not_yet.is_none());
    let (outside, not_yet) = (of(|one| one.webhook.took.saturating_sub(one.at_the_node)), |code| {
        next.iter().filter(|one| one.webhook.not_yet == Some(code)).count()
    });
    format!(
        "their next tool calls: {}; {}; {}; {} hold a claim of the dead (PENDING), {} wait for its day (BUSY)",
        said(of(|one| one.webhook.took), "were answered"),
        said(outside, "were so long outside the nodes (the balancer, sending again)"),
        said(certain.map(|one| one.at_the_node).collect(), "were so long at a node that had an answer"),
        not_yet("PENDING"),
        not_yet("BUSY")
    )
}

fn said(mut took: Vec<Duration>, what: &str) -> String {
    took.sort_unstable();
    let at = |share: usize| took.get((took.len().max(1) - 1) * share / 100).map_or(0, Duration::as_millis);
    format!("{} {what}, {} ms at the median, {} ms at worst", took.len(), at(50), at(100))
}
