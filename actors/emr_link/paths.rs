//! Which way a request goes. A clinic may have several ways into its EMR; each has a breaker for each service, and the
//! table says what each can do. What nobody knows is tried.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::{Breaker, BreakerSettings, Gate, Pass};
use crate::domain::capabilities::Capabilities;
use crate::ports::emr::{Emr, EmrFailure, EmrResult, Operation, Path, Service};

/// How long a path that refused our credentials is asked last: it will refuse them again.
const REFUSAL_STANDS: Duration = Duration::from_secs(30);

/// By which path a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    Any,
    /// What belongs to a write goes by that write's path or not at all.
    Only(Path),
}

pub struct Paths {
    ways: Vec<Way>,
    prefers_rest: bool,
    pub table: Capabilities,
}

struct Way {
    emr: Arc<dyn Emr>,
    is_open: bool,
    breakers: [Breaker; Service::ALL.len()],
    refused_until: Option<Instant>,
}

/// Leave to ask by one path.
pub struct Admitted {
    pub emr: Arc<dyn Emr>,
    pub pass: Pass,
    /// Whether another path would be asked if this one failed.
    pub has_another: bool,
}

impl Paths {
    pub fn new(adapters: Vec<Arc<dyn Emr>>, settings: BreakerSettings, prefers_rest: bool) -> Self {
        let way = |emr| Way {
            emr,
            is_open: true,
            breakers: std::array::from_fn(|_| Breaker::new(settings)),
            refused_until: None,
        };
        Self { ways: adapters.into_iter().map(way).collect(), prefers_rest, table: Capabilities::default() }
    }

    pub fn adapters(&self) -> impl Iterator<Item = &Arc<dyn Emr>> {
        self.ways.iter().map(|way| &way.emr)
    }

    pub fn open(&self) -> impl Iterator<Item = Path> {
        self.ways.iter().filter(|way| way.is_open).map(|way| way.emr.path())
    }

    pub fn set_open(&mut self, path: Path, is_open: bool) {
        if let Some(way) = self.way(path) {
            way.is_open = is_open;
        }
    }

    pub fn shut(&self) -> impl Iterator<Item = (Path, Service)> {
        self.ways.iter().filter(|way| way.is_open).flat_map(|way| {
            let shut = |service: &Service| way.breakers[*service as usize].gate() != Gate::Flowing;
            Service::ALL.into_iter().filter(shut).map(|service| (way.emr.path(), service))
        })
    }

    /// Whether no path that is open can do it, however well the EMR is.
    pub fn lack(&self, operation: Operation) -> bool {
        let mut open = self.ways.iter().filter(|way| way.is_open).peekable();
        open.peek().is_some() && open.all(|way| !self.can(way, operation))
    }

    /// Why nobody can be asked now, if so.
    pub fn refusal(&self, operation: Operation, via: Via, now: Instant) -> Option<EmrFailure> {
        match self.in_order(operation, via, &[], now) {
            Ok(order) if order.iter().all(|way| self.ways[*way].refuses(operation, now)) => {
                Some(EmrFailure::BreakerOpen)
            }
            Ok(_) => None,
            Err(failure) => Some(failure),
        }
    }

    /// Whether a path is left that has not been tried and may be asked now.
    pub fn have_another(&self, operation: Operation, via: Via, tried: &[Path], now: Instant) -> bool {
        let left = self.in_order(operation, via, tried, now).unwrap_or_default();
        left.into_iter().any(|way| !self.ways[way].refuses(operation, now))
    }

    /// The first path that may be asked now and has not been tried.
    pub fn admit(
        &mut self,
        operation: Operation,
        via: Via,
        tried: &[Path],
        now: Instant,
    ) -> EmrResult<Admitted> {
        let order = self.in_order(operation, via, tried, now)?;
        let mut willing = order.into_iter().filter(|way| !self.ways[*way].refuses(operation, now));
        let first = willing.next().ok_or(EmrFailure::BreakerOpen)?;
        let has_another = willing.next().is_some();
        let way = &mut self.ways[first];
        let pass = way.breakers[operation.service() as usize].admit(now).ok_or(EmrFailure::BreakerOpen)?;
        Ok(Admitted { emr: Arc::clone(&way.emr), pass, has_another })
    }

    /// The one path for all of a booking: `like`, if it stands open, because a row must be compared as it was read; else
    /// the first that is well, because nothing is sent a second time by another.
    pub fn for_all_of(&self, needs: &[Operation], like: Option<Path>, now: Instant) -> EmrResult<Path> {
        if let Some(like) = like.filter(|like| self.open().any(|path| path == *like)) {
            return Ok(like);
        }
        let Some(first) = needs.first() else { return Err(EmrFailure::Unsupported) };
        let order = self.in_order(*first, Via::Any, &[], now)?;
        let able = order.into_iter().map(|way| &self.ways[way]);
        let able: Vec<&Way> = able.filter(|way| needs.iter().all(|need| self.can(way, *need))).collect();
        let is_well = |way: &&&Way| needs.iter().all(|need| way.is_well(need.service(), now));
        let listens = |way: &&&Way| !needs.iter().any(|need| way.refuses(*need, now));
        let chosen = able.iter().find(is_well).or_else(|| able.iter().find(listens)).or(able.first());
        let chosen = chosen.ok_or(EmrFailure::Unsupported)?;
        Ok(chosen.emr.path())
    }

    /// Whether the breaker has shut or opened with it.
    pub fn record(
        &mut self,
        (path, service): (Path, Service),
        pass: Pass,
        healthy: Option<bool>,
        now: Instant,
    ) -> Option<bool> {
        let breaker = &mut self.way(path)?.breakers[service as usize];
        let before = breaker.gate();
        breaker.record(pass, healthy, now);
        let after = breaker.gate();
        (before != after).then_some(after != Gate::Flowing)
    }

    /// What another process knows of it; whether a breaker that let traffic flow is shut by that.
    pub fn learn(
        &mut self,
        (path, service): (Path, Service),
        shut_until: Option<Instant>,
        now: Instant,
    ) -> bool {
        let Some(way) = self.way(path) else { return false };
        let breaker = &mut way.breakers[service as usize];
        let before = breaker.gate();
        breaker.learn(shut_until, now);
        before == Gate::Flowing && breaker.gate() != before
    }

    /// Nobody knows how the EMR is: each service is tried by one request first.
    pub fn doubt_all(&mut self, now: Instant) {
        for breaker in self.ways.iter_mut().flat_map(|way| &mut way.breakers) {
            breaker.learn(Some(now), now);
        }
    }

    /// What an answer says of our credentials there.
    pub fn heard(&mut self, path: Path, result: Result<(), EmrFailure>, now: Instant) {
        let Some(way) = self.way(path) else { return };
        match result {
            Err(EmrFailure::Unauthorised) => way.refused_until = Some(now + REFUSAL_STANDS),
            Ok(()) => way.refused_until = None,
            Err(_) => {}
        }
    }

    /// The open paths that may be able to, best first.
    fn in_order(
        &self,
        operation: Operation,
        via: Via,
        tried: &[Path],
        now: Instant,
    ) -> EmrResult<Vec<usize>> {
        let of = |path| via == Via::Any || via == Via::Only(path);
        let open = |way: &usize| self.ways[*way].is_open && of(self.ways[*way].emr.path());
        let mut order: Vec<usize> = (0..self.ways.len()).filter(open).collect();
        if order.is_empty() {
            return Err(EmrFailure::NoConnection);
        }
        order.retain(|way| self.can(&self.ways[*way], operation));
        if order.is_empty() {
            return Err(EmrFailure::Unsupported);
        }
        order.retain(|way| !tried.contains(&self.ways[*way].emr.path()));
        order.sort_by_key(|way| {
            let way = &self.ways[*way];
            (way.is_refused(now), self.rank(way.emr.path(), operation))
        });
        Ok(order)
    }

    fn can(&self, way: &Way, operation: Operation) -> bool {
        way.emr.offers(operation) && !self.table.rules_out(operation, way.emr.path())
    }

    fn rank(&self, path: Path, operation: Operation) -> u8 {
        let rest_first = match operation {
            Operation::Providers => true,
            // Only SOAP looks at work numbers, too.
            Operation::ChartsByPhone => false,
            _ => self.prefers_rest,
        };
        match path {
            Path::Rest if rest_first => 0,
            Path::Soap => 1,
            Path::Rest => 2,
            Path::Bridge => 3,
        }
    }

    fn way(&mut self, path: Path) -> Option<&mut Way> {
        self.ways.iter_mut().find(|way| way.emr.path() == path)
    }
}

impl Way {
    fn refuses(&self, operation: Operation, now: Instant) -> bool {
        self.breakers[operation.service() as usize].refuses(now)
    }

    fn is_refused(&self, now: Instant) -> bool {
        self.refused_until.is_some_and(|until| now < until)
    }

    fn is_well(&self, service: Service, now: Instant) -> bool {
        !self.is_refused(now) && self.breakers[service as usize].is_well()
    }
}
