//! The map of rooms: what lies at the top, and who may know whom.

use std::collections::BTreeSet;

use crate::kept;
use crate::repository::{File, file, paths, read, rust};

const AT_THE_TOP: [&str; 10] = [
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "actors",
    "config",
    "docs",
    "migrations",
    "src",
    "supervision.md",
    "tests",
];

/// What would let an actor reach around its ports. What these bring along is seen in the dependency tree by `.ci/run`.
const OUTSIDE: [&str; 10] = [
    "axum",
    "figment",
    "http-body-util",
    "hyper",
    "hyper-util",
    "quick-xml",
    "reqwest",
    "rustix",
    "rustls",
    "sqlx",
];

/// A room, and the rooms of its crate that it knows. Adapters meet in `boot`, nowhere else.
const KNOWS: [(&str, &[&str]); 11] = [
    ("actors/domain", &["domain"]),
    ("actors/ports", &["domain", "ports"]),
    ("src/emr", &["access", "emr"]),
    ("src/front", &["access", "front"]),
    ("src/handoff", &["handoff"]),
    ("src/sandbox", &["sandbox"]),
    ("src/seal", &["seal"]),
    ("src/sms", &["sms"]),
    ("src/store", &["access", "seal", "store"]),
    ("src/systemd", &["systemd"]),
    ("src/voice", &["voice"]),
];

fn out_of_place(paths: &[String]) -> Vec<String> {
    let first = |path: &String| path.split('/').next().unwrap_or_default().to_owned();
    let tops: BTreeSet<String> = paths.iter().map(first).collect();
    tops.into_iter().filter(|top| !top.starts_with('.') && !AT_THE_TOP.contains(&top.as_str())).collect()
}

fn reaches_outside(manifest: &str) -> Vec<String> {
    let manifest: toml::Table = manifest.parse().expect("a manifest");
    let lists = ["dependencies", "build-dependencies", "dev-dependencies"];
    let named = lists.iter().filter_map(|list| manifest.get(*list)?.as_table()).flat_map(toml::Table::keys);
    named.filter(|name| OUTSIDE.contains(&name.as_str())).cloned().collect()
}

fn strangers(file: &File) -> Vec<String> {
    let Some((_, known)) = KNOWS.iter().find(|(room, _)| file.is_in(room)) else { return Vec::new() };
    let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let met = file.body().split("crate::").skip(1).map(word);
    let strangers =
        met.filter(|room| room.starts_with(char::is_lowercase) && !known.contains(&room.as_str()));
    strangers.map(|room| format!("{} knows {room}", file.path)).collect()
}

/// The house to test in comes with a feature, which the tests turn on for everything that is built beside them.
fn leans_on_tests(file: &File) -> bool {
    file.path.starts_with("src/") && file.body().contains("vitarad_actors::testing")
}

#[test]
fn nothing_lies_at_the_top_that_the_map_does_not_show() {
    kept(&out_of_place(&paths()));
    let found: Vec<String> =
        ["src/main.rs", ".ci/run", "notes.txt", "scripts/x.sh"].map(str::to_owned).into();
    assert_eq!(out_of_place(&found), ["notes.txt", "scripts"]);
}

#[test]
fn a_folder_is_described_by_the_file_beside_it() {
    let within: Vec<String> = paths().into_iter().filter(|path| path.ends_with("/mod.rs")).collect();
    kept(&within);
}

#[test]
fn the_actors_manifest_names_nothing_of_the_outside() {
    kept(&reaches_outside(&read("actors/Cargo.toml").expect("a manifest")));
    let leaky =
        "[dependencies]\nserde.workspace = true\nsqlx.workspace = true\n[dev-dependencies]\nhyper = \"1\"";
    assert_eq!(reaches_outside(leaky), ["sqlx", "hyper"]);
}

#[test]
fn a_room_knows_only_whom_the_map_allows() {
    kept(&rust().iter().flat_map(strangers).collect::<Vec<_>>());
    let curious = file("src/emr/oscar.rs", "use crate::emr::Http;\nuse crate::store::SqlStore;\n");
    assert_eq!(strangers(&curious), ["src/emr/oscar.rs knows store"]);
    assert!(strangers(&file("src/emrs.rs", "use crate::store::SqlStore;")).is_empty());
    assert!(KNOWS.iter().all(|(room, _)| rust().iter().any(|file| file.is_in(room))), "an empty room");
}

#[test]
fn what_ships_does_not_lean_on_what_is_there_for_tests() {
    let leaning: Vec<String> = rust().into_iter().filter(leans_on_tests).map(|file| file.path).collect();
    kept(&leaning);
    let tests = "#[cfg(test)]\nmod tests {\n    use vitarad_actors::testing::World;\n}\n";
    assert!(!leans_on_tests(&file("src/front.rs", &format!("fn a() {{}}\n{tests}"))));
    assert!(leans_on_tests(&file("src/front.rs", "use vitarad_actors::testing::World;\n")));
}
