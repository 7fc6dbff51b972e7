//! No address of anybody's machine: hosts are made up, or those of standards and of documented vendors.

use std::net::IpAddr;

use crate::kept;
use crate::repository::{File, file, files};

/// Names of standards, which nobody connects to, and what our fixtures and documents quote.
const QUOTED: [&str; 11] = [
    "crates.io",
    "docs.oasis-open.org",
    "github.com",
    "schemas.xmlsoap.org",
    "vapi.ai",
    "vapi.daily.co",
    "wadl.dev.java.net",
    "ws.apache.org",
    "ws.oscarehr.org",
    "www.w3.org",
    "www.apache.org",
];

const HOMES: [&str; 3] = ["/home/", "/root/", "/Users/"];

fn is_in(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_made_up(host: &str) -> bool {
    // RFC 6761, and names without a dot, which lead nowhere.
    let reserved = ["test", "example", "invalid", "localhost", "example.com"];
    !host.contains('.') || reserved.iter().chain(&QUOTED).any(|domain| is_in(host, domain))
}

fn is_nowhere(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            let near = v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified();
            near || shared || v4.is_documentation()
        }
        IpAddr::V6(v6) => {
            let documentation = v6.segments()[..2] == [0x2001, 0xdb8];
            let near = v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local();
            near || documentation || v6.is_unspecified()
        }
    }
}

/// What a line connects to: the authorities of its URLs.
fn authorities(line: &str) -> impl Iterator<Item = &str> {
    line.split("://").skip(1).filter_map(|rest| {
        let authority =
            rest.split(|c: char| !c.is_ascii_alphanumeric() && !"-._~:@[]{}".contains(c)).next()?;
        let host = authority.rsplit('@').next()?;
        let host = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
            Some((v6, _)) => v6,
            None => host.split(':').next()?,
        };
        (!host.contains(['{', '}', '[', ']'])).then(|| host.trim_end_matches('.'))
    })
}

/// What looks like a host without a scheme before it.
fn names(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric() && !"-._".contains(c));
    let words = words.map(|word| word.trim_matches('.'));
    words.filter(|word| [".com", ".ca", ".org", ".net"].iter().any(|ending| word.ends_with(ending)))
}

fn real(file: &File) -> Vec<String> {
    let is_real =
        |host: &&str| host.parse().map_or_else(|_| !is_made_up(host), |address| !is_nowhere(address));
    let lines = file.text.lines().enumerate();
    lines
        .flat_map(|(at, line)| {
            authorities(line).chain(names(line)).filter(is_real).map(move |host| (at, host))
        })
        .map(|(at, host)| format!("{}:{}: {host}", file.path, at + 1))
        .collect()
}

#[test]
fn no_host_in_here_is_anybodys() {
    let ours = files("").into_iter().filter(|file| file.path != "Cargo.lock");
    kept(&ours.flat_map(|file| real(&file)).collect::<Vec<_>>());
}

#[test]
fn nobodys_home_is_in_here() {
    let at_home = |text: &str| HOMES.iter().any(|home| text.contains(home));
    let ours = files("").into_iter().filter(|file| !file.path.ends_with("house_rules/hosts.rs"));
    kept(&ours.filter(|file| at_home(&file.text)).map(|file| file.path).collect::<Vec<_>>());
    assert!(at_home("/home/ann/vitarad"));
}

#[test]
fn a_host_is_found_in_every_shape() {
    let clinic = ["emr.mapleclinic", ".ca"].concat();
    for shape in ["https://H", "\"https://ann:pw@H:8443/oscar\"", "at H.", "ann@H", "postgres://H/vitarad"] {
        assert_eq!(
            real(&file("a", &shape.replace('H', &clinic))).first(),
            Some(&format!("a:1: {clinic}")),
            "{shape}"
        );
        assert_eq!(real(&file("a", &shape.replace('H', "emr.example.test"))), [""; 0], "{shape}");
    }
    let dns = ["9.9", ".9.9"].concat();
    assert_eq!(real(&file("a", &format!("http://{dns}/"))), [format!("a:1: {dns}")]);
    for nowhere in [
        "http://127.0.0.1:1",
        "http://[::1]:3000/",
        "http://{addr}",
        "http://[2001:db8::1]",
        "http://localhost:1",
    ] {
        assert_eq!(real(&file("a", nowhere)), [""; 0], "{nowhere}");
    }
}
