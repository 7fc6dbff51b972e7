//! Whatever the program warns of, the runbook explains; and it explains nothing else.

use std::collections::BTreeSet;

use crate::kept;
use crate::repository::{File, file, read, rust};

const HEADING: &str = "| message |";

/// The messages that a source logs as warnings and errors.
fn messages(file: &File) -> Vec<String> {
    let text = file.body();
    let calls = ["warn!(", "error!("].iter().flat_map(|call| text.match_indices(call));
    let by_name = calls.filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    by_name.filter_map(|(at, call)| texts(&text[at + call.len()..]).pop()).collect()
}

/// The literals among a macro's own arguments; the message is the last of them.
fn texts(arguments: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut rest = arguments.chars();
    while let Some(c) = rest.next() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            '"' => {
                let text = literal(&mut rest);
                if depth == 0 {
                    found.push(text);
                }
            }
            _ => {}
        }
    }
    found
}

/// Up to its closing quote; a line that is continued is one line.
fn literal(rest: &mut std::str::Chars) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' if rest.as_str().starts_with('\n') => *rest = rest.as_str().trim_start().chars(),
            '\\' => text.extend(rest.next()),
            c => text.push(c),
        }
    }
    text
}

/// The first column of the runbook's table.
fn explained(page: &str) -> BTreeSet<String> {
    let rows = page.lines().skip_while(|line| !line.starts_with(HEADING)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

#[test]
fn every_warning_and_error_is_in_the_runbook_and_nothing_else_is() {
    let explained = explained(&read("supervision.md").expect("there is a page about supervision"));
    let ours = |file: &&File| file.path.starts_with("actors/") || file.path.starts_with("src/");
    let logged: BTreeSet<String> = rust().iter().filter(ours).flat_map(messages).collect();
    assert!(logged.len() > 20 && explained.len() > 20);
    let missing = logged.difference(&explained).map(|message| format!("not explained: {message}"));
    let stale = explained.difference(&logged).map(|message| format!("never logged: {message}"));
    kept(&missing.chain(stale).collect::<Vec<_>>());
}

#[test]
fn a_message_is_found_however_it_is_written() {
    let source = r#"
        tracing::warn!(clinic.id = %id("maple"), kind = "a", "one)");
        error!(
            law.id = law.id(),
            "two \"quoted\", \
             continued"
        );
        not_a_warn!("no"); tracing::info!("no");
    "#;
    assert_eq!(messages(&file("a.rs", source)), ["one)", "two \"quoted\", continued"]);
}

#[test]
fn a_runbook_is_the_first_column_of_its_table() {
    let page = "| metric | b |\n|---|---|\n| `no` | |\n\n| message | b |\n|---|---|\n| `one` | `no` |\n| `two` | |\n\n`no`";
    assert_eq!(explained(page), BTreeSet::from(["one".to_owned(), "two".to_owned()]));
}
