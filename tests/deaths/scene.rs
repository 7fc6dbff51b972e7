//! Two clinics, their callers, and what is going on when somebody dies.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use vitarad_actors::call::CallMsg;
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::domain::ids::{CallKey, ClinicId};
use vitarad_actors::domain::tool::Tool;
use vitarad_actors::mailbox::Mailbox;
use vitarad_actors::ports::store::BookingStore;
use vitarad_actors::switchboard::{Switchboard, ToolCall};
use vitarad_actors::testing::{Fate, PretendEmr, TestHouse, World, clinic, patient, tool_call, visit_day};

pub(crate) const CLINICS: [&str; 2] = ["maple", "cedar"];
/// Long enough for every pause, journal look and quarantine that a single death can bring about.
pub(crate) const AFTERMATH: Duration = Duration::from_mins(3);

/// Somebody on the telephone.
#[derive(Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) clinic: &'static str,
    pub(crate) call: &'static str,
    pub(crate) patient: i32,
}

/// At maple, asking for free slots.
pub(crate) const READER: Caller = Caller { clinic: "maple", call: "reader", patient: 42 };
/// At maple, booking.
pub(crate) const BOOKER: Caller = Caller { clinic: "maple", call: "booker", patient: 7 };
/// At maple, saying nothing.
pub(crate) const SILENT: Caller = Caller { clinic: "maple", call: "silent", patient: 9 };
/// At cedar, booking.
pub(crate) const NEIGHBOUR: Caller = Caller { clinic: "cedar", call: "neighbour", patient: 8 };
pub(crate) const CALLERS: [Caller; 4] = [READER, BOOKER, SILENT, NEIGHBOUR];

impl Caller {
    pub(crate) fn asks(self, id: &str, tool: Tool, arguments: Value) -> ToolCall {
        let number = format!("604-555-01{:02}", self.patient);
        tool_call(self.clinic, self.call, id, tool, arguments, Some(&number))
    }

    pub(crate) fn verifies(self) -> ToolCall {
        let born = patient(self.patient).birth_date.unwrap().reveal().to_string();
        self.asks("verify", Tool::SearchPatientByPhone, json!({ "dateOfBirth": born }))
    }

    pub(crate) fn looks(self) -> ToolCall {
        self.asks("look", Tool::FindEarliestAppointment, json!({}))
    }

    pub(crate) fn books(self, id: &str) -> ToolCall {
        let ten = json!({ "date": visit_day().to_string(), "startTime": "10:00", "providerId": "021" });
        self.asks(id, Tool::CreateAppointment, ten)
    }

    pub(crate) fn inquires(self, id: &str) -> ToolCall {
        self.asks(id, Tool::GetPatient, json!({}))
    }

    pub(crate) fn key(self) -> CallKey {
        self.asks("x", Tool::GetClinicInfo, json!({})).call
    }
}

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) house: TestHouse,
}

impl Scene {
    /// Everybody is on the line and verified.
    pub(crate) async fn begin() -> Self {
        Self::on(Self::world(), Crashpoints::default()).await
    }

    pub(crate) fn world() -> World {
        let patients: Vec<_> = CALLERS.iter().map(|caller| patient(caller.patient)).collect();
        World::of(CLINICS.iter().map(|id| clinic(id, 2)).collect(), &patients)
    }

    pub(crate) async fn on(world: World, crashpoints: Crashpoints) -> Self {
        let house = world.begin(1, crashpoints).await;
        let scene = Self { world, house };
        for caller in CALLERS {
            assert_eq!(scene.code(caller.verifies()).await, "VERIFIED", "{}", caller.call);
        }
        scene
    }

    /// Somebody asks; the answer is waited for elsewhere.
    pub(crate) fn asks(&self, tool_call: ToolCall) -> JoinHandle<Value> {
        let exchange = Arc::clone(&self.house.exchange);
        tokio::spawn(async move {
            let begun = Instant::now();
            let line = exchange.ask(tool_call, begun + Duration::from_millis(4_500)).await;
            assert!(begun.elapsed() < Duration::from_millis(4_550), "law C-1: {:?}", begun.elapsed());
            serde_json::from_str(line.reveal()).expect("law C-1: one well-formed answer")
        })
    }

    pub(crate) async fn code(&self, tool_call: ToolCall) -> String {
        code_of(&self.asks(tool_call).await.unwrap())
    }

    pub(crate) fn mailbox(&self, caller: Caller) -> Option<Mailbox<CallMsg>> {
        self.house.house.directory.call(&caller.key())
    }

    pub(crate) fn emr(&self, caller: Caller) -> &Arc<PretendEmr> {
        self.world.emr(caller.clinic)
    }

    /// Every request to every EMR takes this long.
    pub(crate) fn emrs_take(&self, after: Duration) {
        for clinic in CLINICS {
            self.world.emr(clinic).script(move |_| Fate::Answered { after });
        }
    }

    /// How many bookings are unsettled, and how many were handed to staff.
    pub(crate) async fn journal(&self, clinic: &str) -> (u64, u64) {
        let counts = self.world.store.journal_counts(&id(clinic)).await.unwrap();
        (counts.unsettled, counts.handed_to_staff)
    }

    /// What an operator would scrape.
    pub(crate) fn metrics(&self) -> String {
        let (mut registry, mut page) = (Registry::default(), String::new());
        self.house.house.meters.register(&mut registry);
        prometheus_client::encoding::text::encode(&mut page, &registry).expect("metrics that can be written");
        page
    }

    /// All calls end, and nothing of them remains.
    pub(crate) async fn everybody_hangs_up(&self) {
        let directory = &self.house.house.directory;
        for mailbox in CLINICS.iter().flat_map(|clinic| directory.calls_of(&id(clinic))) {
            assert!(mailbox.post(CallMsg::End).is_ok());
        }
        sleep(self.house.house.settings.call_linger * 2).await;
        assert_eq!(directory.live_calls(), 0);
        for clinic in CLINICS {
            assert_eq!(self.house.meters().live_calls(&id(clinic)).get(), 0, "{clinic}");
            let cell = directory.cell(&id(clinic), || panic!("the cell has been made"));
            let sagas = self.house.house.settings.sagas_per_clinic;
            assert_eq!(cell.bulkhead.in_flight(), 0, "{clinic}: in flight");
            assert_eq!(cell.sagas.available_permits(), sagas, "{clinic}: places of its desk");
        }
    }
}

pub(crate) fn code_of(answer: &Value) -> String {
    answer["code"].as_str().expect("law C-1: a code").to_owned()
}

pub(crate) fn id(clinic: &str) -> ClinicId {
    ClinicId::parse(clinic).unwrap()
}

/// Polls until something is so; time is virtual.
pub(crate) async fn until(what: &str, seen: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(10);
    while !seen() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}
