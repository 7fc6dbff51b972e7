//! Problems and settings as a person at a terminal reads them.

use vitarad_actors::domain::policy::Line;

use super::{Effective, Origins, Problem};

/// One paragraph a problem.
pub fn problems(problems: &[Problem]) -> String {
    let paragraph = |problem: &Problem| {
        let Problem { key, origin, what, fix } = problem;
        format!("{key}\n  problem  {what}\n  origin   {origin}\n  fix      {fix}\n")
    };
    problems.iter().map(paragraph).collect::<Vec<_>>().join("\n")
}

/// One line a setting: its name, its value, where it comes from.
pub fn settings(origins: &Origins) -> String {
    let longest = |of: fn(&Effective) -> &str| {
        origins.iter().map(|effective| of(effective).chars().count()).max().unwrap_or(0)
    };
    let (keys, values) = (longest(|effective| &effective.key), longest(|effective| &effective.value).min(40));
    let line = |effective: &Effective| {
        let Effective { key, value, origin } = effective;
        format!("{key:keys$}  {value:values$}  {origin}\n")
    };
    origins.iter().map(line).collect()
}

/// One line a rule: its name, its value, and who says so.
pub fn policy(lines: &[Line]) -> String {
    let longest =
        |of: fn(&Line) -> &str| lines.iter().map(|line| of(line).chars().count()).max().unwrap_or(0);
    let (rules, values) = (longest(|line| &line.rule), longest(|line| &line.value));
    let written = |line: &Line| {
        let Line { rule, value, origin } = line;
        format!("{rule:rules$}  {value:values$}  {}\n", origin.name())
    };
    lines.iter().map(written).collect()
}
