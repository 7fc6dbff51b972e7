//! Whatever the program says in its log, the runbook explains; and it explains nothing else.

use std::collections::BTreeSet;

use crate::kept;
use crate::repository::{File, file, read, rust};

/// What something is to be done about, and what the rest means.
const WARNINGS: &str = "| message |";
const LINES: &str = "| line |";

/// The messages that a source logs by these macros.
fn messages(file: &File, macros: &[&str]) -> Vec<String> {
    let text = file.body();
    let calls = macros.iter().flat_map(|call| text.match_indices(call));
    let line = |at: usize| text[..at].rsplit('\n').next().unwrap_or_default().trim_start();
    let in_code = calls.filter(|(at, _)| !line(*at).starts_with("//"));
    let by_name = in_code.filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
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

/// What is quoted in the first columns of the tables with that heading.
fn explained(page: &str, heading: &str) -> BTreeSet<String> {
    let (mut found, mut is_within) = (BTreeSet::new(), false);
    for row in page.lines() {
        is_within = row.starts_with(heading) || is_within && row.starts_with('|');
        if is_within {
            let first = row.split('|').nth(1).unwrap_or_default();
            found.extend(first.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

fn logged(macros: &[&str]) -> BTreeSet<String> {
    let ours = |file: &&File| file.path.starts_with("actors/") || file.path.starts_with("src/");
    rust().iter().filter(ours).flat_map(|file| messages(file, macros)).collect()
}

#[test]
fn every_line_of_the_log_is_in_the_runbook_and_nothing_else_is() {
    let page = read("supervision.md").expect("there is a page about supervision");
    let (warnings, lines) = (explained(&page, WARNINGS), explained(&page, LINES));
    let (warned, told) = (logged(&["warn!(", "error!("]), logged(&["info!("]));
    assert!(warned.len() > 20 && warnings.len() > 20 && told.len() > 10 && lines.len() > 10);
    let unwarned = warned.difference(&warnings).chain(told.difference(&lines));
    let missing = unwarned.map(|message| format!("not explained: {message}"));
    // A line may be part of a story, and be warned of as well.
    let unsaid = lines.iter().filter(|line| !told.contains(*line) && !warned.contains(*line));
    let stale = warnings.difference(&warned).chain(unsaid).map(|message| format!("never logged: {message}"));
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
        //! tracing::warn!("no");
    "#;
    let found = messages(&file("a.rs", source), &["warn!(", "error!("]);
    assert_eq!(found, ["one)", "two \"quoted\", continued"]);
}

#[test]
fn a_runbook_is_the_first_columns_of_its_tables() {
    let page = "| metric | b |\n|---|---|\n| `no` | |\n\n| line | b |\n|---|---|\n| `one`, `two` | `no` |\n\n`no`\n\
                \n| line | c |\n|---|---|\n| `three` | |\n";
    assert_eq!(explained(page, LINES), ["one", "two", "three"].map(str::to_owned).into());
}
