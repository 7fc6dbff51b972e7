//! A call as the platform's REST API tells of it, read as the report that its webhook would have been.

use serde_json::Value;
use vitarad_actors::domain::clinic::Roster;
use vitarad_actors::domain::ids::CallKey;
use vitarad_actors::domain::laws;
use vitarad_actors::ports::reports::Asked;
use vitarad_actors::ports::store::AuditAction;

use crate::front::binding::Dialled;
use crate::front::envelope::Event;
use crate::front::wire::{Assistant, CallObject, PhoneLine};

/// Its number came in some clinic's message, and the platform's key opens every clinic's calls: whose it is is decided by
/// who was dialled, as at the door.
pub fn report_of(roster: &Roster, key: &CallKey, text: &str) -> Asked {
    let (Ok(call), Ok(found)) = (serde_json::from_str::<CallObject>(text), serde_json::from_str(text)) else {
        return Asked::Unreadable;
    };
    let found: Value = found;
    if !found.is_object() || call.id.0.as_deref() != Some(key.call.as_str()) {
        return Asked::Unreadable;
    }
    let dialled = Dialled::of(roster, &PhoneLine::default(), &call, &Assistant::default());
    if dialled.clinics.iter().any(|clinic| !laws::one_clinic(&key.clinic, clinic)) {
        return Asked::Elsewhere;
    }
    if found["status"] != "ended" {
        return Asked::Unfinished;
    }
    Asked::Report(Box::new(Event::Report.kept(key.clone(), found, Some(AuditAction::ReportFetched))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vitarad_actors::domain::clinic::Clinic;
    use vitarad_actors::domain::ids::{CallId, ClinicId};

    use super::*;

    fn clinic(id: &str, line: &str) -> Clinic {
        let clinic = json!({
            "id": id, "name": id, "phone": "604-555-0100", "lines": [line], "timezone": "America/Vancouver",
            "hours": {}, "providers": [],
        });
        serde_json::from_value(clinic).unwrap()
    }

    fn found(mut call: Value) -> &'static str {
        let roster = Roster::of([clinic("maple", "604-555-0101"), clinic("cedar", "604-555-0102")]).unwrap();
        let key =
            CallKey { clinic: ClinicId::parse("maple").unwrap(), call: CallId::parse("call-1").unwrap() };
        if call.is_object() && call.get("id").is_none() {
            call["id"] = "call-1".into();
        }
        match report_of(&roster, &key, &call.to_string()) {
            Asked::Report(event) => {
                assert_eq!(event.key, key);
                "report"
            }
            Asked::Unfinished => "unfinished",
            Asked::Elsewhere => "elsewhere",
            Asked::Unreadable => "unreadable",
            Asked::Unknown | Asked::Away => "not an answer",
        }
    }

    #[test]
    fn a_call_that_is_over_is_its_own_report() {
        assert_eq!(found(json!({ "status": "ended" })), "report");
        let ours = json!({ "status": "ended", "phoneNumber": { "number": "+16045550101" } });
        assert_eq!(found(ours), "report");
        for status in ["queued", "ringing", "in-progress", "forwarding", "not-found"] {
            assert_eq!(found(json!({ "status": status })), "unfinished", "{status}");
        }
    }

    #[test]
    fn another_clinics_call_is_not_looked_at_whoever_named_it() {
        let theirs = json!({ "status": "ended", "phoneNumber": { "number": "+16045550102" } });
        assert_eq!(found(theirs), "elsewhere");
    }

    #[test]
    fn what_is_not_this_call_is_no_answer() {
        assert_eq!(found(json!({ "id": "call-2", "status": "ended" })), "unreadable");
        assert_eq!(found(json!([{ "id": "call-1", "status": "ended" }])), "unreadable");
        assert_eq!(found(json!("call-1")), "unreadable");
    }
}
