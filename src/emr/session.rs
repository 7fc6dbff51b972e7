//! A standing login with one EMR: made once, renewed when the server forgets it, shared by everybody who asks.
//!
//! OSCAR's key has no time limit; it changes when the server restarts or the password changes, so it is
//! kept until the server refuses it. In which namespace a build takes its operations shows when it is first asked without
//! a key: what is in the wrong one was not understood, so it may be said again in the other.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::EmrResult;

use super::http::{self, Answer, Clients};
use super::soap::{self, Call, Dialect, LOGIN, Token};
use super::xml::{Element, Space};
use crate::access::EmrAccess;

/// How long a refusal stands: each try costs the server an audit row and a pause, and some builds lock the account.
const REFUSAL_STANDS: Duration = Duration::from_secs(5);

pub(super) struct Session {
    client: Client,
    /// Ends in `/ws/`.
    services: Url,
    username: String,
    password: SecretString,
    dialect: Mutex<Dialect>,
    /// Locked while logging in, so that everybody who needs a token waits for one login.
    login: tokio::sync::Mutex<Login>,
}

#[derive(Default)]
struct Login {
    token: Option<Arc<Token>>,
    failed: Option<Failed>,
}

#[derive(Clone, Copy)]
struct Failed {
    at: Instant,
    failure: EmrFailure,
}

impl Failed {
    fn now(failure: EmrFailure) -> Self {
        Self { at: Instant::now(), failure }
    }

    /// Whoever waited while it failed shares the failure; a refusal counts a while longer.
    fn answers(self, asked_at: Instant) -> bool {
        let refused = self.failure == EmrFailure::Unauthorised;
        self.at >= asked_at || refused && asked_at < self.at + REFUSAL_STANDS
    }
}

impl Session {
    pub(super) fn new(access: EmrAccess, clients: &Clients) -> EmrResult<Self> {
        Ok(Self {
            client: clients.judging(&access.tls)?,
            services: http::mount(&access.url, "ws/")?,
            username: access.username,
            password: access.password,
            dialect: Mutex::new(Dialect::Oscar),
            login: tokio::sync::Mutex::default(),
        })
    }

    /// Asks with the token, and once more with a new one if the server does not take it. That is safe for a write: what
    /// was refused was not done.
    pub(super) async fn ask(&self, call: &Call) -> EmrResult<Element> {
        let token = self.token(None).await.map_err(|failure| unsent(call, failure))?;
        match self.exchange(call, Some(&token), self.dialect()).await {
            Err(EmrFailure::Unauthorised) => {}
            answered => return answered,
        }
        let renewed = self.token(Some(&token)).await.map_err(|failure| unsent(call, failure))?;
        let answered = self.exchange(call, Some(&renewed), self.dialect()).await;
        if matches!(answered, Err(EmrFailure::Unauthorised)) {
            self.disown(&renewed).await;
        }
        answered
    }

    /// Asks a service that wants no token, in the other namespace too if it does not understand.
    pub(super) async fn ask_openly(&self, call: &Call) -> EmrResult<Element> {
        let dialect = self.dialect();
        let answered = self.exchange(call, None, dialect).await;
        if !matches!(answered, Err(EmrFailure::ClientFault)) {
            return answered;
        }
        let answered = self.exchange(call, None, dialect.other()).await;
        if matches!(answered, Ok(_) | Err(EmrFailure::Unauthorised)) {
            *self.dialect.lock().unwrap_or_else(PoisonError::into_inner) = dialect.other();
        }
        answered
    }

    fn dialect(&self) -> Dialect {
        *self.dialect.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page of the web service framework about itself: `path` is what stands behind `/ws/`.
    pub(super) async fn page(&self, path: &str) -> EmrResult<Answer> {
        let url = self.services.join(path).map_err(|_| EmrFailure::NoConnection)?;
        http::get(&self.client, url).await
    }

    /// The token, or a new one if it is the one that was refused.
    async fn token(&self, refused: Option<&Arc<Token>>) -> EmrResult<Arc<Token>> {
        let asked_at = Instant::now();
        let mut login = self.login.lock().await;
        if let Some(token) = &login.token
            && refused.is_none_or(|refused| !Arc::ptr_eq(refused, token))
        {
            return Ok(Arc::clone(token));
        }
        if let Some(failed) = login.failed.filter(|failed| failed.answers(asked_at)) {
            return Err(failed.failure);
        }
        let outcome = self.log_in().await.map(Arc::new);
        *login = Login {
            token: outcome.as_ref().ok().cloned(),
            failed: outcome.as_ref().err().copied().map(Failed::now),
        };
        outcome
    }

    /// A token that is refused fresh from the login is as good as a refused login.
    async fn disown(&self, token: &Arc<Token>) {
        let mut login = self.login.lock().await;
        if login.token.as_ref().is_some_and(|current| Arc::ptr_eq(current, token)) {
            *login = Login { token: None, failed: Some(Failed::now(EmrFailure::Unauthorised)) };
        }
    }

    async fn log_in(&self) -> EmrResult<Token> {
        let call = Call::new("LoginService", LOGIN, |arguments| {
            arguments.text("arg0", &self.username);
            arguments.text("arg1", self.password.expose_secret());
        });
        let response = self.ask_openly(&call).await?;
        token_in(&response).ok_or(EmrFailure::Unreadable)
    }

    async fn exchange(&self, call: &Call, token: Option<&Token>, dialect: Dialect) -> EmrResult<Element> {
        http::noted(call.operation, async {
            let url = self.services.join(call.service).map_err(|_| EmrFailure::NoConnection)?;
            let answer = http::post(&self.client, url, call.envelope(token, dialect)).await?;
            soap::response(&answer, call.operation)
        })
        .await
    }
}

fn token_in(response: &Element) -> Option<Token> {
    let granted = response.child(Space::None, "return")?;
    let security_id = granted.text_of("securityId")?.trim().parse().ok()?;
    let key = granted.text_of("securityTokenKey")?.trim().into();
    Some(Token { security_id, key })
}

/// What a failed login says about the call that needed it. A write was not sent then, however the login ended, and must
/// not be taken for one of unknown outcome.
fn unsent(call: &Call, failure: EmrFailure) -> EmrFailure {
    if call.writes && !failure.nothing_done() { EmrFailure::NoConnection } else { failure }
}
