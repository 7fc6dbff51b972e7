//! Reads the columns of a row. What is there and cannot be understood makes the answer unreadable: a guess would be told
//! to a caller as the truth.

use std::str::FromStr;

use jiff::civil::DateTime;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::EmrResult;

use crate::emr::xml::Element;

/// `None` if the element is absent, which OSCAR's NULL is.
pub(super) fn parsed<T: FromStr>(row: &Element, name: &str) -> EmrResult<Option<T>> {
    row.text_of(name).map(|text| text.trim().parse().map_err(|_| EmrFailure::Unreadable)).transpose()
}

pub(super) fn required<T>(value: Option<T>) -> EmrResult<T> {
    value.ok_or(EmrFailure::Unreadable)
}

pub(super) fn owned(row: &Element, name: &str) -> String {
    row.text_of(name).unwrap_or_default().to_owned()
}

pub(super) fn phi(row: &Element, name: &str) -> Option<Phi<String>> {
    row.text_of(name).map(|text| Phi::new(text.to_owned()))
}

pub(super) fn boolean(row: &Element, name: &str) -> EmrResult<Option<bool>> {
    let value = |text: &str| match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(EmrFailure::Unreadable),
    };
    row.text_of(name).map(value).transpose()
}

/// The wall clock of a date-time. Its offset is that of the server's process, which is often not the clinic's, so
/// every offset is passed over, `Z` too.
pub(super) fn wall(row: &Element, name: &str) -> EmrResult<Option<DateTime>> {
    const WALL: usize = "2026-06-02T09:00:00".len();
    let wall = |text: &str| text.trim_start().get(..WALL)?.parse().ok();
    row.text_of(name).map(|text| required(wall(text))).transpose()
}

/// A Java `char`, sent as the number of its code.
pub(super) fn letter(row: &Element, name: &str) -> EmrResult<Option<char>> {
    let code: Option<u16> = parsed(row, name)?;
    code.map(|code| required(char::from_u32(code.into()))).transpose()
}
