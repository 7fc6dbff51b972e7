//! The first and the last of the three steps by which a clinic lets us use its EMR; the one between is a person's, in a
//! browser.

use std::sync::Arc;

use reqwest::header::AUTHORIZATION;
use reqwest::{Client, Method, StatusCode, Url};
use secrecy::SecretString;
use vitarad_actors::ports::emr::EmrResult;
use vitarad_actors::ports::{Clock, EmrFailure, Luck};

use super::{Claim, Signer};
use crate::access::{Credential, EmrAccess, OauthAccess};
use crate::emr::http::{self, Answer, Clients};

const STEPS: &str = "ws/oauth/";

pub struct Handshake {
    client: Client,
    /// Both end in `/ws/oauth/`.
    steps: Url,
    signed_as: Url,
    signer: Signer,
}

/// A set-up that waits for its approval.
pub struct Begun {
    pub request: Credential,
    /// Where a person logs in and approves.
    pub approval: String,
}

/// Why a step of the set-up came to nothing. Nothing is tried again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotGranted {
    #[error("its REST module is not switched on (`ModuleNames` in the server's properties must name REST)")]
    NoRestModule,
    #[error(
        "it does not know the consumer key, its secret is another, or the clocks differ by over five minutes"
    )]
    Refused,
    #[error("it does not take the callback, or the request for approval is over")]
    BadStep,
    #[error(transparent)]
    Emr(#[from] EmrFailure),
}

impl Handshake {
    pub fn new(
        access: &EmrAccess,
        oauth: &OauthAccess,
        clients: &Clients,
        clock: Arc<dyn Clock>,
        luck: Arc<Luck>,
    ) -> EmrResult<Self> {
        Ok(Self {
            client: clients.judging(&access.tls)?,
            steps: http::mount(&access.url, STEPS)?,
            signed_as: http::mount(oauth.signed_as.as_ref().unwrap_or(&access.url), STEPS)?,
            signer: Signer::new(oauth.consumer.clone(), clock, luck),
        })
    }

    pub async fn begin(&self, callback: &str) -> Result<Begun, NotGranted> {
        let request = self.step("initiate", None, ("oauth_callback", callback)).await?;
        let mut approval = at(&self.steps, "authorize")?;
        approval.query_pairs_mut().append_pair("oauth_token", &request.key);
        Ok(Begun { request, approval: approval.into() })
    }

    /// Turns an approved request into a token. It can be done once.
    pub async fn finish(&self, request: &Credential, verifier: &str) -> Result<Credential, NotGranted> {
        self.step("token", Some(request), ("oauth_verifier", verifier)).await
    }

    async fn step(
        &self,
        name: &str,
        token: Option<&Credential>,
        said: (&'static str, &str),
    ) -> Result<Credential, NotGranted> {
        let url = at(&self.signed_as, name)?;
        let claim = Claim { method: &Method::POST, url: &url, token, protocol: &[said] };
        let authorization = self.signer.authorize(&claim);
        let request = self.client.post(at(&self.steps, name)?).header(AUTHORIZATION, authorization).body("");
        granted(&http::exchange(request).await?)
    }
}

fn at(base: &Url, step: &str) -> EmrResult<Url> {
    base.join(step).map_err(|_| EmrFailure::NoConnection)
}

fn granted(answer: &Answer) -> Result<Credential, NotGranted> {
    match answer.status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(NotGranted::Refused),
        StatusCode::BAD_REQUEST => return Err(NotGranted::BadStep),
        StatusCode::NOT_FOUND => return Err(NotGranted::NoRestModule),
        StatusCode::FORBIDDEN => return Err(EmrFailure::Firewall.into()),
        _ => return Err(EmrFailure::HttpError.into()),
    }
    let form = String::from_utf8_lossy(&answer.body);
    // A form is a query by another name.
    let mut url = Url::parse("http://localhost/").map_err(|_| EmrFailure::Unreadable)?;
    url.set_query(Some(form.trim()));
    let said = |wanted: &str| {
        url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
    };
    let pair = said("oauth_token").zip(said("oauth_token_secret")).filter(|(key, _)| !key.is_empty());
    let (key, secret) = pair.ok_or(EmrFailure::Unreadable)?;
    Ok(Credential { key, secret: SecretString::from(secret) })
}
