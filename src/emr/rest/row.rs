//! Rows of JSON, read leniently: one and the same field comes as a number or as text, depending on the build and on
//! whether the server had just made the row or read it back. What is there and cannot be understood makes the answer
//! unreadable: a guess would be told to a caller as the truth.

use std::collections::HashMap;
use std::str::FromStr;

use jiff::civil::{Date, Time};
use serde::Deserialize;
use serde::de::IgnoredAny;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::ports::EmrFailure;
use vitarad_actors::ports::emr::EmrResult;

/// The plain values of one object, as text, and the objects in it; NULL and lists are left out.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Row(HashMap<String, Cell>);

#[derive(Deserialize)]
#[serde(from = "Value")]
enum Cell {
    Text(String),
    Inner(Row),
    Nothing,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Whole(i64),
    Number(f64),
    Flag(bool),
    Inner(Row),
    Other(IgnoredAny),
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Whole(number) => Self::Text(number.to_string()),
            Value::Number(number) => Self::Text(number.to_string()),
            Value::Flag(flag) => Self::Text(flag.to_string()),
            Value::Inner(row) => Self::Inner(row),
            Value::Other(_) => Self::Nothing,
        }
    }
}

/// How lists come. The total beside them is often 0 with the list full.
#[derive(Deserialize)]
pub(super) struct Listed {
    #[serde(default)]
    pub(super) content: Vec<Row>,
}

/// How the schedule's services answer.
#[derive(Deserialize)]
pub(super) struct Scheduled {
    pub(super) appointment: Option<Row>,
    pub(super) appointments: Option<Vec<Row>>,
}

impl Row {
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Cell::Text(text) => Some(text),
            Cell::Inner(_) | Cell::Nothing => None,
        }
    }

    pub(super) fn inner(&self, name: &str) -> Option<&Self> {
        match self.0.get(name)? {
            Cell::Inner(row) => Some(row),
            Cell::Text(_) | Cell::Nothing => None,
        }
    }

    pub(super) fn owned(&self, name: &str) -> String {
        self.text_of(name).unwrap_or_default().to_owned()
    }

    pub(super) fn phi(&self, name: &str) -> Option<Phi<String>> {
        self.text_of(name).map(|text| Phi::new(text.to_owned()))
    }

    pub(super) fn parsed<T: FromStr>(&self, name: &str) -> EmrResult<Option<T>> {
        self.text_of(name).map(|text| text.trim().parse().map_err(|_| EmrFailure::Unreadable)).transpose()
    }

    /// A date as it is stored. One that comes as an instant is not understood: which day it is depends on the zone of the
    /// server's process, and nobody tells us that.
    pub(super) fn date(&self, name: &str) -> EmrResult<Date> {
        const DATE: usize = "2026-06-02".len();
        required(self.text_of(name).and_then(|text| text.get(..DATE)?.parse().ok()))
    }

    /// A wall clock: `09:15:00`, or the part of an ISO time behind the `T`. An instant is refused as for a date.
    pub(super) fn time(&self, name: &str) -> EmrResult<Time> {
        const TIME: usize = "09:15:00".len();
        let clock = |text: &str| {
            let clock = text.split_once('T').map_or(text, |(_, clock)| clock);
            clock.get(..TIME)?.parse().ok()
        };
        required(self.text_of(name).filter(|text| text.contains(':')).and_then(clock))
    }
}

pub(super) fn required<T>(value: Option<T>) -> EmrResult<T> {
    value.ok_or(EmrFailure::Unreadable)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn row(text: &str) -> Row {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_number_is_read_from_a_number_and_from_text() {
        let row = row(r#"{"a":7,"b":" 7 ","c":null,"d":{"x":1},"e":"x","f":7.5}"#);
        assert_eq!((row.parsed("a"), row.parsed("b")), (Ok(Some(7)), Ok(Some(7))));
        for absent in ["c", "d", "g"] {
            assert_eq!(row.parsed::<i32>(absent), Ok(None), "{absent}");
        }
        for wrong in ["e", "f"] {
            assert_eq!(row.parsed::<i32>(wrong), Err(EmrFailure::Unreadable), "{wrong}");
        }
    }

    #[test]
    fn wall_clocks_are_read_in_every_text_form_and_instants_in_none() {
        let row = row(
            r#"{"day":"2026-06-02","clock":"09:15:00","iso":"2026-06-02T09:15:00.000-0400","instant":1780406100000}"#,
        );
        assert_eq!((row.date("day"), row.date("iso")), (Ok(date(2026, 6, 2)), Ok(date(2026, 6, 2))));
        assert_eq!((row.time("clock"), row.time("iso")), (Ok(time(9, 15, 0, 0)), Ok(time(9, 15, 0, 0))));
        assert_eq!(row.date("instant"), Err(EmrFailure::Unreadable));
        assert_eq!(row.time("instant"), Err(EmrFailure::Unreadable));
        assert_eq!(row.time("day"), Err(EmrFailure::Unreadable));
        assert_eq!(row.date("absent"), Err(EmrFailure::Unreadable));
    }
}
