use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

use super::*;
use crate::testing::Death;

/// A child that lives until told otherwise, and writes down what happens to it.
struct Pawn {
    name: &'static str,
    log: Arc<Log>,
    /// How long it takes to stop.
    lingers: Duration,
}

#[derive(Default)]
struct Log {
    started: AtomicUsize,
    stopped: Mutex<Vec<&'static str>>,
    last: Mutex<Option<ActorRef<Order>>>,
    refuses_to_start: AtomicBool,
}

enum Order {
    Die(Death),
    Finish,
    SpawnStranger,
}

impl Actor for Pawn {
    type Msg = Order;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<Order>, (): ()) -> Result<(), ActorProcessingErr> {
        if self.log.refuses_to_start.load(Ordering::SeqCst) {
            return Err("told to".into());
        }
        self.log.started.fetch_add(1, Ordering::SeqCst);
        *self.log.last.lock().unwrap() = Some(myself);
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Order>,
        order: Order,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        match order {
            Order::Die(death) => death.strike(),
            Order::Finish => {
                myself.stop(None);
                Ok(())
            }
            Order::SpawnStranger => {
                let parent = myself.try_get_supervisor().unwrap();
                let stranger = Pawn { name: "stranger", log: Arc::default(), lingers: Duration::ZERO };
                let (stranger, _) = Actor::spawn_linked(None, stranger, (), parent).await?;
                stranger.send_message(Order::Die(Death::Panic))?;
                Ok(())
            }
        }
    }

    async fn post_stop(&self, _: ActorRef<Order>, (): &mut ()) -> Result<(), ActorProcessingErr> {
        sleep(self.lingers).await;
        self.log.stopped.lock().unwrap().push(self.name);
        Ok(())
    }
}

fn pawn(role: Role, name: &'static str, log: &Arc<Log>, lingers: Duration) -> Child {
    let log = Arc::clone(log);
    Child {
        id: ChildId::named(role, name),
        start: Arc::new(move |supervisor| {
            let pawn = Pawn { name, log: Arc::clone(&log), lingers };
            Box::pin(async move { Ok(Actor::spawn_linked(None, pawn, (), supervisor).await?.0.get_cell()) })
        }),
        on_exit: None,
    }
}

struct Board {
    supervisor: ActorRef<SupervisorMsg>,
    task: tokio::task::JoinHandle<()>,
    log: Arc<Log>,
    meters: Arc<Meters>,
    in_order: Arc<AtomicBool>,
}

async fn board(role: Role, children: Vec<Child>, log: Arc<Log>) -> Board {
    let (meters, in_order) = (Arc::<Meters>::default(), Arc::new(AtomicBool::new(false)));
    let args = SupervisorArgs {
        role,
        children,
        capacity: 20_000,
        luck: Arc::new(Luck::seeded(7)),
        meters: Arc::clone(&meters),
        elsewhere: None,
        stopped: Some(Arc::clone(&in_order)),
    };
    let (supervisor, task) = Actor::spawn(None, Supervisor, args).await.unwrap();
    let board = Board { supervisor, task, log, meters, in_order };
    board.states().await;
    board
}

impl Board {
    async fn of_one(parent: Role, role: Role) -> Self {
        let log = Arc::<Log>::default();
        board(parent, vec![pawn(role, "only", &log, Duration::ZERO)], Arc::clone(&log)).await
    }

    async fn states(&self) -> Vec<ChildState> {
        children_of(&self.supervisor, Duration::from_secs(1)).await.unwrap()
    }

    async fn start(&self, child: Child) -> Result<(), NotStarted> {
        let (reply, started) = oneshot::channel();
        self.supervisor.send_message(SupervisorMsg::Start(child, reply)).unwrap();
        started.await.unwrap()
    }

    fn tell(&self, order: Order) {
        let last = self.log.last.lock().unwrap().clone().unwrap();
        let _ = last.send_message(order);
    }

    fn started(&self) -> usize {
        self.log.started.load(Ordering::SeqCst)
    }

    /// Kills the child and waits until it is back.
    async fn dies_and_returns(&self, order: Order) {
        let lives = self.started();
        self.tell(order);
        self.until(|| self.started() > lives).await;
    }

    async fn until(&self, seen: impl Fn() -> bool) {
        for _ in 0..100_000 {
            if seen() {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
        panic!("waited in vain");
    }
}

#[tokio::test(start_paused = true)]
async fn a_child_comes_back_from_every_kind_of_death() {
    let board = Board::of_one(Role::Root, Role::Audit).await;
    for order in [Order::Die(Death::Panic), Order::Die(Death::Error), Order::Finish] {
        board.dies_and_returns(order).await;
    }
    let lives = board.started();
    board.log.last.lock().unwrap().as_ref().unwrap().kill();
    board.until(|| board.started() > lives).await;
    assert_eq!(board.meters.exits(Role::Audit, Exit::Failed), 2);
    assert_eq!(board.meters.exits(Role::Audit, Exit::Killed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_transient_child_that_ends_normally_is_forgotten() {
    let board = Board::of_one(Role::Calls, Role::Call).await;
    board.tell(Order::Finish);
    sleep(Duration::from_mins(1)).await;
    assert!(board.states().await.is_empty());
    assert_eq!(board.started(), 1);
}

#[tokio::test(start_paused = true)]
async fn failures_are_counted_when_seen_and_an_exhausted_child_escalates() {
    let mut board = Board::of_one(Role::Root, Role::Audit).await;
    for _ in 0..policy(Role::Audit).budget.failures {
        board.dies_and_returns(Order::Die(Death::Panic)).await;
    }
    board.tell(Order::Die(Death::Panic));
    (&mut board.task).await.unwrap();
    assert!(!board.in_order.load(Ordering::SeqCst), "the supervisor failed, it did not stop");
}

#[tokio::test(start_paused = true)]
async fn failures_outside_the_window_do_not_count() {
    let board = Board::of_one(Role::Root, Role::Audit).await;
    for _ in 0..3 * policy(Role::Audit).budget.failures {
        board.dies_and_returns(Order::Die(Death::Error)).await;
        sleep(policy(Role::Audit).budget.window).await;
    }
    assert!(board.states().await[0].alive);
}

#[tokio::test(start_paused = true)]
async fn a_quarantined_child_rests_alone_and_is_tried_again() {
    let log = Arc::<Log>::default();
    let other = Arc::<Log>::default();
    let children = vec![
        pawn(Role::EmrLink, "sick", &log, Duration::ZERO),
        pawn(Role::EmrLink, "well", &other, Duration::ZERO),
    ];
    let board = board(Role::Clinic, children, log).await;
    for _ in 0..policy(Role::EmrLink).budget.failures {
        board.dies_and_returns(Order::Die(Death::Panic)).await;
    }
    board.tell(Order::Die(Death::Panic));
    sleep(Duration::from_mins(4)).await;
    let states = board.states().await;
    assert!(states[0].quarantined && !states[0].alive);
    assert!(states[1].alive, "its neighbour was not touched");
    assert_eq!(other.started.load(Ordering::SeqCst), 1);
    sleep(Duration::from_secs(61)).await;
    assert!(board.states().await[0].alive);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_keeps_dying_is_forgotten_until_it_is_asked_for() {
    let board = Board::of_one(Role::Calls, Role::Call).await;
    for _ in 0..policy(Role::Call).budget.failures {
        board.dies_and_returns(Order::Die(Death::Panic)).await;
    }
    board.tell(Order::Die(Death::Panic));
    sleep(Duration::from_mins(2)).await;
    assert!(board.states().await.is_empty());
    let again = pawn(Role::Call, "only", &board.log, Duration::ZERO);
    assert_eq!(board.start(again).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_child_asked_for_while_it_waits_is_started_at_once_and_its_late_timer_ignored() {
    let board = Board::of_one(Role::Clinic, Role::EmrLink).await;
    board.tell(Order::Die(Death::Panic));
    board.until(|| board.meters.exits(Role::EmrLink, Exit::Failed) == 1).await;
    assert_eq!(board.start(pawn(Role::EmrLink, "only", &board.log, Duration::ZERO)).await, Ok(()));
    let lives = board.started();
    sleep(Duration::from_mins(2)).await;
    assert_eq!(board.started(), lives, "the timer of the earlier life started nothing");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_actor_it_never_started_is_no_concern_of_a_supervisor() {
    let board = Board::of_one(Role::Root, Role::Audit).await;
    board.tell(Order::SpawnStranger);
    sleep(Duration::from_secs(1)).await;
    assert!(board.states().await[0].alive);
    assert_eq!(board.meters.exits(Role::Audit, Exit::Failed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_is_a_failure_like_any_other() {
    let board = Board::of_one(Role::Calls, Role::Call).await;
    board.log.refuses_to_start.store(true, Ordering::SeqCst);
    assert_eq!(
        board.start(pawn(Role::Call, "new", &board.log, Duration::ZERO)).await,
        Err(NotStarted::Failed)
    );
    sleep(Duration::from_mins(1)).await;
    assert_eq!(board.states().await.len(), 1, "given up after its budget");
    assert_eq!(board.meters.exits(Role::Call, Exit::Failed), 3);
}

#[tokio::test(start_paused = true)]
async fn children_stop_in_reverse_order_and_the_slow_are_killed_in_time() {
    let log = Arc::<Log>::default();
    let slow = Duration::from_hours(1);
    let children = vec![
        pawn(Role::Audit, "first", &log, Duration::ZERO),
        pawn(Role::Sms, "slow", &log, slow),
        pawn(Role::Retention, "last", &log, Duration::from_millis(100)),
    ];
    let board = board(Role::Root, children, Arc::clone(&log)).await;
    let began = Instant::now();
    board.supervisor.stop(None);
    board.task.await.unwrap();
    assert_eq!(*log.stopped.lock().unwrap(), ["last", "first"]);
    assert!(began.elapsed() < policy(Role::Root).stop_within);
    assert!(board.in_order.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn a_stop_cancels_a_restart_that_was_waiting() {
    let board = Board::of_one(Role::Clinic, Role::EmrLink).await;
    board.tell(Order::Die(Death::Panic));
    board.until(|| board.meters.exits(Role::EmrLink, Exit::Failed) == 1).await;
    let (reply, stopped) = oneshot::channel();
    board.supervisor.send_message(SupervisorMsg::Stop(ChildId::named(Role::EmrLink, "only"), reply)).unwrap();
    stopped.await.unwrap();
    sleep(Duration::from_mins(10)).await;
    assert_eq!(board.started(), 1);
    assert!(board.states().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_keeps_a_list_of_children_hears_of_their_end_however_it_came_about() {
    let ends: [fn(&Board); 5] = [
        |board| board.tell(Order::Die(Death::Panic)),
        |board| board.supervisor.send_message(SupervisorMsg::Die(Death::Panic)).unwrap(),
        |board| board.supervisor.kill(),
        |board| board.supervisor.stop(None),
        |board| {
            let (reply, _) = oneshot::channel();
            let id = ChildId::named(Role::Call, "listed");
            board.supervisor.send_message(SupervisorMsg::Stop(id, reply)).unwrap();
        },
    ];
    for end in ends {
        let (log, told) = (Arc::<Log>::default(), Arc::new(AtomicUsize::new(0)));
        let mut child = pawn(Role::Call, "listed", &log, Duration::ZERO);
        let hears = Arc::clone(&told);
        child.on_exit = Some(Arc::new(move |_| {
            hears.fetch_add(1, Ordering::SeqCst);
        }));
        let board = board(Role::Calls, vec![child], log).await;
        end(&board);
        board.until(|| told.load(Ordering::SeqCst) > 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_children_leave_nothing_behind() {
    let log = Arc::<Log>::default();
    let board = board(Role::Calls, Vec::new(), Arc::clone(&log)).await;
    for n in 0..10_000 {
        let mut child = pawn(Role::Call, "many", &log, Duration::ZERO);
        child.id = ChildId::named(Role::Call, &n.to_string());
        assert_eq!(board.start(child).await, Ok(()));
        board.tell(if n % 3 == 0 { Order::Die(Death::Error) } else { Order::Finish });
        tokio::task::yield_now().await;
    }
    board.until(|| board.started() >= 10_000 + 3_334).await;
    for last in board.supervisor.get_children() {
        last.stop(None);
    }
    sleep(Duration::from_secs(10)).await;
    assert!(board.states().await.is_empty());
    assert!(board.supervisor.get_children().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_full_supervisor_refuses_and_says_so() {
    let log = Arc::<Log>::default();
    let args = SupervisorArgs {
        role: Role::Calls,
        children: Vec::new(),
        capacity: 1,
        luck: Arc::new(Luck::seeded(7)),
        meters: Arc::default(),
        elsewhere: None,
        stopped: None,
    };
    let (supervisor, _) = Actor::spawn(None, Supervisor, args).await.unwrap();
    for (name, expected) in [("one", Ok(())), ("one", Ok(())), ("two", Err(NotStarted::Full))] {
        let (reply, started) = oneshot::channel();
        let child = pawn(Role::Call, name, &log, Duration::ZERO);
        supervisor.send_message(SupervisorMsg::Start(child, reply)).unwrap();
        assert_eq!(started.await.unwrap(), expected, "{name}");
    }
    assert_eq!(log.started.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_supervisor_that_is_stuck_is_found_out() {
    let log = Arc::<Log>::default();
    let board = board(Role::Root, Vec::new(), Arc::clone(&log)).await;
    let mut child = pawn(Role::Sms, "stuck", &log, Duration::ZERO);
    child.start = Arc::new(|_| Box::pin(std::future::pending()));
    let (reply, _never) = oneshot::channel();
    board.supervisor.send_message(SupervisorMsg::Start(child, reply)).unwrap();
    assert_eq!(children_of(&board.supervisor, Duration::from_secs(1)).await, None);
}
