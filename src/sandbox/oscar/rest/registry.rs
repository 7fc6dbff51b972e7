//! Who may use the REST services: registered clients, request tokens, access tokens, and the nonces seen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::signature::{Said, Signed};
use crate::sandbox::oscar::profile::RestBuild;

const CLOCKS_MAY_DIFFER: SignedDuration = SignedDuration::from_mins(5);
const REQUEST_LIVES: SignedDuration = SignedDuration::from_hours(1);

/// One row of table `ServiceClient`.
#[derive(Clone, Debug)]
pub struct RestClient {
    pub key: String,
    pub secret: String,
    /// What every callback must begin with.
    pub uri: String,
    /// How many seconds its access tokens live; -1 is for ever.
    pub lifetime: i64,
}

/// A token and its secret.
#[derive(Clone, Debug)]
pub struct Grant {
    pub token: String,
    pub secret: String,
}

#[derive(Debug, Default)]
pub struct Registry {
    pub clients: Vec<RestClient>,
    /// The base address the server believes it is called at, where a proxy hides it.
    pub seen_as: Option<String>,
    requests: BTreeMap<String, RequestToken>,
    access: BTreeMap<String, AccessToken>,
    nonces: BTreeSet<String>,
    issued: u128,
}

#[derive(Debug)]
pub(super) struct RequestToken {
    pub(super) secret: String,
    pub(super) consumer: String,
    pub(super) callback: String,
    issued: Timestamp,
    /// Who approved it, and the proof of it.
    pub(super) approved: Option<(String, String)>,
}

#[derive(Debug)]
struct AccessToken {
    secret: String,
    consumer: String,
    provider_no: String,
    expires: Option<Timestamp>,
}

impl Registry {
    pub fn client(&self, key: &str) -> Option<&RestClient> {
        self.clients.iter().find(|client| client.key == key)
    }

    /// Gives a client an access token without anybody's approval.
    pub fn grant(&mut self, client: &str, provider_no: &str, now: Timestamp) -> Option<Grant> {
        let lifetime = self.client(client)?.lifetime;
        let grant = self.fresh();
        let token = AccessToken {
            secret: grant.secret.clone(),
            consumer: client.to_owned(),
            provider_no: provider_no.to_owned(),
            expires: (lifetime >= 0).then(|| now + SignedDuration::from_secs(lifetime)),
        };
        self.access.insert(grant.token.clone(), token);
        Some(grant)
    }

    /// Whether an access token is still there.
    pub fn knows(&self, token: &str) -> bool {
        self.access.contains_key(token)
    }

    /// The provider as whom a request acts, if all about it is right.
    pub(super) fn admit(
        &mut self,
        said: &Said,
        signed: &Signed,
        build: RestBuild,
        now: Timestamp,
    ) -> Option<String> {
        let token = said.get("oauth_token");
        let known = self.access.get(token)?;
        let client = self.client(said.get("oauth_consumer_key"))?;
        let strict = build.deletes_tokens;
        let right = client.key == known.consumer
            && is_timely(said, now)
            && said.is_signed(signed, &client.secret, &known.secret)
            && !(strict && self.nonces.contains(&seen(said)))
            && !(strict && known.expires.is_some_and(|end| end <= now));
        let provider_no = known.provider_no.clone();
        if right {
            self.nonces.insert(seen(said));
            Some(provider_no)
        } else {
            if strict {
                self.access.remove(token);
            }
            None
        }
    }

    /// The client that signed a step of the handshake, with the secret of a request token or without.
    pub(super) fn stepping(
        &mut self,
        said: &Said,
        signed: &Signed,
        secret: &str,
        now: Timestamp,
    ) -> Option<RestClient> {
        let client = self.client(said.get("oauth_consumer_key"))?.clone();
        let right = is_timely(said, now) && said.is_signed(signed, &client.secret, secret);
        (right && self.nonces.insert(seen(said))).then_some(client)
    }

    pub(super) fn begin(&mut self, client: &RestClient, callback: &str, now: Timestamp) -> Grant {
        let grant = self.fresh();
        let request = RequestToken {
            secret: grant.secret.clone(),
            consumer: client.key.clone(),
            callback: callback.to_owned(),
            issued: now,
            approved: None,
        };
        self.requests.insert(grant.token.clone(), request);
        grant
    }

    pub(super) fn pending(&mut self, token: &str, now: Timestamp) -> Option<&mut RequestToken> {
        self.requests.get_mut(token).filter(|request| now < request.issued + REQUEST_LIVES)
    }

    pub(super) fn finish(&mut self, token: &str) {
        self.requests.remove(token);
    }

    pub(super) fn fresh(&mut self) -> Grant {
        self.issued += 1;
        // Told apart by their count alone: a pretend server keeps no secrets.
        let id = |salt: u128| Uuid::from_u128(self.issued.wrapping_mul(salt)).to_string();
        Grant {
            token: id(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835),
            secret: id(0xD1B5_4A32_D192_ED03_2545_F491_4F6C_DD1D),
        }
    }
}

fn is_timely(said: &Said, now: Timestamp) -> bool {
    let at = said.get("oauth_timestamp").parse().ok().and_then(|at| Timestamp::from_second(at).ok());
    at.is_some_and(|at| now.duration_since(at).abs() <= CLOCKS_MAY_DIFFER)
}

fn seen(said: &Said) -> String {
    ["oauth_consumer_key", "oauth_token", "oauth_timestamp", "oauth_nonce"]
        .map(|name| said.get(name))
        .join(" ")
}
