//! A clinic's pretend server with the REST adapter connected to it, its token granted already.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use vitarad::access::{Credential, TlsMode};
use vitarad::emr::oauth::Signer;
use vitarad::emr::{Clients, OscarRest, RestAccess};
use vitarad::sandbox::oscar::{Grant, Profile, World, demo};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::{Clock, Luck};

use crate::server::{Server, clinic, now};

pub(crate) struct Desk {
    pub(crate) server: Server,
    pub(crate) grant: Grant,
    pub(crate) emr: OscarRest,
    /// Seconds by which our clock differs from the server's.
    pub(crate) ahead: Arc<AtomicI64>,
}

pub(crate) struct Wristwatch(pub(crate) Arc<AtomicI64>);

impl Clock for Wristwatch {
    fn now(&self) -> Ts {
        Ts(now().as_microsecond() + self.0.load(Ordering::Relaxed) * 1_000_000)
    }
}

impl Desk {
    pub(crate) async fn at(world: World) -> Self {
        let server = Server::at(world).await;
        let grant = server.oscar.with_world(|world| {
            world.rest.grant(demo::CONSUMER_KEY, demo::PROVIDER_NO, now()).expect("a registered client")
        });
        let ahead = Arc::<AtomicI64>::default();
        let emr = connect(access(&server.url(), &grant, demo::CONSUMER_SECRET, &ahead, 1));
        Self { server, grant, emr, ahead }
    }

    pub(crate) async fn seeded() -> Self {
        Self::at(clinic(Profile::Oscar19)).await
    }

    /// The same server through another access.
    pub(crate) fn again(&self, change: impl FnOnce(&mut RestAccess)) -> OscarRest {
        let mut access = access(&self.server.url(), &self.grant, demo::CONSUMER_SECRET, &self.ahead, 2);
        change(&mut access);
        connect(access)
    }

    pub(crate) fn has_its_token(&self) -> bool {
        self.server.oscar.with_world(|world| world.rest.knows(&self.grant.token))
    }
}

pub(crate) fn every_server() -> [World; 3] {
    [clinic(Profile::Oscar19), clinic(Profile::OpenO), clinic(Profile::Oscar19).in_utc_container()]
}

fn access(url: &str, grant: &Grant, secret: &str, ahead: &Arc<AtomicI64>, luck: u64) -> RestAccess {
    let credential = |key: &str, secret: &str| Credential { key: key.to_owned(), secret: secret.into() };
    let clock = Arc::new(Wristwatch(Arc::clone(ahead)));
    RestAccess {
        url: url.to_owned(),
        signed_as: None,
        tls: TlsMode::System,
        signer: Signer::new(credential(demo::CONSUMER_KEY, secret), clock, Arc::new(Luck::seeded(luck))),
        token: Some(credential(&grant.token, &grant.secret)),
    }
}

/// A signer with a secret that nobody registered.
pub(crate) fn forger(desk: &Desk) -> Signer {
    access("", &desk.grant, "another", &desk.ahead, 3).signer
}

/// A signer that draws the very nonces of the desk's own.
pub(crate) fn parrot(desk: &Desk) -> Signer {
    access("", &desk.grant, demo::CONSUMER_SECRET, &desk.ahead, 1).signer
}

fn connect(access: RestAccess) -> OscarRest {
    OscarRest::new(access, &Clients::default())
}
