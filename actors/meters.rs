//! What the house counts. Labels are roles, services, outcomes and clinics: never a call, a number or a text.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::domain::ids::ClinicId;
use crate::domain::laws;
use crate::domain::time::Ts;
use crate::ports::emr::{Path, Service};
use crate::supervisor::Exit;
use crate::tree::Role;

/// A label whose values are written in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Word(pub &'static str);

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.encode(encoder)
    }
}

/// A clinic's slug as a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClinicLabel(pub ClinicId);

impl EncodeLabelValue for ClinicLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.as_str().encode(encoder)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ExitLabels {
    role: Word,
    exit: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RoleLabels {
    role: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct EmrLabels {
    clinic: ClinicLabel,
    /// `none` for what was refused before it went anywhere.
    path: Word,
    service: Word,
    outcome: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct GateLabels {
    clinic: ClinicLabel,
    path: Word,
    service: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ClinicLabels {
    clinic: ClinicLabel,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct OutcomeLabels {
    clinic: ClinicLabel,
    outcome: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct AlarmLabels {
    clinic: ClinicLabel,
    alarm: Word,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LawLabels {
    law: Word,
}

pub struct Meters {
    exits: Family<ExitLabels, Counter>,
    emr_requests: Family<EmrLabels, Counter>,
    emr_seconds: Family<GateLabels, Histogram, fn() -> Histogram>,
    breakers: Family<GateLabels, Gauge>,
    live_calls: Family<ClinicLabels, Gauge>,
    usurped: Family<ClinicLabels, Counter>,
    unadopted: Family<ClinicLabels, Counter>,
    not_worked: Family<RoleLabels, Counter>,
    sagas: Family<OutcomeLabels, Counter>,
    registrations: Family<OutcomeLabels, Counter>,
    handed_to_staff: Family<ClinicLabels, Counter>,
    dead_letters: Family<ClinicLabels, Counter>,
    held: Family<OutcomeLabels, Counter>,
    slot_offers: Family<OutcomeLabels, Counter>,
    sms: Family<OutcomeLabels, Counter>,
    alarms: Family<AlarmLabels, Counter>,
    said: Family<OutcomeLabels, Counter>,
    reports: Family<OutcomeLabels, Counter>,
    token_ends: Family<ClinicLabels, Gauge>,
    members: Gauge,
    called_dead: Counter,
    notices: Counter,
    sealed: Counter,
    purged: Counter,
    /// Messages refused because a mailbox was full, by the receiver's role.
    refused: [Arc<AtomicU64>; crate::tree::TREE.len()],
}

fn emr_seconds() -> Histogram {
    Histogram::new([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0])
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            exits: Family::default(),
            emr_requests: Family::default(),
            emr_seconds: Family::new_with_constructor(emr_seconds),
            breakers: Family::default(),
            live_calls: Family::default(),
            usurped: Family::default(),
            unadopted: Family::default(),
            not_worked: Family::default(),
            sagas: Family::default(),
            registrations: Family::default(),
            handed_to_staff: Family::default(),
            dead_letters: Family::default(),
            held: Family::default(),
            slot_offers: Family::default(),
            sms: Family::default(),
            alarms: Family::default(),
            said: Family::default(),
            reports: Family::default(),
            token_ends: Family::default(),
            members: Gauge::default(),
            called_dead: Counter::default(),
            notices: Counter::default(),
            sealed: Counter::default(),
            purged: Counter::default(),
            refused: std::array::from_fn(|_| Arc::default()),
        }
    }
}

impl Meters {
    pub fn register(self: &Arc<Self>, registry: &mut Registry) {
        registry.register("actor_exits", "Actors that ended otherwise than normally", self.exits.clone());
        registry.register("emr_requests", "EMR requests by outcome", self.emr_requests.clone());
        registry.register("emr_request_seconds", "Time an EMR request took", self.emr_seconds.clone());
        registry.register("emr_breaker_shut", "1 while a breaker is shut or probing", self.breakers.clone());
        registry.register("live_calls", "Phone calls with an actor", self.live_calls.clone());
        registry.register("calls_usurped", "Calls lost to another process", self.usurped.clone());
        registry.register("journals_not_adopted", "Tries that the store did not let", self.unadopted.clone());
        registry.register("bookings", "Bookings, moves and cancellations by outcome", self.sagas.clone());
        registry.register("registrations", "Registrations by outcome", self.registrations.clone());
        registry.register(
            "handed_to_staff",
            "Intents that ended in the hands of staff",
            self.handed_to_staff.clone(),
        );
        registry.register("dead_letters", "Inputs that killed their actor twice", self.dead_letters.clone());
        registry.register(
            "held_requests",
            "Requests kept while the EMR was away, and how they ended",
            self.held.clone(),
        );
        registry.register(
            "slot_offers",
            "Freed time offered to who waits for it, and how that ended",
            self.slot_offers.clone(),
        );
        registry.register("sms", "Text messages by outcome", self.sms.clone());
        registry.register("alarms", "Tool calls with alarming words in them", self.alarms.clone());
        registry.register(
            "said_afterwards",
            "Late answers told into the live call, and callers put through with them",
            self.said.clone(),
        );
        registry.register(
            "reports_asked_for",
            "Calls without a report that the voice platform was asked about",
            self.reports.clone(),
        );
        registry.register(
            "emr_token_ends_timestamp_seconds",
            "When a clinic's EMR token ends, in seconds since 1970",
            self.token_ends.clone(),
        );
        self.register_processes(registry);
        registry.register_collector(Box::new(Collected(Arc::clone(self))));
    }

    fn register_processes(&self, registry: &mut Registry) {
        registry.register(
            "members",
            "Processes at work on the store, this one included",
            self.members.clone(),
        );
        registry.register(
            "called_dead",
            "Processes that were silent for too long and were called dead by this one",
            self.called_dead.clone(),
        );
        registry.register("notices", "Words from other processes", self.notices.clone());
        registry.register("audit_sealed", "Audit entries sealed", self.sealed.clone());
        registry.register("rows_purged", "Rows past their time that were purged", self.purged.clone());
        registry.register(
            "singletons_kept_waiting",
            "Tries of the singletons that the store did not let",
            self.not_worked.clone(),
        );
    }

    pub fn count_exit(&self, role: Role, exit: Exit) {
        self.exits.get_or_create(&ExitLabels { role: Word(role.name()), exit: Word(exit.name()) }).inc();
    }

    pub fn exits(&self, role: Role, exit: Exit) -> u64 {
        self.exits.get_or_create(&ExitLabels { role: Word(role.name()), exit: Word(exit.name()) }).get()
    }

    pub fn emr_request(
        &self,
        clinic: &ClinicId,
        (path, service): (Path, Service),
        outcome: &'static str,
        took: std::time::Duration,
    ) {
        let clinic = ClinicLabel(clinic.clone());
        let (path, service, outcome) = (Word(path.name()), Word(service.name()), Word(outcome));
        self.emr_seconds
            .get_or_create(&GateLabels { clinic: clinic.clone(), path, service })
            .observe(took.as_secs_f64());
        self.emr_requests.get_or_create(&EmrLabels { clinic, path, service, outcome }).inc();
    }

    pub fn emr_refusal(&self, clinic: &ClinicId, service: Service, why: &'static str) {
        let labels = EmrLabels {
            clinic: ClinicLabel(clinic.clone()),
            path: Word("none"),
            service: Word(service.name()),
            outcome: Word(why),
        };
        self.emr_requests.get_or_create(&labels).inc();
    }

    pub fn breaker(&self, clinic: &ClinicId, (path, service): (Path, Service), shut: bool) {
        let labels = GateLabels {
            clinic: ClinicLabel(clinic.clone()),
            path: Word(path.name()),
            service: Word(service.name()),
        };
        self.breakers.get_or_create(&labels).set(i64::from(shut));
    }

    pub fn live_calls(&self, clinic: &ClinicId) -> Gauge {
        self.live_calls.get_or_create(&ClinicLabels { clinic: ClinicLabel(clinic.clone()) }).clone()
    }

    pub fn usurped(&self, clinic: &ClinicId) {
        self.usurped.get_or_create(&ClinicLabels { clinic: ClinicLabel(clinic.clone()) }).inc();
    }

    #[cfg(any(test, feature = "testing"))]
    pub fn usurpations(&self, clinic: &ClinicId) -> u64 {
        self.usurped.get_or_create(&ClinicLabels { clinic: ClinicLabel(clinic.clone()) }).get()
    }

    pub fn journal_not_adopted(&self, clinic: &ClinicId) {
        self.unadopted.get_or_create(&ClinicLabels { clinic: ClinicLabel(clinic.clone()) }).inc();
    }

    pub fn singleton_kept_waiting(&self, role: Role) {
        self.not_worked.get_or_create(&RoleLabels { role: Word(role.name()) }).inc();
    }

    pub fn saga(&self, clinic: &ClinicId, outcome: &'static str) {
        let labels = OutcomeLabels { clinic: ClinicLabel(clinic.clone()), outcome: Word(outcome) };
        self.sagas.get_or_create(&labels).inc();
    }

    pub fn registration(&self, clinic: &ClinicId, outcome: &'static str) {
        let labels = OutcomeLabels { clinic: ClinicLabel(clinic.clone()), outcome: Word(outcome) };
        self.registrations.get_or_create(&labels).inc();
    }

    pub fn handed_to_staff(&self, clinic: &ClinicId) {
        self.handed_to_staff.get_or_create(&ClinicLabels { clinic: ClinicLabel(clinic.clone()) }).inc();
    }

    pub fn dead_letter(&self, clinic: &ClinicId) {
        self.dead_letters.get_or_create(&ClinicLabels { clinic: ClinicLabel(clinic.clone()) }).inc();
    }

    pub fn sms(&self, clinic: &ClinicId, outcome: &'static str) {
        let labels = OutcomeLabels { clinic: ClinicLabel(clinic.clone()), outcome: Word(outcome) };
        self.sms.get_or_create(&labels).inc();
    }

    /// `kept`, `full`, or the state it ended in.
    pub fn held(&self, clinic: &ClinicId, outcome: &'static str) {
        let labels = OutcomeLabels { clinic: ClinicLabel(clinic.clone()), outcome: Word(outcome) };
        self.held.get_or_create(&labels).inc();
    }

    /// Counted once as it is made, `offered` or `to_be_called`, and once as it ends.
    pub fn slot_offer(&self, clinic: &ClinicId, state: &'static str) {
        let labels = OutcomeLabels { clinic: ClinicLabel(clinic.clone()), outcome: Word(state) };
        self.slot_offers.get_or_create(&labels).inc();
    }

    #[cfg(any(test, feature = "testing"))]
    pub fn slot_offers(&self, clinic: &ClinicId, state: &'static str) -> u64 {
        let labels = OutcomeLabels { clinic: ClinicLabel(clinic.clone()), outcome: Word(state) };
        self.slot_offers.get_or_create(&labels).get()
    }

    pub fn alarm(&self, clinic: &ClinicId, alarm: &'static str) {
        let labels = AlarmLabels { clinic: ClinicLabel(clinic.clone()), alarm: Word(alarm) };
        self.alarms.get_or_create(&labels).inc();
    }

    pub fn said(&self, clinic: &ClinicId, outcome: &'static str) {
        let labels = OutcomeLabels { clinic: ClinicLabel(clinic.clone()), outcome: Word(outcome) };
        self.said.get_or_create(&labels).inc();
    }

    pub fn report_asked(&self, clinic: &ClinicId, outcome: &'static str) {
        let labels = OutcomeLabels { clinic: ClinicLabel(clinic.clone()), outcome: Word(outcome) };
        self.reports.get_or_create(&labels).inc();
    }

    pub fn emr_token_ends(&self, clinic: &ClinicId, at: Ts) {
        let labels = ClinicLabels { clinic: ClinicLabel(clinic.clone()) };
        self.token_ends.get_or_create(&labels).set(at.0.div_euclid(1_000_000));
    }

    /// How many there are, and how many of them this process has just called dead.
    pub fn members(&self, at_work: usize, called_dead: usize) {
        self.members.set(i64::try_from(at_work).unwrap_or(i64::MAX));
        self.called_dead.inc_by(u64::try_from(called_dead).unwrap_or(u64::MAX));
    }

    pub fn noticed(&self) {
        self.notices.inc();
    }

    pub fn sealed(&self, entries: u64) {
        self.sealed.inc_by(entries);
    }

    pub fn purged(&self, rows: u64) {
        self.purged.inc_by(rows);
    }

    /// The overflow counter of a role's mailboxes.
    pub fn refused(&self, role: Role) -> Arc<AtomicU64> {
        Arc::clone(&self.refused[role as usize])
    }
}

/// Counters that live elsewhere, read when they are asked for.
#[derive(Debug)]
struct Collected(Arc<Meters>);

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meters")
    }
}

impl prometheus_client::collector::Collector for Collected {
    fn encode(
        &self,
        mut encoder: prometheus_client::encoding::DescriptorEncoder<'_>,
    ) -> Result<(), std::fmt::Error> {
        use prometheus_client::encoding::EncodeMetric;
        use std::sync::atomic::Ordering::Relaxed;
        let refused = Family::<RoleLabels, Counter>::default();
        for row in &crate::tree::TREE {
            let labels = RoleLabels { role: Word(row.role.name()) };
            refused.get_or_create(&labels).inc_by(self.0.refused[row.role as usize].load(Relaxed));
        }
        let metric = encoder.encode_descriptor(
            "mailbox_refusals",
            "Messages refused by a full mailbox",
            None,
            prometheus_client::metrics::MetricType::Counter,
        )?;
        refused.encode(metric)?;
        let broken = Family::<LawLabels, Counter>::default();
        for (law, times) in laws::breaches() {
            broken.get_or_create(&LawLabels { law: Word(law.id()) }).inc_by(times);
        }
        let metric = encoder.encode_descriptor(
            "laws_broken",
            "Breaches of a law of the house; anything but 0 is an incident",
            None,
            prometheus_client::metrics::MetricType::Counter,
        )?;
        broken.encode(metric)
    }
}
