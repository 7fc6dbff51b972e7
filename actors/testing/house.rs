//! A world that outlives houses, and a house on it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use jiff::civil::Date;
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::pretend_emr::Connector;
use super::{MemoryStore, OwnClock, PausedClock, PretendDoor, PretendEmr};
use crate::crashpoint::Crashpoints;
use crate::directory::Directory;
use crate::domain::clinic::{Clinic, Line, Roster};
use crate::domain::ids::{CallId, CallKey, ClinicId, Generation, ToolCallId};
use crate::domain::membership::Membership;
use crate::domain::patient::Patient;
use crate::domain::phi::Phi;
use crate::domain::phone::PhoneNumber;
use crate::domain::time::Ts;
use crate::domain::tool::Tool;
use crate::exchange::Exchange;
use crate::hearsay::Hearsay;
use crate::house::{House, HouseSettings};
use crate::meters::Meters;
use crate::ports::reports::{CallReports, NobodyToAsk};
use crate::ports::sms::{SmsGateway, SmsMessage, SmsOutcome};
use crate::ports::voice::{ControlUrl, LiveOrder, Obeyed, VoiceControl};
use crate::ports::{Clock, Luck};
use crate::rest::Rest;
use crate::root::{Ended, Root};
use crate::switchboard::{Switchboard, ToolCall};

/// What a crash leaves standing: the store, the EMRs, the clinics, the clock.
pub struct World {
    pub store: Arc<MemoryStore>,
    pub emrs: HashMap<ClinicId, Arc<PretendEmr>>,
    pub clinics: Vec<Clinic>,
    pub clock: Arc<dyn Clock>,
    pub sms: Arc<PretendSms>,
    pub voice: Arc<PretendVoice>,
    pub reports: Arc<dyn CallReports>,
    pub settings: HouseSettings,
}

/// A gateway that delivers, and remembers what it was given.
#[derive(Default)]
pub struct PretendSms {
    sent: Mutex<Vec<String>>,
    takes: Mutex<Duration>,
}

impl PretendSms {
    pub fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers after this long from now on.
    pub fn slow_down(&self, takes: Duration) {
        *self.takes.lock().unwrap_or_else(PoisonError::into_inner) = takes;
    }
}

#[async_trait]
impl SmsGateway for PretendSms {
    async fn send(&self, message: &SmsMessage) -> SmsOutcome {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(message.body.reveal().clone());
        let takes = *self.takes.lock().unwrap_or_else(PoisonError::into_inner);
        sleep(takes).await;
        SmsOutcome::Accepted
    }

    fn delivers(&self) -> bool {
        true
    }
}

/// A platform that speaks and puts callers through, and remembers what it said and where they went.
#[derive(Default)]
pub struct PretendVoice {
    /// Where, and what.
    said: Mutex<Vec<(ControlUrl, String)>>,
    put_through: Mutex<Vec<Line>>,
    puts_nobody_through: AtomicBool,
}

impl PretendVoice {
    pub fn said(&self) -> Vec<String> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter().map(|(_, say)| say.clone()).collect()
    }

    pub fn has_said(&self, call: &CallId, words: &str) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let into = |place: &ControlUrl| place.reveal().split('/').any(|part| part == call.as_str());
        said.iter().any(|(place, say)| into(place) && say.contains(words))
    }

    pub fn put_through(&self) -> Vec<Line> {
        self.put_through.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn put_nobody_through(&self) {
        self.puts_nobody_through.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl VoiceControl for PretendVoice {
    async fn order(&self, control: &ControlUrl, order: &LiveOrder) -> Obeyed {
        let say = match order {
            LiveOrder::Transfer { .. } if self.puts_nobody_through.load(Ordering::SeqCst) => {
                return Obeyed::Refused;
            }
            LiveOrder::Transfer { to, say } => {
                self.put_through.lock().unwrap_or_else(PoisonError::into_inner).push(to.clone());
                say
            }
            LiveOrder::Say(say) => say,
            LiveOrder::End => return Obeyed::Yes,
        };
        let said = (control.clone(), say.reveal().clone());
        self.said.lock().unwrap_or_else(PoisonError::into_inner).push(said);
        Obeyed::Yes
    }
}

impl World {
    /// The morning of the day before [`super::visit_day`].
    pub fn of(clinics: Vec<Clinic>, patients: &[Patient]) -> Self {
        Self::before(super::visit_day(), clinics, patients)
    }

    /// The morning of the day before `visits`.
    pub fn before(visits: Date, clinics: Vec<Clinic>, patients: &[Patient]) -> Self {
        let morning = visits.yesterday().map(|day| day.at(8, 0, 0, 0));
        let zone = clinics.first().map(|clinic| clinic.timezone.clone());
        let base = morning.ok().zip(zone).and_then(|(wall, zone)| zone.instant(wall)).unwrap_or(Ts(0));
        let clock: Arc<dyn Clock> = Arc::new(PausedClock::at(base));
        let emr =
            |clinic: &Clinic| (clinic.id.clone(), PretendEmr::new(Arc::clone(&clock), patients.to_vec()));
        Self {
            store: Arc::default(),
            emrs: clinics.iter().map(emr).collect(),
            clinics,
            clock,
            sms: Arc::default(),
            voice: Arc::default(),
            reports: Arc::new(NobodyToAsk),
            settings: HouseSettings::default(),
        }
    }

    pub fn emr(&self, clinic: &str) -> &Arc<PretendEmr> {
        #[expect(clippy::expect_used, reason = "a test names a clinic it made")]
        ClinicId::parse(clinic).ok().and_then(|id| self.emrs.get(&id)).expect("a clinic of this world")
    }

    /// A process begins on this world; the one before it is dead.
    pub async fn begin(&self, seed: u64, crashpoints: Crashpoints) -> TestHouse {
        self.begin_on("node-1", seed, crashpoints).await
    }

    /// A process begins on a node, beside those of other nodes.
    pub async fn begin_on(&self, node: &str, seed: u64, crashpoints: Crashpoints) -> TestHouse {
        self.begin_as(self.store.begin_generation(node), seed, crashpoints).await
    }

    /// A process whose life the store knows of already.
    #[expect(clippy::expect_used, reason = "a test's own clinics")]
    pub async fn begin_as(&self, generation: Generation, seed: u64, crashpoints: Crashpoints) -> TestHouse {
        let roster = Roster::of(self.clinics.clone()).expect("clinics that do not contest a line");
        let store = Arc::new(self.store.connect());
        let clock = Arc::new(OwnClock::beside(Arc::clone(&self.clock)));
        let house = Arc::new(House {
            generation,
            store: Arc::<MemoryStore>::clone(&store),
            emr: Arc::new(Connector(self.emrs.clone())),
            sms: Arc::<PretendSms>::clone(&self.sms),
            voice: Arc::<PretendVoice>::clone(&self.voice),
            reports: Arc::clone(&self.reports),
            clock: Arc::<OwnClock>::clone(&clock),
            luck: Arc::new(Luck::seeded(seed)),
            roster: Arc::new(ArcSwap::from_pointee(roster)),
            directory: Directory::default(),
            membership: watch::Sender::new(Membership::UNCOUNTED),
            declared: watch::Sender::default(),
            usurped: watch::Sender::default(),
            hearsay: Hearsay::default(),
            meters: Arc::default(),
            rest: Rest::default(),
            settings: self.settings,
            crashpoints,
        });
        let door = Arc::new(PretendDoor::default());
        let root = Root::start(&house, Arc::new(Arc::clone(&door))).await.expect("a tree that starts");
        TestHouse { exchange: Arc::new(Exchange(Arc::clone(&house))), house, root, door, store, clock }
    }
}

/// A running tree.
pub struct TestHouse {
    pub house: Arc<House>,
    pub exchange: Arc<Exchange>,
    pub root: Root,
    pub door: Arc<PretendDoor>,
    /// This process's own connection, and its own clock.
    pub store: Arc<MemoryStore>,
    pub clock: Arc<OwnClock>,
}

impl TestHouse {
    pub fn meters(&self) -> &Meters {
        &self.house.meters
    }

    /// Stops in order.
    pub async fn stop(mut self) -> Ended {
        self.root.stop().await;
        self.root.ended().await
    }

    /// kill -9: nothing more reaches the store. What has left for an EMR arrives there all the same.
    pub async fn kill(self) {
        self.store.set_cut(true);
        self.freeze().await;
    }

    /// Its actors are gone and its node's next life begins, but tasks it had set going run on: a process that was held
    /// up and given up for dead, and finishes its sentence.
    pub async fn freeze(mut self) {
        self.root.actor().kill();
        let _ = self.root.ended().await;
    }

    /// Asks and parses the answer.
    pub async fn ask(&self, call: &str, id: &str, tool: Tool, arguments: Value) -> Value {
        self.ask_of("maple", call, id, tool, arguments, Some("604-555-0142")).await
    }

    pub async fn ask_of(
        &self,
        clinic: &str,
        call: &str,
        id: &str,
        tool: Tool,
        arguments: Value,
        caller: Option<&str>,
    ) -> Value {
        let tool_call = tool_call(clinic, call, id, tool, arguments, caller);
        let deadline = Instant::now() + Duration::from_millis(4_500);
        let line = self.exchange.ask(tool_call, deadline).await;
        serde_json::from_str(line.reveal()).unwrap_or(Value::Null)
    }

    /// Virtual time passes.
    pub async fn wait(&self, time: Duration) {
        sleep(time).await;
    }
}

#[expect(clippy::expect_used, reason = "a test's own ids")]
pub fn tool_call(
    clinic: &str,
    call: &str,
    id: &str,
    tool: Tool,
    arguments: Value,
    caller: Option<&str>,
) -> ToolCall {
    let Value::Object(arguments) = arguments else {
        return tool_call(clinic, call, id, tool, Value::Object(Map::new()), caller);
    };
    ToolCall {
        call: CallKey {
            clinic: ClinicId::parse(clinic).expect("a clinic id"),
            call: CallId::parse(call).expect("a call id"),
        },
        id: ToolCallId::parse(id).expect("a tool call id"),
        tool,
        arguments: Phi::new(arguments),
        caller: caller.and_then(|number| PhoneNumber::parse(number).ok()),
        control: CallId::parse(call)
            .ok()
            .and_then(|id| ControlUrl::parse(&format!("https://test.vapi.ai/{call}/control"), &id)),
        alarm: OnceLock::new(),
    }
}
