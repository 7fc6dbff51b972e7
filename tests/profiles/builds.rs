//! A server of each build with both adapters connected to it, and which of them serve there.

use std::sync::Arc;

use reqwest::{Method, Response, Url};
use serde_json::Value;
use vitarad::access::{Credential, EmrAccess, TlsMode};
use vitarad::emr::oauth::{Claim, Signer};
use vitarad::emr::{Clients, OscarRest, OscarSoap, RestAccess};
use vitarad::sandbox::oscar::{Grant, Profile, demo};
use vitarad_actors::domain::time::Ts;
use vitarad_actors::ports::{Clock, Emr, EmrFailure, Luck};

use crate::server::{Server, clinic, now};

/// What stands in each way into a build, if anything does.
pub(crate) struct Build {
    pub(crate) profile: Profile,
    pub(crate) soap: Option<EmrFailure>,
    pub(crate) rest: Option<EmrFailure>,
}

const fn build(profile: Profile, soap: Option<EmrFailure>, rest: Option<EmrFailure>) -> Build {
    Build { profile, soap, rest }
}

pub(crate) const BUILDS: [Build; 5] = [
    build(Profile::Oscar15, None, None),
    build(Profile::Oscar19, None, None),
    build(Profile::OpenO, None, None),
    build(Profile::JunoLike, None, Some(EmrFailure::HttpError)),
    build(Profile::KaiLike, Some(EmrFailure::Firewall), None),
];

pub(crate) struct Desk {
    pub(crate) profile: Profile,
    pub(crate) server: Server,
    pub(crate) grant: Grant,
    pub(crate) soap: OscarSoap,
    pub(crate) rest: OscarRest,
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Ts {
        Ts(now().as_microsecond())
    }
}

impl Desk {
    pub(crate) async fn at(profile: Profile) -> Self {
        let server = Server::at(clinic(profile)).await;
        let grant = server.oscar.with_world(|world| {
            world.rest.grant(demo::CONSUMER_KEY, demo::PROVIDER_NO, now()).expect("a registered client")
        });
        let (soap, rest) = (soap(&server.url()), rest(&server.url(), &grant, demo::CONSUMER_SECRET));
        Self { profile, server, grant, soap, rest }
    }

    /// What a REST path answers, as it comes over the wire. One question to a desk: each has the same nonce.
    pub(crate) async fn answer(&self, path: &str, body: Option<Value>) -> Response {
        let url = Url::parse(&format!("{}/ws/services/{path}", self.server.url())).unwrap();
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let token = credential(&self.grant.token, &self.grant.secret);
        let claim = Claim { method: &method, url: &url, token: Some(&token), protocol: &[] };
        let authorization = signer(demo::CONSUMER_SECRET, 2).authorize(&claim);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.request(method, url).header("Authorization", authorization);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        request.send().await.unwrap()
    }

    pub(crate) async fn raw(&self, path: &str, body: Option<Value>) -> Value {
        self.answer(path, body).await.error_for_status().unwrap().json().await.unwrap()
    }

    /// The adapters that serve here.
    pub(crate) fn open(&self) -> Vec<(&'static str, &dyn Emr)> {
        let build = BUILDS.iter().find(|build| build.profile == self.profile).unwrap();
        let ways: [(_, &dyn Emr, _); 2] =
            [("SOAP", &self.soap, build.soap), ("REST", &self.rest, build.rest)];
        ways.into_iter().filter(|way| way.2.is_none()).map(|way| (way.0, way.1)).collect()
    }
}

/// A fresh server of each build.
pub(crate) async fn desks() -> Vec<Desk> {
    let mut desks = Vec::new();
    for profile in Profile::ALL {
        desks.push(Desk::at(profile).await);
    }
    desks
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

fn soap(url: &str) -> OscarSoap {
    OscarSoap::new(Some(access(url)), &Clients::default())
}

pub(crate) fn rest(url: &str, grant: &Grant, secret: &str) -> OscarRest {
    let access = RestAccess {
        url: url.to_owned(),
        signed_as: None,
        tls: TlsMode::System,
        signer: signer(secret, 1),
        token: Some(credential(&grant.token, &grant.secret)),
    };
    OscarRest::new(access, &Clients::default())
}

fn credential(key: &str, secret: &str) -> Credential {
    Credential { key: key.to_owned(), secret: secret.into() }
}

fn signer(secret: &str, luck: u64) -> Signer {
    Signer::new(credential(demo::CONSUMER_KEY, secret), Arc::new(Stopped), Arc::new(Luck::seeded(luck)))
}

#[test]
fn the_table_has_every_build_and_each_has_a_way_in() {
    assert_eq!(BUILDS.each_ref().map(|build| build.profile), Profile::ALL);
    assert!(BUILDS.iter().all(|build| build.soap.is_none() || build.rest.is_none()));
}
