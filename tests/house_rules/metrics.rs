//! Whatever the program counts, the page for the operator names.

use crate::kept;
use crate::repository::{File, file, read, rust};

/// The names under which a source registers metrics; the prefixes are its caller's.
fn registered(file: &File) -> Vec<String> {
    let named = |after: &str| {
        let name = after.trim_start().strip_prefix('"')?.split('"').next()?;
        name.chars().all(|c| c.is_ascii_lowercase() || c == '_').then(|| name.to_owned())
    };
    file.body().split(".register(").skip(1).filter_map(named).collect()
}

fn is_named(page: &str, metric: &str) -> bool {
    let quoted = page.split('`').skip(1).step_by(2);
    quoted.into_iter().any(|code| {
        let name = code.split('{').next().unwrap_or_default();
        let name = name.strip_prefix("vitarad_").unwrap_or(name);
        let name = name.strip_suffix("_total").unwrap_or(name);
        name == metric || name.strip_suffix(metric).is_some_and(|prefix| prefix.ends_with('_'))
    })
}

#[test]
fn every_metric_is_in_the_page_for_the_operator() {
    let page = read("supervision.md").expect("there is a page about supervision");
    let ours = |file: &&File| file.path.starts_with("actors/") || file.path.starts_with("src/");
    let metrics: Vec<_> = rust().iter().filter(ours).flat_map(registered).collect();
    assert!(metrics.len() > 30, "{metrics:?}");
    let unnamed = metrics.iter().filter(|metric| !is_named(&page, metric));
    kept(&unnamed.map(|metric| format!("not explained: {metric}")).collect::<Vec<_>>());
}

/// Who scrapes a page that has one twice takes nothing of it.
#[test]
fn no_source_registers_a_metric_twice() {
    let sources = rust();
    let twice = sources.iter().flat_map(|file| {
        let names = registered(file);
        let is_again = |(at, name): &(usize, &String)| names[..*at].contains(*name);
        let again = names.iter().enumerate().filter(is_again);
        again.map(|(_, name)| format!("{}: {name}", file.path)).collect::<Vec<_>>()
    });
    kept(&twice.collect::<Vec<_>>());
}

#[test]
fn a_metric_is_found_however_it_is_written_and_not_by_a_part_of_its_name() {
    let source = r#"
        registry.register("one", "Help", one);
        registry.register(
            "two_seconds",
            "Help", two);
        registry.register_collector(Box::new(three));
    "#;
    assert_eq!(registered(&file("a.rs", source)), ["one", "two_seconds"]);
    let page = "`door_one{outcome=\"no\"}` and `vitarad_two_seconds`, one `three_total` and four";
    assert!(["one", "two_seconds", "three"].iter().all(|metric| is_named(page, metric)));
    assert!(!["two", "seconds_", "four", "hree"].iter().any(|metric| is_named(page, metric)));
}
