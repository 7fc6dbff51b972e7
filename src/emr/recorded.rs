//! The recorded exchanges in `tests/fixtures/soap`, for the tests of this adapter.

use std::path::PathBuf;

use reqwest::StatusCode;

use super::http::Answer;
use super::soap::response;
use super::xml::Element;

/// The reply to `operation`, from the exchange of that name.
pub(super) fn reply(exchange: &str, operation: &str) -> Element {
    let answer = Answer { status: StatusCode::OK, body: file(exchange, "response") };
    response(&answer, operation).unwrap()
}

pub(super) fn request(exchange: &str) -> Element {
    Element::parse(&file(exchange, "request")).unwrap()
}

pub(super) fn file(exchange: &str, side: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/soap");
    std::fs::read(folder.join(format!("{exchange}.{side}.xml"))).unwrap()
}
