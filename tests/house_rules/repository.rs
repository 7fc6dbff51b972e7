//! The files of this repository, as they will be committed.

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) struct File {
    /// From the top.
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(top().join(path)).ok()
}

/// What git tracks: an operator's own files may lie about. Without git, everything that is here.
pub(crate) fn paths() -> Vec<String> {
    let listing = Command::new("git").arg("-C").arg(top()).args(["ls-files", "-z"]).output();
    match listing {
        Ok(listing) if listing.status.success() => {
            let names = String::from_utf8(listing.stdout).expect("our names are text");
            names.split_terminator('\0').map(str::to_owned).collect()
        }
        _ => walked(top()),
    }
}

fn walked(folder: &Path) -> Vec<String> {
    let entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    let within = |path: &PathBuf| path.strip_prefix(top()).expect("below the top").display().to_string();
    entries
        .into_iter()
        .filter(|path| !["target", ".git"].contains(&within(path).as_str()))
        .flat_map(|path| if path.is_dir() { walked(&path) } else { vec![within(&path)] })
        .collect()
}

pub(crate) fn files(ending: &str) -> Vec<File> {
    let text = |path: String| read(&path).map(|text| File { path, text });
    paths().into_iter().filter(|path| path.ends_with(ending)).filter_map(text).collect()
}

pub(crate) fn rust() -> Vec<File> {
    files(".rs")
}

impl File {
    /// Whether it lies in this room: `room.rs` or something below `room/`.
    pub(crate) fn is_in(&self, room: &str) -> bool {
        let rest = self.path.strip_prefix(room);
        rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    }

    /// Without the tests at its end.
    pub(crate) fn body(&self) -> &str {
        let tests = self.text.find("\n#[cfg(test)]\nmod tests");
        &self.text[..tests.map_or(self.text.len(), |at| at + 1)]
    }
}

/// For the tests of the rules.
pub(crate) fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn git_and_the_folder_agree_about_what_is_here() {
    let here = walked(top());
    let tracked = paths();
    assert!(tracked.iter().any(|path| path == "tests/house_rules/repository.rs"));
    assert!(tracked.iter().all(|path| here.contains(path) || !top().join(path).exists()));
}

#[test]
fn a_body_ends_where_its_tests_begin() {
    assert_eq!(file("a.rs", "fn a() {}\n\n#[cfg(test)]\nmod tests;\n").body(), "fn a() {}\n\n");
    assert_eq!(file("a.rs", "//!\n#[cfg(test)]\nmod tested;\nfn a() {}\n").body().lines().count(), 4);
}
