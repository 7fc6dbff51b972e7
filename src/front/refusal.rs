//! What is said to a request that gets no further: a status, what is wrong and how to mend it. Nothing of the request
//! is ever repeated.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::body::Size;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NoSuchPath,
    NotPosted,
    Unauthenticated,
    /// Unauthenticated once too often.
    Throttled,
    /// Larger than a body of this kind may be.
    TooLarge(Size),
    TooSlow,
    CutOff,
    NotText,
    NotJson,
    NotAnObject,
    NoType,
    /// A message that could not be kept; its sender may try again.
    NotKept,
}

impl Refusal {
    const fn status(self) -> StatusCode {
        match self {
            Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::NotPosted => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::CutOff | Self::NotText | Self::NotJson | Self::NotAnObject | Self::NoType => {
                StatusCode::BAD_REQUEST
            }
            Self::NotKept => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// For metrics and the log.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::NoSuchPath => "no_such_path",
            Self::NotPosted => "not_posted",
            Self::Unauthenticated => "unauthenticated",
            Self::Throttled => "throttled",
            Self::TooLarge(_) => "too_large",
            Self::TooSlow => "too_slow",
            Self::CutOff => "cut_off",
            Self::NotText => "not_text",
            Self::NotJson => "not_json",
            Self::NotAnObject => "not_an_object",
            Self::NoType => "no_type",
            Self::NotKept => "not_kept",
        }
    }

    /// What is wrong, and how to mend it.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::NoSuchPath => {
                ("there is nothing here", "post to /api/vapi, /api/vapi/{tool} or /vapi-webhook")
            }
            Self::NotPosted => ("this path takes POST only", "send the request as a POST"),
            Self::Unauthenticated => (
                "the request does not prove who sends it",
                "set the credential of this server URL on the voice platform to one that is configured here",
            ),
            Self::Throttled => {
                ("too many requests without a valid credential", "wait a minute and mend the credential")
            }
            Self::TooLarge(Size::ToolCall) => {
                ("the body is larger than 500 KB", "send tool calls without the history of the call")
            }
            Self::TooLarge(Size::Message) => {
                ("the body is larger than 4 MB", "leave out what the report does not need")
            }
            Self::TooSlow => ("the body did not arrive in time", "send the whole body without a pause"),
            Self::CutOff => ("the body ended early", "send as much as the headers announce"),
            Self::NotText => ("the body is not UTF-8", "encode the body as UTF-8"),
            Self::NotJson => {
                ("the body is not well-formed JSON", "send JSON, each field once, at most 128 levels deep")
            }
            Self::NotAnObject => ("the body is not a JSON object", "send an object"),
            Self::NoType => (
                "the body has no message with a type",
                "send {\"message\": {\"type\": ...}}, or bare arguments to the path of one tool",
            ),
            Self::NotKept => ("the message could not be kept", "send it again"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (error, fix) = self.words();
        let mut response = (self.status(), Json(json!({ "error": error, "fix": fix }))).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Throttled => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60")),
            Self::NotKept => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2")),
            Self::NotPosted => headers.insert(header::ALLOW, HeaderValue::from_static("POST")),
            _ => None,
        };
        response
    }
}
