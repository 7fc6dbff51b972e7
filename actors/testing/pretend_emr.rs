//! An EMR in memory with OSCAR's manners: it checks nothing, overwrites whole rows, and may lose an answer, the request,
//! or an hour. Which of these happens to a request is decided by a script. It may have several ways in, as a real one has,
//! and then tells of its rows differently on each.

mod charts;
mod connection;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::civil::Date;
use tokio::time::sleep;

use self::connection::Connection;
use crate::domain::appointment::{Appointment, AppointmentTexts, NewAppointment, Status};
use crate::domain::booking::Slot;
use crate::domain::capabilities::Capability;
use crate::domain::clinic::Clinic;
use crate::domain::ids::{AppointmentNo, ClinicId, DemographicNo, ProviderNo};
use crate::domain::laws::LiveRow;
use crate::domain::new_patient::ChartRecord;
use crate::domain::patient::Patient;
use crate::domain::time::{Interval, Minute, Ts};
use crate::ports::Clock;
use crate::ports::emr::{Emr, EmrConnector, EmrFailure, EmrResult, Operation, Path};

/// The requests a script can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    Providers,
    TemplateCodes,
    DaySchedule,
    DayRows,
    AppointmentsOf,
    Appointment,
    /// Every search for charts.
    Charts,
    Chart,
    Add,
    Cancel,
    AddChart,
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Answered {
        after: Duration,
    },
    /// Nothing is done.
    Fails {
        after: Duration,
        with: EmrFailure,
    },
    /// It is done, and the answer is lost.
    AnswerLost {
        after: Duration,
        with: EmrFailure,
    },
    /// The answer is lost at once, and it is done later, so many times.
    DoneLater {
        after: Duration,
        times: u32,
        with: EmrFailure,
    },
    /// It is done twice, and answered once.
    DoneTwice {
        after: Duration,
    },
    Hangs,
}

impl Fate {
    pub const PROMPT: Self = Self::Answered { after: Duration::from_millis(20) };
}

/// A row as the EMR keeps it.
#[derive(Clone)]
pub struct Row {
    pub appointment: Appointment,
    pub added_at: Ts,
    /// When somebody other than us last touched it.
    pub staff_at: Option<Ts>,
    /// When we read it by itself, for law B-7.
    pub read_at: Vec<Ts>,
}

/// Told of each write before it is applied: for the laws.
type Watch = Box<dyn Fn(&EmrWrite<'_>) + Send + Sync>;

/// A write of ours, as it arrives.
pub enum EmrWrite<'a> {
    Add { new: &'a NewAppointment, at: Ts },
    Cancel { seen: &'a Appointment, now: &'a Row, rows: &'a BTreeMap<AppointmentNo, Row>, sent: Ts, at: Ts },
}

type Script = Box<dyn FnMut(Path, Op) -> Fate + Send>;

pub struct PretendEmr {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    script: Mutex<Script>,
    watch: Mutex<Option<Watch>>,
    ways: Mutex<BTreeMap<Path, PretendWay>>,
}

/// One way in.
#[derive(Default)]
struct PretendWay {
    is_closed: bool,
    lacks: Vec<Operation>,
    says: Option<EmrResult<Vec<Capability>>>,
    discoveries: u64,
}

struct State {
    rows: BTreeMap<AppointmentNo, Row>,
    next: i32,
    patients: Vec<Patient>,
    /// Those that were made by telephone, in full.
    charts: BTreeMap<DemographicNo, ChartRecord>,
    /// The painted day of every provider, in quarter hours since midnight, all of code `1`.
    painted: Range<u16>,
    requests: HashMap<(Path, Op), u64>,
    at_once: usize,
    most_at_once: usize,
}

/// A request under way; counted out when it ends, or is given up.
struct Underway(Arc<PretendEmr>);

impl Drop for Underway {
    fn drop(&mut self) {
        locked(&self.0.state).at_once -= 1;
    }
}

impl PretendEmr {
    pub fn new(clock: Arc<dyn Clock>, patients: Vec<Patient>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            state: Mutex::new(State {
                rows: BTreeMap::new(),
                next: 1,
                patients,
                charts: BTreeMap::new(),
                painted: 36..68,
                requests: HashMap::new(),
                at_once: 0,
                most_at_once: 0,
            }),
            script: Mutex::new(Box::new(|_, _| Fate::PROMPT)),
            watch: Mutex::new(None),
            ways: Mutex::new(BTreeMap::from([(Path::Soap, PretendWay::default())])),
        })
    }

    pub fn script(&self, mut script: impl FnMut(Op) -> Fate + Send + 'static) {
        self.script_by_path(move |_, op| script(op));
    }

    pub fn script_by_path(&self, script: impl FnMut(Path, Op) -> Fate + Send + 'static) {
        *locked(&self.script) = Box::new(script);
    }

    /// From the next connection on there are these ways in, all of them open.
    pub fn has_paths(&self, paths: &[Path]) {
        *locked(&self.ways) = paths.iter().map(|path| (*path, PretendWay::default())).collect();
    }

    pub fn set_open(&self, path: Path, is_open: bool) {
        self.with_way(path, |way| way.is_closed = !is_open);
    }

    /// What this path does not have on any server.
    pub fn lacks(&self, path: Path, operations: &[Operation]) {
        self.with_way(path, |way| way.lacks = operations.to_vec());
    }

    /// What the server says it can do by this path.
    pub fn says_it_can(&self, path: Path, said: EmrResult<Vec<Capability>>) {
        self.with_way(path, |way| way.says = Some(said));
    }

    pub fn discoveries(&self, path: Path) -> u64 {
        self.with_way(path, |way| way.discoveries)
    }

    fn with_way<T>(&self, path: Path, act: impl FnOnce(&mut PretendWay) -> T) -> T {
        act(locked(&self.ways).entry(path).or_default())
    }

    pub fn watch(&self, watch: impl Fn(&EmrWrite<'_>) + Send + Sync + 'static) {
        *locked(&self.watch) = Some(Box::new(watch));
    }

    pub fn requests(&self, op: Op) -> u64 {
        Path::ALL.into_iter().map(|path| self.requests_by(path, op)).sum()
    }

    pub fn requests_by(&self, path: Path, op: Op) -> u64 {
        locked(&self.state).requests.get(&(path, op)).copied().unwrap_or(0)
    }

    pub fn all_requests(&self) -> u64 {
        locked(&self.state).requests.values().sum()
    }

    pub fn most_at_once(&self) -> usize {
        locked(&self.state).most_at_once
    }

    pub fn rows(&self) -> Vec<Row> {
        locked(&self.state).rows.values().cloned().collect()
    }

    pub fn row(&self, no: AppointmentNo) -> Option<Row> {
        locked(&self.state).rows.get(&no).cloned()
    }

    pub fn live(&self) -> Vec<LiveRow> {
        let live = |row: &&Row| row.appointment.status.occupies();
        locked(&self.state).rows.values().filter(live).map(live_row).collect()
    }

    /// From nine to five, if nothing else is said.
    pub fn paint(&self, quarters: Range<u16>) {
        locked(&self.state).painted = quarters;
    }

    // --- staff -------------------------------------------------------------------------------------------------------

    pub fn staff_adds(&self, slot: &Slot, patient: DemographicNo) -> AppointmentNo {
        let mut state = locked(&self.state);
        let at = self.clock.now();
        state.add(slot, patient, AppointmentTexts::default(), at, Some(at))
    }

    /// `false` when there is no such row.
    pub fn staff_edits(&self, no: AppointmentNo, edit: impl FnOnce(&mut Appointment)) -> bool {
        let at = self.clock.now();
        let mut state = locked(&self.state);
        let Some(row) = state.rows.get_mut(&no) else { return false };
        edit(&mut row.appointment);
        row.appointment.changed_at = Some(at.0.to_string());
        row.staff_at = Some(at);
        true
    }

    // --- fates -------------------------------------------------------------------------------------------------------

    async fn meets<T>(
        self: &Arc<Self>,
        by: Path,
        op: Op,
        act: impl Fn(&Self) -> T + Send + Sync + 'static,
    ) -> EmrResult<T>
    where
        T: Send + 'static,
    {
        let _underway = self.arrives(by, op);
        let fate = (locked(&self.script))(by, op);
        match fate {
            Fate::Answered { after } => {
                sleep(after).await;
                Ok(act(self))
            }
            Fate::Fails { after, with } => {
                sleep(after).await;
                Err(with)
            }
            Fate::AnswerLost { after, with } => {
                sleep(after / 2).await;
                drop(act(self));
                sleep(after / 2).await;
                Err(with)
            }
            Fate::DoneLater { after, times, with } => {
                let emr = Arc::clone(self);
                tokio::spawn(async move {
                    sleep(after).await;
                    (0..times).for_each(|_| drop(act(&emr)));
                });
                Err(with)
            }
            Fate::DoneTwice { after } => {
                sleep(after).await;
                drop(act(self));
                Ok(act(self))
            }
            Fate::Hangs => std::future::pending().await,
        }
    }

    fn arrives(self: &Arc<Self>, by: Path, op: Op) -> Underway {
        let mut state = locked(&self.state);
        *state.requests.entry((by, op)).or_default() += 1;
        state.at_once += 1;
        state.most_at_once = state.most_at_once.max(state.at_once);
        Underway(Arc::clone(self))
    }

    fn told(&self, write: &EmrWrite<'_>) {
        if let Some(watch) = &*locked(&self.watch) {
            watch(write);
        }
    }

    fn add(&self, new: &NewAppointment) -> AppointmentNo {
        let at = self.clock.now();
        self.told(&EmrWrite::Add { new, at });
        let slot = Slot { provider: new.provider.clone(), date: new.date, interval: new.interval };
        let texts = AppointmentTexts {
            name: Some(new.name.clone()),
            notes: Some(format!("{} {}", new.mark, new.note).into()),
            reason: Some(new.reason.clone()),
            ..AppointmentTexts::default()
        };
        locked(&self.state).add(&slot, new.patient, texts, at, None)
    }

    fn cancel(&self, seen: &Appointment, sent: Ts) {
        let at = self.clock.now();
        let mut state = locked(&self.state);
        let Some(now) = state.rows.get(&seen.no) else { return };
        self.told(&EmrWrite::Cancel { seen, now, rows: &state.rows, sent, at });
        if let Some(row) = state.rows.get_mut(&seen.no) {
            // The whole row, times excepted, as OSCAR does.
            let Appointment { date, interval, .. } = row.appointment;
            row.appointment = Appointment {
                status: Status::of(Status::CANCELLED),
                date,
                interval,
                changed_at: Some(at.0.to_string()),
                ..seen.clone()
            };
        }
    }
}

impl State {
    fn add(
        &mut self,
        slot: &Slot,
        patient: DemographicNo,
        texts: AppointmentTexts,
        at: Ts,
        staff_at: Option<Ts>,
    ) -> AppointmentNo {
        let no = AppointmentNo(self.next);
        self.next += 1;
        let appointment = Appointment {
            no,
            provider: slot.provider.clone(),
            date: slot.date,
            interval: slot.interval,
            status: Status::of(Status::BOOKED),
            patient,
            program: 0,
            texts,
            changed_at: Some(at.0.to_string()),
        };
        self.rows.insert(no, Row { appointment, added_at: at, staff_at, read_at: Vec::new() });
        no
    }
}

fn live_row(row: &Row) -> LiveRow {
    let Appointment { no, provider, date, interval, .. } = &row.appointment;
    LiveRow {
        no: *no,
        slot: Slot { provider: provider.clone(), date: *date, interval: *interval },
        // A row that staff have touched is theirs.
        made_by_us: row.appointment.mark().is_some() && row.staff_at.is_none(),
        moves: None,
    }
}

/// Each clinic its own EMR.
pub struct Connector(pub HashMap<ClinicId, Arc<PretendEmr>>);

impl EmrConnector for Connector {
    fn connect(&self, clinic: &Clinic) -> Vec<Arc<dyn Emr>> {
        let emr = &self.0[&clinic.id];
        let paths: Vec<Path> = locked(&emr.ways).keys().copied().collect();
        let adapter = |path| Arc::new(Connection { emr: Arc::clone(emr), path }) as Arc<dyn Emr>;
        paths.into_iter().map(adapter).collect()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Quarter hours of the painted day, for choosing slots in tests.
pub fn quarter(provider: ProviderNo, date: Date, n: u16, quarters: u16) -> Option<Slot> {
    let interval = Interval::starting(Minute::new((36 + n) * 15)?, 15 * quarters)?;
    Some(Slot { provider, date, interval })
}
