//! How the REST services say no: a status, and with 500 a page of the servlet container with the reason somewhere in it.

use crate::sandbox::oscar::exchange::Page;

#[derive(Debug)]
pub(super) enum Refusal {
    /// Whatever is wrong with the signature, the nonce, the time or the token.
    Unauthorised,
    /// A step of the handshake that does not fit.
    BadStep,
    NoSuchPath,
    WrongMethod,
    NotAcceptable,
    WrongContent,
    /// An unchecked Java exception with this message.
    Failed(String),
}

impl Refusal {
    pub(super) fn failed(message: &str) -> Self {
        Self::Failed(message.to_owned())
    }

    pub(super) fn page(&self) -> Page {
        let status = match self {
            Self::Unauthorised => 401,
            Self::BadStep => 400,
            Self::NoSuchPath => 404,
            Self::WrongMethod => 405,
            Self::NotAcceptable => 406,
            Self::WrongContent => 415,
            Self::Failed(_) => 500,
        };
        let text = match self {
            Self::Failed(message) => error_page(message),
            _ => String::new(),
        };
        let challenge = matches!(self, Self::Unauthorised).then_some("OAuth");
        Page { status, kind: "text/html;charset=utf-8", text, challenge, ..Page::default() }
    }
}

fn error_page(message: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status 500 – Internal Server Error</title></head>\
         <body><h1>HTTP Status 500 – Internal Server Error</h1><p><b>Type</b> Exception Report</p>\
         <p><b>Message</b> java.lang.RuntimeException: {message}</p><hr class=\"line\" />\
         <h3>Apache Tomcat</h3></body></html>"
    )
}
