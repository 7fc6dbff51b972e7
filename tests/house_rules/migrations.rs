//! Both engines take the same steps.

use std::collections::BTreeMap;

use crate::kept;
use crate::repository::paths;

const ENGINES: [&str; 2] = ["migrations/postgres/", "migrations/sqlite/"];

fn out_of_step(paths: &[String]) -> Vec<String> {
    let mut steps: BTreeMap<&str, usize> = BTreeMap::new();
    for step in paths.iter().filter_map(|path| ENGINES.iter().find_map(|engine| path.strip_prefix(engine))) {
        *steps.entry(step).or_default() += 1;
    }
    let one_sided = steps.iter().filter(|(_, engines)| **engines != ENGINES.len());
    let one_sided = one_sided.map(|(step, _)| format!("{step} is there for one engine only"));
    let counted = steps.keys().enumerate().filter(|(at, step)| !step.starts_with(&format!("{:04}_", at + 1)));
    let counted = counted.map(|(at, step)| format!("{step} is step {} by order", at + 1));
    one_sided.chain(counted).collect()
}

#[test]
fn the_steps_of_both_engines_have_the_same_numbers_and_names_without_a_gap() {
    let paths = paths();
    assert!(ENGINES.iter().all(|engine| paths.iter().any(|path| path.starts_with(engine))));
    kept(&out_of_step(&paths));
    let of = |steps: &[&str]| steps.iter().map(|step| format!("migrations/{step}.sql")).collect::<Vec<_>>();
    assert_eq!(out_of_step(&of(&["sqlite/0001_a", "postgres/0001_a"])), [""; 0]);
    let uneven = of(&["sqlite/0001_a", "postgres/0001_b"]);
    assert_eq!(
        out_of_step(&uneven),
        [
            "0001_a.sql is there for one engine only",
            "0001_b.sql is there for one engine only",
            "0001_b.sql is step 2 by order"
        ]
    );
}
