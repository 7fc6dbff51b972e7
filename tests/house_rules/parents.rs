//! By default the framework stops whoever has a child that ends. So every parent hears of it and decides for itself.

use vitarad_actors::tree::{Role, TREE};

use crate::kept;
use crate::repository::{File, file, read, rust};

/// Split, so that this file has no children.
const LINKED: &str = concat!("Actor::spawn_", "linked(");
const OWN_CELL: &str = concat!("myself.", "get_cell()");

/// Who gives its own cell away to be linked to, and does not handle the end of what is linked.
fn deaf(file: &File) -> bool {
    file.text.contains(OWN_CELL) && !file.text.contains("async fn handle_supervisor_evt(")
}

/// A child is linked to the cell that its start was given, which is a supervisor's.
fn links_elsewhere(file: &File) -> Vec<String> {
    let calls = file.text.split(LINKED).skip(1);
    let elsewhere = calls.map(last_argument).filter(|cell| !["parent", "supervisor"].contains(cell));
    elsewhere.map(|cell| format!("{} links an actor to {cell}", file.path)).collect()
}

fn last_argument(arguments: &str) -> &str {
    let mut depth = 0_usize;
    let mut begins = 0;
    for (at, c) in arguments.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return arguments[begins..at].trim(),
            ')' => depth -= 1,
            ',' if depth == 0 => begins = at + 1,
            _ => {}
        }
    }
    ""
}

fn parents() -> impl Iterator<Item = Role> {
    let is_parent = |role: Role| TREE.iter().any(|row| row.parent == Some(role));
    TREE.iter().map(|row| row.role).filter(move |role| is_parent(*role))
}

fn is_a_supervisor(source: &str) -> bool {
    source.contains("(None, Supervisor, ")
}

#[test]
fn every_role_that_has_children_is_played_by_the_supervisor() {
    assert_eq!(parents().count(), 4);
    for role in parents() {
        let source = read(&format!("actors/{}.rs", role.name())).expect("a role has a file of its name");
        assert!(is_a_supervisor(&source), "{} is played by somebody else", role.name());
    }
    assert!(!is_a_supervisor("(None, DeskActor, args, supervisor)"));
}

#[test]
fn nobody_has_children_without_hearing_of_their_end() {
    let files = rust();
    kept(&files.iter().filter(|file| deaf(file)).map(|file| file.path.clone()).collect::<Vec<_>>());
    kept(&files.iter().flat_map(links_elsewhere).collect::<Vec<_>>());
    assert!(deaf(&file("a.rs", &format!("impl Actor for A {{}} (child.start)({OWN_CELL})"))));
    let linked = format!("{LINKED}None, A, f(a, b), supervisor) {LINKED}None, A, (), self.cell)");
    assert_eq!(links_elsewhere(&file("a.rs", &linked)), ["a.rs links an actor to self.cell"]);
}
