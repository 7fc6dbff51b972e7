//! Where a page sends its reader, there is something.

use std::path::Path;

use crate::kept;
use crate::repository::{File, file, files, top};

fn dangling(page: &File, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    let links = page.text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let ours = links.filter(|link| !link.is_empty() && !link.contains("://"));
    let dangling = ours.filter(|link| !exists(&folder.join(link)));
    dangling.map(|link| format!("{} points to {link}", page.path)).collect()
}

#[test]
fn every_link_between_our_pages_leads_somewhere() {
    let exists = |path: &Path| top().join(path).exists();
    kept(&files(".md").iter().flat_map(|page| dangling(page, exists)).collect::<Vec<_>>());
    let page = file("docs/a.md", "[a](b.md) [c](../c.rs#d) [e](https://example.test) [f](#f)");
    assert_eq!(dangling(&page, |path| path == Path::new("docs/b.md")), ["docs/a.md points to ../c.rs"]);
}
