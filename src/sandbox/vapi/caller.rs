//! One phone call as the voice platform sees it: real HTTP, real signatures, Vapi's envelope.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;

/// How the requests are signed.
#[derive(Clone)]
pub enum Signing {
    /// `x-signature` over `{timestamp}.{body}`, as Vapi's HMAC credential does by default.
    Hmac(SecretString),
    Bearer(SecretString),
    Unsigned,
}

/// Where the daemon listens and what clock the platform goes by.
#[derive(Clone)]
pub struct Platform {
    /// The shared webhook, for example `http://127.0.0.1:8080/api/vapi`.
    pub url: String,
    pub signing: Signing,
    /// Seconds since 1970, for the timestamp that is signed.
    pub now: fn() -> i64,
}

/// A call in progress.
pub struct Caller {
    platform: Platform,
    client: reqwest::Client,
    call: String,
    /// The line that was dialled and the number that dialled it.
    dialled: String,
    number: Option<String>,
    asked: u32,
}

/// The daemon gave no answer that the platform could use. Says no more: the address is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    #[error("nobody answers at that address")]
    NoConnection,
    #[error("the daemon answered with HTTP {0}")]
    Status(u16),
    #[error("the answer is not what the platform expects")]
    Unusable,
}

const PATIENCE: Duration = Duration::from_secs(20);

impl Caller {
    pub fn dial(
        platform: Platform,
        call: &str,
        dialled: &str,
        number: Option<&str>,
    ) -> Result<Self, NoAnswer> {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        Ok(Self {
            platform,
            client: client.map_err(|_| NoAnswer::NoConnection)?,
            call: call.to_owned(),
            dialled: dialled.to_owned(),
            number: number.map(str::to_owned),
            asked: 0,
        })
    }

    /// Calls a tool and reads its one result.
    pub async fn tool(&mut self, name: &str, arguments: &Value) -> Result<Value, NoAnswer> {
        self.asked += 1;
        let id = format!("call_{}_{}", self.call, self.asked);
        let mut message = self.message("tool-calls");
        message["toolCallList"] =
            json!([{ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } }]);
        let answer = self.post(&message).await?;
        let result = &answer["results"][0];
        if result["toolCallId"] != id.as_str() {
            return Err(NoAnswer::Unusable);
        }
        let line = result["result"].as_str().ok_or(NoAnswer::Unusable)?;
        serde_json::from_str(line).map_err(|_| NoAnswer::Unusable)
    }

    /// Says that the call is over.
    pub async fn hang_up(&self) -> Result<(), NoAnswer> {
        let mut status = self.message("status-update");
        status["status"] = "ended".into();
        status["endedReason"] = "customer-ended-call".into();
        self.post(&status).await?;
        let mut report = self.message("end-of-call-report");
        report["endedReason"] = "customer-ended-call".into();
        report["artifact"] = json!({ "messages": [], "transcript": "" });
        report["analysis"] = json!({});
        self.post(&report).await.map(drop)
    }

    fn message(&self, kind: &str) -> Value {
        let customer = self.number.as_ref().map_or(json!({}), |number| json!({ "number": number }));
        json!({
            "type": kind,
            "timestamp": (self.platform.now)() * 1000,
            "call": { "id": self.call, "type": "inboundPhoneCall", "status": "queued", "customer": customer },
            "phoneNumber": { "number": self.dialled },
            "customer": customer,
        })
    }

    async fn post(&self, message: &Value) -> Result<Value, NoAnswer> {
        let body = json!({ "message": message }).to_string();
        let request = self.client.post(&self.platform.url).header("content-type", "application/json");
        let request = match &self.platform.signing {
            Signing::Hmac(secret) => {
                let timestamp = (self.platform.now)().to_string();
                let signature = sign(secret, &timestamp, &body);
                request.header("x-timestamp", timestamp).header("x-signature", signature)
            }
            Signing::Bearer(secret) => request.bearer_auth(secret.expose_secret()),
            Signing::Unsigned => request,
        };
        let response = request.body(body).send().await.map_err(|_| NoAnswer::NoConnection)?;
        if !response.status().is_success() {
            return Err(NoAnswer::Status(response.status().as_u16()));
        }
        response.json().await.map_err(|_| NoAnswer::Unusable)
    }
}

fn sign(secret: &SecretString, timestamp: &str, body: &str) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
