//! What the model takes for granted, and what the machines say of themselves.

use std::time::Duration;

use crate::domain::ids::Generation;
use crate::domain::node::OfferNo;

use super::{
    Hello, Incumbent, IncumbentCommand, IncumbentEvent, PROTO, Refusal, Schema, Successor, SuccessorCommand,
    SuccessorEvent, ToIncumbent, ToSuccessor,
};

const OURS: Hello = Hello::of(Schema { newest: 14, oldest: 9 });

#[test]
fn a_successor_that_speaks_otherwise_or_bears_another_schema_is_refused_with_a_reason() {
    let refusal = |proto, newest, oldest| Hello { proto, schema: Schema { newest, oldest } }.refusal(OURS);
    assert_eq!(refusal(PROTO, 14, 9), None);
    assert_eq!(refusal(PROTO, 20, 14), None, "a later release that still bears ours");
    assert_eq!(refusal(PROTO, 9, 1), None, "an earlier one: a way back");
    assert_eq!(refusal(PROTO, 20, 15), Some(Refusal::SchemaOutOfRange), "it has let go of what we need");
    assert_eq!(refusal(PROTO, 8, 1), Some(Refusal::SchemaOutOfRange), "we have let go of what it needs");
    assert_eq!(refusal(PROTO - 1, 14, 9), Some(Refusal::ProtoTooOld));
    assert_eq!(refusal(PROTO + 1, 14, 9), Some(Refusal::ProtoTooNew));
}

const INCUMBENT: Generation = Generation(1);
const SUCCESSOR: Generation = Generation(2);

/// As far as its claim.
fn claimed() -> Incumbent {
    use IncumbentEvent::{Froze, Heard, Offered};
    let mut incumbent = Incumbent::new(INCUMBENT, OURS);
    for event in [
        Heard(ToIncumbent::Hello(OURS)),
        Heard(ToIncumbent::Warm { generation: SUCCESSOR }),
        Heard(ToIncumbent::Parked {}),
        Froze,
        Offered(Some(OfferNo(1))),
        Heard(ToIncumbent::Claimed {}),
    ] {
        incumbent.on(event);
    }
    incumbent
}

/// As far as its house, which does not stand yet.
fn starting() -> Successor {
    use SuccessorEvent::{Answered, Connected, Heard, Looked, Warmed};
    let mut successor = Successor::new(OURS);
    for event in [
        Connected,
        Heard(ToSuccessor::Welcome { generation: INCUMBENT }),
        Warmed(Some(SUCCESSOR)),
        Heard(ToSuccessor::Offer { sockets: 1 }),
        Looked(true),
        Heard(ToSuccessor::Frozen { offer: OfferNo(1) }),
        Answered(true),
    ] {
        successor.on(event);
    }
    successor
}

/// As far as its settlement, which the rows have not answered.
fn settling() -> Successor {
    let mut successor = starting();
    successor.on(SuccessorEvent::Started(true));
    successor.on(SuccessorEvent::Proven);
    successor
}

#[test]
fn an_incumbent_that_is_told_to_stop_waits_half_a_second_at_most_once_its_successor_has_claimed() {
    for opened in [false, true] {
        let mut incumbent = claimed();
        if opened {
            incumbent.on(IncumbentEvent::Heard(ToIncumbent::Opened {}));
        }
        let asked = incumbent.on(IncumbentEvent::Told);
        assert!(matches!(asked.as_slice(), [IncumbentCommand::Ask(_)]), "{asked:?}");
        assert_eq!(incumbent.allowed(), Some(Duration::from_millis(500)));
        assert_eq!(incumbent.on(IncumbentEvent::Late), [IncumbentCommand::HangUp, IncumbentCommand::Leave]);
    }
}

#[test]
fn no_step_with_a_shut_door_lasts_for_ever() {
    let mut incumbent = claimed();
    incumbent.on(IncumbentEvent::Lost);
    assert!(incumbent.allowed().is_some());
    assert_eq!(incumbent.on(IncumbentEvent::Late), [IncumbentCommand::Kill]);
    assert_eq!(incumbent.on(IncumbentEvent::Gone), [IncumbentCommand::Thaw]);
    assert_eq!(incumbent.allowed(), None, "behind an open door the rows may take their time");
}

#[test]
fn whose_line_was_cut_before_its_house_stood_opens_no_door_before_the_rows_have_decided() {
    for is_ours in [false, true] {
        let mut successor = starting();
        successor.on(SuccessorEvent::Lost);
        let asked = successor.on(SuccessorEvent::Started(true));
        assert!(matches!(asked.as_slice(), [SuccessorCommand::Ask(_)]), "{asked:?}");
        let then = if is_ours { SuccessorCommand::Open } else { SuccessorCommand::End };
        assert_eq!(successor.on(SuccessorEvent::Answered(is_ours)), [then]);
    }
}

#[test]
fn a_successor_says_that_it_stands_as_long_as_the_rows_are_silent_and_leaves_when_told() {
    let mut successor = settling();
    assert_eq!(successor.says_again_after(), Some(Duration::from_secs(1)));
    let opened = [SuccessorCommand::Say(ToIncumbent::Opened {})];
    assert_eq!(successor.on(SuccessorEvent::Beat), opened);
    assert_eq!(successor.on(SuccessorEvent::Told), [SuccessorCommand::End]);
}
