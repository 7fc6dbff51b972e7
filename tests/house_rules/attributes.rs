//! Exceptions say why, and an unmaintained crate stays where it is.

use crate::kept;
use crate::repository::{File, file, rust};

const UNMAINTAINED: [(&str, &str); 1] = [("backoff", "actors/retry.rs")];

/// Split, so that this file keeps its own rule.
const ALLOW: &str = concat!("[all", "ow(");
const EXPECT: &str = concat!("[exp", "ect(");

/// Clippy sees most of this, but not at the head of a file.
fn unexplained(file: &File) -> Vec<String> {
    let allows = file.text.matches(ALLOW).map(|_| format!("{}: expect it, and say why", file.path));
    let expects = file.text.split(EXPECT).skip(1).filter_map(|rest| {
        let attribute = rest.split(")]").next().unwrap_or_default();
        let explained = attribute.contains("reason = \"");
        (!explained).then(|| format!("{}: no reason for expecting {attribute}", file.path))
    });
    allows.chain(expects).collect()
}

fn uses_unmaintained(file: &File) -> Vec<String> {
    let used = UNMAINTAINED.iter().filter(|(name, home)| file.path != *home && names(&file.text, name));
    used.map(|(name, home)| format!("{} uses {name}, which belongs into {home}", file.path)).collect()
}

fn names(text: &str, krate: &str) -> bool {
    let path = format!("{krate}::");
    text.match_indices(&path).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn every_exception_from_a_lint_is_an_expectation_with_a_reason() {
    kept(&rust().iter().flat_map(unexplained).collect::<Vec<_>>());
    let head = format!(
        "#!{ALLOW}dead_code)]\n#{EXPECT}clippy::panic)]\n#{EXPECT}\n    unused,\n    reason = \"a\"\n)]"
    );
    assert_eq!(
        unexplained(&file("a.rs", &head)),
        ["a.rs: expect it, and say why", "a.rs: no reason for expecting clippy::panic"]
    );
}

#[test]
fn what_nobody_maintains_is_used_in_one_file() {
    kept(&rust().iter().flat_map(uses_unmaintained).collect::<Vec<_>>());
    let path = ["backoff", "ExponentialBackoff"].join("::");
    assert_eq!(uses_unmaintained(&file("a.rs", &format!("use {path};"))).len(), 1);
    assert!(uses_unmaintained(&file("a.rs", &format!("my_{path}(row.backoff)"))).is_empty());
    assert!(uses_unmaintained(&file(UNMAINTAINED[0].1, &format!("use {path};"))).is_empty());
}
