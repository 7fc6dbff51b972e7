//! The tree in `supervision.md` is the tree of the code.

use vitarad_actors::tree;

use crate::repository::{read, top};

const PAGE: &str = "supervision.md";
const BEGIN: &str = "<!-- tree: begin -->\n";
const END: &str = "<!-- tree: end -->";

/// The page with this tree between its markers.
fn with_tree(page: &str, tree: &str) -> Option<String> {
    let (before, rest) = page.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some([before, BEGIN, tree, END, after].concat())
}

#[test]
fn the_page_shows_the_tree_as_it_is() {
    let page = read(PAGE).expect("there is a page about supervision");
    let wanted = with_tree(&page, &tree::render()).expect("the page has its two markers");
    if page != wanted && std::env::var_os("UPDATE").is_some() {
        std::fs::write(top().join(PAGE), &wanted).expect("the page can be written");
    } else {
        assert!(page == wanted, "{PAGE} is stale. UPDATE=1 cargo test --test house_rules writes it anew");
    }
}

#[test]
fn a_page_keeps_what_people_wrote_around_the_tree() {
    let page = format!("before\n{BEGIN}old\n{END}\nafter\n");
    assert_eq!(with_tree(&page, "new\n").as_deref(), Some(&*format!("before\n{BEGIN}new\n{END}\nafter\n")));
    assert_eq!(with_tree("no markers", "new"), None);
}
