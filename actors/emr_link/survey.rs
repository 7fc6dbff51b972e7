//! Which paths stand open, and what is known of each: looked at when the connection starts, every minute, and on word that
//! something has changed. What is old is found out anew, within the clinic's budget; what cannot be found out stays as it
//! was. The first look also says which breakers are shut.

use std::sync::Arc;
use std::time::Duration;

use ractor::ActorRef;
use tokio::time::{Instant, timeout};

use super::paths::Via;
use super::request::{Asked, Kind, Request};
use super::{EmrLinkMsg, State};
use crate::domain::capabilities::{Capabilities, Capability, Discovered};
use crate::domain::trouble::Trouble;
use crate::mailbox::Post;
use crate::ports::emr::{Emr, EmrFailure, EmrResult, Operation, Path};

const EVERY: Duration = Duration::from_mins(1);
/// Longer than this nobody waits for the store before the EMR is asked.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long the server may take to say what it can do.
const DISCOVERY: Duration = Duration::from_secs(20);
/// Callers come first: what the server can do is not found out unasked before the connection has stood for so long.
pub(super) const CALM_AFTER: Duration = Duration::from_mins(5);
/// When a discovery that failed is tried again.
const DISCOVERY_AGAIN: Duration = Duration::from_mins(15);

pub struct Survey {
    open: Vec<(Path, bool)>,
    /// `None`: the store did not say.
    table: Option<Capabilities>,
    /// `None`: the same.
    troubles: Option<Vec<Trouble>>,
}

impl State {
    pub(super) fn survey(&self, myself: &ActorRef<Post<EmrLinkMsg>>) {
        let adapters: Vec<Arc<dyn Emr>> = self.paths.adapters().map(Arc::clone).collect();
        let (house, clinic, myself) = (Arc::clone(&self.house), self.clinic.id.clone(), myself.clone());
        tokio::spawn(async move {
            let open = async {
                let asked = adapters.iter().map(|emr| async move { (emr.path(), emr.is_open().await) });
                futures::future::join_all(asked).await
            };
            let table = timeout(PATIENCE, house.store.emr_capabilities(&clinic));
            let troubles = timeout(PATIENCE, house.store.troubles(&clinic));
            let (open, table, troubles) = tokio::join!(timeout(PATIENCE, open), table, troubles);
            let table = table.ok().and_then(Result::ok);
            let troubles = troubles.ok().and_then(Result::ok);
            let survey = Survey { open: open.unwrap_or_default(), table, troubles };
            let _ = myself.send_message(Post::own(EmrLinkMsg::Surveyed(survey)));
        });
    }

    pub(super) fn surveyed(&mut self, myself: &ActorRef<Post<EmrLinkMsg>>, survey: Survey) {
        for (path, is_open) in survey.open {
            self.paths.set_open(path, is_open);
        }
        if let Some(table) = survey.table {
            self.paths.table = table;
        }
        if !std::mem::replace(&mut self.surveyed, true) {
            self.begin_with(survey.troubles);
        }
        if Instant::now() >= self.calm_from {
            self.discover_what_is_old(myself);
        }
        self.pump(myself);
        if !std::mem::replace(&mut self.survey_armed, true) {
            myself.send_after(EVERY, || Post::own(EmrLinkMsg::SurveyDue));
        }
    }

    fn discover_what_is_old(&mut self, myself: &ActorRef<Post<EmrLinkMsg>>) {
        let now = Instant::now();
        let tried = |path: &Path| {
            self.discovery_tried.get(path).is_some_and(|at| now.duration_since(*at) < DISCOVERY_AGAIN)
        };
        let is_old = |path: &Path| self.paths.table.is_old(*path, self.house.now());
        let due: Vec<Path> = self.paths.open().filter(|path| is_old(path) && !tried(path)).collect();
        for path in due {
            self.discovery_tried.insert(path, now);
            self.discover(myself, path);
        }
    }

    fn discover(&mut self, myself: &ActorRef<Post<EmrLinkMsg>>, path: Path) {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let run = |emr: Arc<dyn Emr>| async move { emr.discover().await };
        let told = myself.clone();
        tokio::spawn(async move {
            let result = answer.await.unwrap_or(Err(EmrFailure::Stopped));
            let _ = told.send_message(Post::own(EmrLinkMsg::Discovered(path, result)));
        });
        let deadline = Instant::now() + DISCOVERY;
        let work = Box::new(Asked { run, reply });
        let request = Request::new(Operation::Discover, Via::Only(path), Kind::Read, deadline, work);
        self.submit(myself, request);
    }

    pub(super) fn discovered(&mut self, path: Path, result: EmrResult<Vec<Capability>>) {
        // The last table stands.
        let Ok(found) = result else { return };
        let news = Discovered { path, at: self.house.now(), found };
        self.paths.table.learn(&news);
        self.discovery_tried.remove(&path);
        let (house, clinic) = (Arc::clone(&self.house), self.clinic.id.clone());
        // When this fails it is found out again by the next life.
        tokio::spawn(async move { house.store.keep_capabilities(&clinic, news).await });
    }
}
