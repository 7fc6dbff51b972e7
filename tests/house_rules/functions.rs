//! The wall for a function, signature and all. Clippy counts the lines of code only, and none of what a macro wraps.

use crate::kept;
use crate::repository::{File, file, rust};

const WALL: usize = 60;

fn begins_function(line: &str) -> bool {
    let words = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async "];
    let mut rest = line.trim_start();
    while let Some(shorter) = words.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = shorter;
    }
    rest.starts_with("fn ")
}

/// Our code is formatted: a function ends with a brace at its own indentation.
fn too_long(file: &File) -> Vec<String> {
    let lines: Vec<&str> = file.text.lines().collect();
    let begins = lines.iter().enumerate().filter(|(_, line)| begins_function(line));
    let measured = begins.filter_map(|(at, first)| {
        let opens = lines[at..].iter().position(|line| line.ends_with(['{', '}', ';']))?;
        if !lines[at + opens].ends_with('{') {
            return None;
        }
        let indent = &first[..first.len() - first.trim_start().len()];
        let long = 1 + lines[at..].iter().position(|line| line.strip_prefix(indent) == Some("}"))?;
        (long > WALL).then(|| format!("{}:{}: {long} lines", file.path, at + 1))
    });
    measured.collect()
}

#[test]
fn no_function_is_too_long_to_be_seen_at_once() {
    kept(&rust().iter().flat_map(too_long).collect::<Vec<_>>());
    let function = |lines: usize| {
        let body = "        if a {\n        }\n".repeat(lines / 2);
        file(
            "a.rs",
            &format!("impl A {{\n    fn declared();\n    pub async fn long(\n    ) {{\n{body}    }}\n}}\n"),
        )
    };
    assert_eq!(too_long(&function(WALL - 4)), [""; 0]);
    assert_eq!(too_long(&function(WALL - 2)), ["a.rs:3: 61 lines"]);
}
