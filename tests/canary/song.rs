//! Hearing a canary: which of the marks are in a text, in whatever case. And the proof that one that sings is heard.

use crate::log::{Log, OWN};

/// The first mark in a text, with what stands around it.
pub(crate) fn heard(marks: &[String], text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    marks.iter().find_map(|mark| {
        let at = lower.find(&mark.to_lowercase())?;
        let around: String =
            lower[lower.floor_char_boundary(at.saturating_sub(120))..].chars().take(300).collect();
        Some(format!("{mark} in: {around}"))
    })
}

/// The same in a file, or whatever else is bytes.
pub(crate) fn heard_in_bytes(marks: &[String], bytes: &[u8]) -> Option<String> {
    heard(marks, &String::from_utf8_lossy(bytes))
}

/// A bird of its own kind: the other tests do not listen for it.
const SONG: &str = "tirilirilooper";

#[test]
fn a_canary_that_sings_is_heard_in_every_place_that_is_searched() {
    let log = Log::listen();
    tracing::trace!(target: "a_library::deep::inside", name = "TIRILIRILOOPER", "traced");
    let span = tracing::trace_span!(target: "another_library", "work", who = ?Some(SONG));
    span.in_scope(|| tracing::error!("{SONG} in the words of an error"));
    tracing::error!(target: "vitarad::front", who = SONG, "and of our own");
    let panicked = std::thread::spawn(|| panic!("{SONG} in a panic")).join();
    assert!(panicked.is_err());

    let marks = [SONG.to_owned()];
    let lines = log.lines();
    let singing: Vec<&str> = lines
        .iter()
        .filter(|line| heard(&marks, &line.text).is_some())
        .map(|line| line.target.as_str())
        .collect();
    for target in ["a_library::deep::inside", "another_library", "vitarad::front", module_path!()] {
        assert!(singing.contains(&target), "{target}");
    }
    assert!(lines.iter().any(|line| line.is_let_through() && heard(&marks, &line.text).is_some()));
    assert!(log.panics().iter().any(|panic| heard(&marks, panic).is_some()));
    assert!(heard_in_bytes(&marks, b"\x00\xff{\"name\":\"Tirilirilooper\"}").is_some());
    assert_eq!(heard(&marks, "tirili"), None);
    assert!(OWN.iter().all(|own| module_path!() != *own));
}
