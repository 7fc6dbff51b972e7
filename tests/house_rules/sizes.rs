//! A file has one reason to exist and can be read in one sitting.

use crate::kept;
use crate::repository::{File, file, rust};

const AIM: usize = 300;
const WALL: usize = 500;

fn longer_than(lines: usize, file: &File) -> Option<String> {
    let long = file.body().lines().count();
    (long > lines).then(|| format!("{} has {long} lines before its tests", file.path))
}

/// Those above the aim are printed for who wants to see them: `cargo test --test house_rules sizes -- --nocapture`.
#[test]
fn a_file_has_no_more_lines_than_can_be_read_in_one_sitting() {
    let files = rust();
    for long in files.iter().filter_map(|file| longer_than(AIM, file)) {
        println!("{long}; aim at {AIM}");
    }
    kept(&files.iter().filter_map(|file| longer_than(WALL, file)).collect::<Vec<_>>());
    let body = "//\n".repeat(WALL);
    let tests = format!("\n#[cfg(test)]\nmod tests {{\n{body}}}\n");
    assert_eq!(longer_than(WALL, &file("a.rs", &format!("{}{tests}", "//\n".repeat(WALL - 1)))), None);
    assert!(longer_than(WALL, &file("a.rs", &format!("{body}{tests}"))).is_some());
}
