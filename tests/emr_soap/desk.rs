//! A clinic's pretend server with the adapter connected to it.

use vitarad::access::{EmrAccess, TlsMode};
use vitarad::emr::{Clients, OscarSoap};
use vitarad::sandbox::oscar::{Profile, World, demo};

use crate::server::{Server, clinic};

pub(crate) struct Desk {
    pub(crate) server: Server,
    pub(crate) emr: OscarSoap,
}

impl Desk {
    pub(crate) async fn at(world: World) -> Self {
        let server = Server::at(world).await;
        let emr = connect(access(&server.url()));
        Self { server, emr }
    }

    pub(crate) async fn seeded() -> Self {
        Self::at(clinic(Profile::Oscar19)).await
    }
}

pub(crate) fn access(url: &str) -> EmrAccess {
    EmrAccess {
        url: url.to_owned(),
        username: demo::LOGIN.to_owned(),
        password: demo::PASSWORD.into(),
        tls: TlsMode::System,
        oauth: None,
        bridge: None,
    }
}

pub(crate) fn connect(access: EmrAccess) -> OscarSoap {
    OscarSoap::new(Some(access), &Clients::default())
}
