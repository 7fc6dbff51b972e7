//! The platform's REST API, read at a pace that leaves its undocumented limits alone.

mod pace;

use std::time::Duration;

use reqwest::{Client, Response, StatusCode, Url, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use vitarad_actors::domain::ids::CallId;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::Luck;

use self::pace::Pace;

/// The lease under which it is asked lasts longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// A call holds its whole history.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// What came of one request.
pub enum Answer {
    Found(Phi<String>),
    Unknown,
    /// Of a kind that asking again will not better at once.
    Unreadable,
    /// Not asked, or the platform is away, overburdened or refuses our key.
    Away,
}

pub struct Calls {
    client: Option<Client>,
    api: Url,
    key: SecretString,
    pace: Pace,
}

impl Calls {
    /// `api` is the address up to the first path segment.
    pub fn new(api: Url, key: SecretString) -> Self {
        let client = Client::builder()
            .timeout(PATIENCE)
            .https_only(api.scheme() == "https")
            .no_proxy()
            .gzip(true)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .user_agent(concat!("vitarad/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { client: client.ok(), api, key, pace: Pace::new(Instant::now()) }
    }

    pub fn is_ready(&self) -> bool {
        self.client.is_some() && self.pace.is_ready(Instant::now())
    }

    pub async fn call(&self, id: &CallId, luck: &Luck) -> Answer {
        match self.place(id) {
            Some(place) => self.get(place, luck).await,
            None => Answer::Unknown,
        }
    }

    /// A dot is printable, too, and would be another path.
    fn place(&self, id: &CallId) -> Option<Url> {
        let mut place = self.api.clone();
        place.path_segments_mut().ok()?.pop_if_empty().extend(["call", id.as_str()]);
        place.path_segments()?.nth_back(1).is_some_and(|parent| parent == "call").then_some(place)
    }

    async fn get(&self, place: Url, luck: &Luck) -> Answer {
        let Some(client) = self.client.as_ref().filter(|_| self.pace.take(Instant::now())) else {
            return Answer::Away;
        };
        let request = client.get(place).bearer_auth(self.key.expose_secret());
        let Ok(response) = request.send().await else { return self.rest("no answer", None, luck) };
        let status = response.status();
        match status {
            StatusCode::NOT_FOUND => {
                self.pace.went_well();
                Answer::Unknown
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.rest("key refused", None, luck),
            StatusCode::TOO_MANY_REQUESTS => self.rest("too many requests", asked_for(&response), luck),
            _ if status.is_server_error() => self.rest("server error", asked_for(&response), luck),
            _ if status.is_success() => match text(response).await {
                Ok(text) => {
                    self.pace.went_well();
                    Answer::Found(Phi::new(text))
                }
                Err(Cut::Short) => self.rest("no answer", None, luck),
                Err(Cut::Unreadable) => Answer::Unreadable,
            },
            _ => Answer::Unreadable,
        }
    }

    /// Said when it begins, not each time that it goes on.
    fn rest(&self, failure: &'static str, asked_for: Option<Duration>, luck: &Luck) -> Answer {
        if self.pace.went_wrong(asked_for, luck.fraction(), Instant::now()) {
            tracing::warn!(failure, "the voice platform does not tell of its calls");
        }
        Answer::Away
    }
}

enum Cut {
    Short,
    Unreadable,
}

async fn text(mut response: Response) -> Result<String, Cut> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|_| Cut::Short)? {
        // Counted after decompression.
        if body.len() + piece.len() > LARGEST_ANSWER {
            return Err(Cut::Unreadable);
        }
        body.extend_from_slice(&piece);
    }
    String::from_utf8(body).map_err(|_| Cut::Unreadable)
}

fn asked_for(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get("retry-after")?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calls_number_never_leads_to_another_path() {
        let api = Url::parse("https://api.vapi.ai").unwrap();
        let calls = Calls::new(api, SecretString::from("key"));
        let place = |id: &str| calls.place(&CallId::parse(id).unwrap()).map(String::from);
        assert_eq!(place("0192a1b2-c3d4").unwrap(), "https://api.vapi.ai/call/0192a1b2-c3d4");
        assert_eq!(place("a/../b?c#d").unwrap(), "https://api.vapi.ai/call/a%2F..%2Fb%3Fc%23d");
        assert_eq!((place("."), place("..")), (None, None));
    }
}
