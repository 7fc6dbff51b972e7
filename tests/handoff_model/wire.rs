//! What two releases say to each other: the lines of each are kept, and today's code reads them and says the same.
//! `UPDATE=1 cargo test --test handoff_model wire` writes this release's; those of older ones stay as they were released.

use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use vitarad_actors::domain::ids::Generation;
use vitarad_actors::domain::node::OfferNo;
use vitarad_actors::handoff::{Hello, PROTO, Refusal, Schema, ToIncumbent, ToSuccessor};

const THIS: &str = env!("CARGO_PKG_VERSION");
const TO_INCUMBENT: &str = "> ";
const TO_SUCCESSOR: &str = "< ";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/releases")
}

fn file_of(version: &str) -> PathBuf {
    folder().join(version).join("handoff.txt")
}

/// One message of each kind, as this release says it.
fn every_line() -> String {
    let hello = Hello::of(Schema { newest: 15, oldest: 15 });
    let generation = Generation(7);
    let to_incumbent = [
        ToIncumbent::Hello(hello),
        ToIncumbent::Warm { generation },
        ToIncumbent::Parked {},
        ToIncumbent::Claimed {},
        ToIncumbent::Opened {},
        ToIncumbent::Settled {},
        ToIncumbent::Upgrade {},
    ];
    let refusals = [
        Refusal::OtherUser,
        Refusal::AnotherSuccessor,
        Refusal::ProtoTooOld,
        Refusal::ProtoTooNew,
        Refusal::SchemaOutOfRange,
        Refusal::Draining,
    ];
    let to_successor = [
        ToSuccessor::Welcome { generation },
        ToSuccessor::Offer { sockets: 1 },
        ToSuccessor::Frozen { offer: OfferNo(3) },
    ];
    let refused = refusals.map(|reason| ToSuccessor::Refused { reason });
    let asked = to_incumbent.iter().map(|message| line(TO_INCUMBENT, message));
    let told = to_successor.iter().chain(&refused).map(|message| line(TO_SUCCESSOR, message));
    asked.chain(told).collect()
}

fn line(to: &str, message: &impl Serialize) -> String {
    format!("{to}{}\n", serde_json::to_string(message).unwrap())
}

/// A line as it is said by who has understood it.
fn said_again(kept: &str) -> Option<String> {
    fn again<T: Serialize + DeserializeOwned>(to: &str, kept: &str) -> Option<String> {
        Some(line(to, &serde_json::from_str::<T>(kept.strip_prefix(to)?).ok()?))
    }
    again::<ToIncumbent>(TO_INCUMBENT, kept).or_else(|| again::<ToSuccessor>(TO_SUCCESSOR, kept))
}

fn hello_of(lines: &str) -> Hello {
    let first = lines.lines().next().and_then(|line| line.strip_prefix(TO_INCUMBENT)).expect("a line");
    match serde_json::from_str(first) {
        Ok(ToIncumbent::Hello(hello)) => hello,
        _ => panic!("whoever begins says hello, in every version: {first}"),
    }
}

#[test]
fn what_is_kept_of_this_release_is_what_it_says() {
    let (file, wanted) = (file_of(THIS), every_line());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &wanted).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == wanted,
        "the lines have changed: UPDATE=1 cargo test --test handoff_model wire keeps them"
    );
}

/// Another version of the conversation must be refused with its reason, which takes no more than its hello.
#[test]
fn what_kept_releases_say_is_understood_and_said_alike() {
    for folder in std::fs::read_dir(folder()).expect("releases are kept") {
        let version = folder.unwrap().file_name().into_string().unwrap();
        let lines = std::fs::read_to_string(file_of(&version)).expect("a release has its lines");
        let hello = hello_of(&lines);
        if hello.proto != PROTO {
            assert!(hello.refusal(Hello::of(hello.schema)).is_some(), "{version} speaks another version");
            continue;
        }
        for kept in lines.split_inclusive('\n') {
            assert_eq!(said_again(kept).as_deref(), Some(kept), "of {version}");
        }
    }
    assert_eq!(said_again("> {\"say\":\"warm\"}\n"), None, "what it lacks is missed");
    assert_eq!(said_again("> {\"say\":\"parked\",\"hints\":1}\n"), None, "and what is new is noticed");
}
