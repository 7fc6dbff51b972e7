//! Patients who are on the line through all upgrades: what they have told, and what they were told, outlives each process.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use futures::future::join_all;
use serde_json::{Value, json};
use vitarad::boot;
use vitarad::config::Settings;
use vitarad::sandbox::oscar::Appointment;
use vitarad::sandbox::oscar::demo::{MARIE, OMAR, Person, WEI, ZOE};
use vitarad_actors::domain::ids::{CallId, CallKey, ClinicId};
use vitarad_actors::ports::store::CallStore;

use crate::daemon::Daemon;
use crate::premises::Premises;
use crate::town::{Emr, MAPLE_LINE};
use crate::voice::PhoneCall;

struct Caller {
    person: Person,
    call: PhoneCall,
    may_be_texted: bool,
    /// The slot that was offered last.
    slot: Value,
}

pub(crate) struct Callers {
    patients: Vec<Caller>,
    /// The answers that said so, by whose turn it was.
    booked: BTreeMap<usize, Value>,
    asked: usize,
}

impl Callers {
    /// Each is identified, says whether they may be texted, and is offered a slot.
    pub(crate) async fn ring(daemon: &Daemon) -> Self {
        let mut all = Self { patients: Vec::new(), booked: BTreeMap::new(), asked: 0 };
        for (nth, person) in [MARIE, WEI, OMAR, ZOE].into_iter().enumerate() {
            let call = daemon.platform.call(&call_id(person), MAPLE_LINE, Some(person.phone));
            call.verify(person).await;
            let may_be_texted = nth % 2 == 0;
            let noted =
                call.ask("consent", "log_call_metadata", json!({ "smsConsent": may_be_texted })).await;
            assert_eq!(noted["success"], true, "{noted}");
            all.patients.push(Caller { person, call, may_be_texted, slot: Value::Null });
            all.is_offered_another(nth).await;
        }
        all
    }

    async fn is_offered_another(&mut self, nth: usize) {
        self.asked += 1;
        let id = format!("find-{}", self.asked);
        let found = self.patients[nth].call.ask(&id, "find_earliest_appointment", json!({})).await;
        assert_eq!(found["code"], "SLOT_FOUND", "{found}");
        self.patients[nth].slot = found["slot"]["slotId"].clone();
    }

    /// Those whose turn it is book what they were offered, at once.
    pub(crate) async fn book(&mut self, turns: Range<usize>) {
        let told = join_all(turns.clone().map(|turn| self.asks_to_book(turn))).await;
        for (turn, told) in turns.zip(told) {
            assert_eq!(told["code"], "BOOKED", "{told}");
            self.booked.insert(turn, told);
        }
    }

    fn whose(&self, turn: usize) -> usize {
        turn % self.patients.len()
    }

    async fn asks_to_book(&self, turn: usize) -> Value {
        let Caller { call, slot, .. } = &self.patients[self.whose(turn)];
        call.ask(&format!("book-{turn}"), "create_appointment", json!({ "slotId": slot })).await
    }

    /// What was told before is told again, to the same tool call, by whoever is asked; then the call goes on.
    pub(crate) async fn hear_the_same_and_go_on(&mut self, turns: Range<usize>) {
        for turn in turns {
            let again = self.asks_to_book(turn).await;
            assert_eq!(Some(&again), self.booked.get(&turn), "turn {turn}");
            self.is_offered_another(self.whose(turn)).await;
        }
    }

    /// How many bookings were made by who had agreed to be texted, which only the first process was told.
    pub(crate) fn to_be_texted(&self) -> usize {
        self.booked.keys().filter(|turn| self.patients[self.whose(**turn)].may_be_texted).count()
    }

    pub(crate) fn said(&self) -> usize {
        self.booked.len()
    }

    /// Appointments that were promised and are not in the EMR, and what of ours is there that was promised to nobody.
    pub(crate) fn lost_and_doubled(&self, emr: &Emr) -> (usize, usize) {
        let said: BTreeSet<i64> = self.booked.values().filter_map(appointment).collect();
        assert_eq!(said.len(), self.booked.len(), "nobody was promised what another has");
        let live = emr.marked().into_iter().filter(Appointment::occupies);
        let live: BTreeSet<i64> = live.map(|row| i64::from(row.id)).collect();
        (said.difference(&live).count(), live.difference(&said).count() + emr.our_overlaps().len())
    }

    /// What the last process writes down of each call is what was said to the first.
    pub(crate) async fn hang_up(&self, daemon: &Daemon, premises: &Premises) {
        let environment = premises.environment.clone().into_iter();
        let loaded = Settings::load(Some(&premises.config_file()), environment).expect("settings");
        let store = boot::open(&loaded.settings).await.expect("a store");
        for Caller { person, call, may_be_texted, .. } in &self.patients {
            let reply = daemon.platform.post("/api/vapi", call.ended().to_string()).await;
            assert_eq!(reply.expect("an answer").status, 200);
            let (clinic, call) = (ClinicId::parse("maple"), CallId::parse(&call_id(*person)));
            let key = CallKey { clinic: clinic.expect("a clinic"), call: call.expect("a call") };
            let record = store.call_record(&key).await.expect("the store answers").expect("a record");
            assert_eq!(record.sms_consent, Some(*may_be_texted));
        }
    }
}

/// The same people on other phones, who only ask what the EMR knows of them.
pub(crate) async fn readers(daemon: &Daemon) -> Vec<PhoneCall> {
    let mut readers = Vec::new();
    for person in [MARIE, WEI, OMAR, ZOE] {
        let id = format!("reader-{}", person.demographic_no);
        let call = daemon.platform.call(&id, MAPLE_LINE, Some(person.phone));
        call.verify(person).await;
        readers.push(call);
    }
    readers
}

fn call_id(person: Person) -> String {
    format!("caller-{}", person.demographic_no)
}

fn appointment(told: &Value) -> Option<i64> {
    told["appointment"]["appointmentId"].as_i64()
}
