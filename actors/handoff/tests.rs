//! What the model takes for granted, and what the machines say of themselves.

use super::{Hello, PROTO, Refusal, Schema};

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
