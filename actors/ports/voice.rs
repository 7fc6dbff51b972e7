//! The way into a live phone call.

use async_trait::async_trait;

use crate::domain::clinic::Line;
use crate::domain::ids::CallId;
use crate::domain::phi::Phi;

/// Where one live call is controlled. Who knows it can speak to the caller, so it is a secret: kept in memory only,
/// never printed, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ControlUrl(Phi<String>);

impl ControlUrl {
    const HOSTS: &str = ".vapi.ai";

    /// It comes in a webhook's body, so nothing is believed of it: TLS, a plain host of the platform's own without user
    /// or port, and a path that holds this call's id and ends as it must. Everything else could lead us anywhere.
    pub fn parse(text: &str, call: &CallId) -> Option<Self> {
        let (host, path) = text.strip_prefix("https://")?.split_once('/')?;
        let is_host = host.strip_suffix(Self::HOSTS).is_some_and(|name| {
            let label = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
            !name.is_empty() && !name.starts_with('.') && !name.contains("..") && name.chars().all(label)
        });
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/');
        let is_path = path.chars().all(plain)
            && path.split('/').any(|part| part == call.as_str())
            && path.split('/').next_back() == Some("control");
        (is_host && is_path).then(|| Self(Phi::new(text.to_owned())))
    }

    pub const fn reveal(&self) -> &String {
        self.0.reveal()
    }
}

/// What is done to a live call.
pub enum LiveOrder {
    Say(Phi<String>),
    /// Says so, then puts the caller through.
    Transfer {
        to: Line,
        say: Phi<String>,
    },
    End,
}

/// What the platform made of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obeyed {
    Yes,
    /// The caller has heard nothing of it.
    Refused,
    /// No answer: the caller may have heard it.
    Unknown,
}

#[async_trait]
pub trait VoiceControl: Send + Sync + 'static {
    /// Once: an order without an answer is never given again, or it would be heard twice.
    async fn order(&self, call: &ControlUrl, order: &LiveOrder) -> Obeyed;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_calls_own_place_at_the_platform_is_a_way_in() {
        let call = CallId::parse("0192a1b2-c3d4").unwrap();
        let good = "https://phone-call-websocket.aws-us-west-2.vapi.ai/0192a1b2-c3d4/control";
        assert!(ControlUrl::parse(good, &call).is_some());
        for bad in [
            "http://phone.vapi.ai/0192a1b2-c3d4/control",
            "https://phone.vapi.ai.example.test/0192a1b2-c3d4/control",
            "https://vapi.ai/0192a1b2-c3d4/control",
            "https://.vapi.ai/0192a1b2-c3d4/control",
            "https://phone.vapi.ai:8443/0192a1b2-c3d4/control",
            "https://user@phone.vapi.ai/0192a1b2-c3d4/control",
            "https://127.0.0.1\\@phone.vapi.ai/0192a1b2-c3d4/control",
            "https://127.0.0.1/x.vapi.ai/0192a1b2-c3d4/control",
            "https://phone.vapi.ai/another-call/control",
            "https://phone.vapi.ai/0192a1b2-c3d4/listen",
            "https://phone.vapi.ai/0192a1b2-c3d4/control?to=elsewhere",
            "https://phone.vapi.ai/0192a1b2-c3d4/../control",
            "https://phone.vapi.ai",
        ] {
            assert!(ControlUrl::parse(bad, &call).is_none(), "{bad}");
        }
    }
}
