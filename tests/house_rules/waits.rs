//! A test that waits by sleeping is slow on a good day and wrong on a bad one.

use crate::kept;
use crate::repository::{File, file, rust};

/// Where a sleep waits for nothing.
const MAY_SLEEP: [(&str, &str); 9] = [
    ("tests/support/patience.rs", "looks again until a deadline"),
    ("tests/cluster/database.rs", "keeps a database away for a while"),
    ("tests/cluster/kills.rs", "lets calls go on between two deaths"),
    ("tests/door/house.rs", "looks again until a deadline"),
    ("tests/door/throughput.rs", "lets a measurement run"),
    ("tests/bench/", "lets measurements run"),
    ("tests/upgrades/clients.rs", "is slow on purpose"),
    ("tests/deaths/", "passes time on a paused clock"),
    ("tests/simulation/", "passes time on a paused clock"),
];

fn sleeps(file: &File) -> bool {
    let call = ["sleep", "("].concat();
    let is_call = |at: usize| !file.text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    file.path.starts_with("tests/") && file.text.match_indices(&call).any(|(at, _)| is_call(at))
}

#[test]
fn no_test_waits_by_sleeping() {
    let sleepers: Vec<String> = rust().into_iter().filter(sleeps).map(|file| file.path).collect();
    let may = |path: &String| MAY_SLEEP.iter().any(|(place, _)| path.starts_with(place));
    kept(&sleepers.iter().filter(|path| !may(path)).cloned().collect::<Vec<_>>());
    for (place, _) in MAY_SLEEP {
        assert!(sleepers.iter().any(|path| path.starts_with(place)), "{place} no longer needs its exception");
    }
    let nap = ["tokio::time::sleep", "(NAP).await"].concat();
    assert!(sleeps(&file("tests/a.rs", &nap)));
    assert!(!sleeps(&file("tests/a.rs", &nap.replace("::sleep", "::oversleep"))));
}
