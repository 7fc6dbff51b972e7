//! What a clinic's administrator registered for us under "REST Clients", as the operator writes it down.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::check_url;
use crate::access::{Credential, OauthAccess};
use crate::config::Profile;
use crate::config::key::Key;
use crate::config::problem::Findings;
use crate::config::secrets;

/// How OSCAR's own screen writes that a token never ends.
const NEVER: i64 = -1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OauthTable {
    consumer_key: SecretString,
    consumer_secret: SecretString,
    callback: String,
    token_lifetime_seconds: i64,
    signed_as: Option<SecretString>,
}

impl OauthTable {
    pub(super) fn checked(self, place: &Key, profile: Profile, findings: &mut Findings) -> OauthAccess {
        let fix = "copy it from OSCAR: Administration, Integration, REST Clients";
        for (name, secret) in
            [("consumer_key", &self.consumer_key), ("consumer_secret", &self.consumer_secret)]
        {
            secrets::check(secret, &place.child(name), profile, fix, findings);
        }
        let is_web = |url: Url| matches!(url.scheme(), "http" | "https") && url.query().is_none();
        if !Url::parse(&self.callback).is_ok_and(is_web) {
            let fix = "write this daemon's public address as it is registered in OSCAR, \
                       like https://voice.example.test/emr/oauth/callback";
            findings.refuse(place.child("callback"), "is not a web address without a query", fix);
        }
        if let Some(signed_as) = &self.signed_as {
            check_url(signed_as, &place.child("signed_as"), profile, findings);
        }
        let lifetime = self.token_lifetime_seconds;
        if lifetime < 1 && lifetime != NEVER {
            let fix = "write what OSCAR's REST Clients page says, or -1 for tokens that never end";
            findings.refuse(place.child("token_lifetime_seconds"), "is not a lifetime", fix);
        }
        OauthAccess {
            consumer: Credential {
                key: self.consumer_key.expose_secret().to_owned(),
                secret: self.consumer_secret,
            },
            callback: self.callback,
            token_lifetime: u64::try_from(lifetime).ok().map(Duration::from_secs),
            signed_as: self.signed_as.map(|url| url.expose_secret().to_owned()),
        }
    }
}
