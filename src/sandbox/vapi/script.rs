//! The conversations that can be played. A script is data: what the caller says, and which tool the agent calls for it.

use jiff::civil::Date;
use serde_json::{Value, json};

/// Who calls.
#[derive(Clone)]
pub struct Cast {
    pub birth_date: Date,
}

/// What the agent has heard from the daemon so far, newest last.
#[derive(Default)]
pub struct Heard(pub Vec<(&'static str, Value)>);

impl Heard {
    /// The newest answer of a tool, or null.
    pub fn last(&self, tool: &str) -> &Value {
        self.0.iter().rev().find(|(heard, _)| *heard == tool).map_or(&Value::Null, |(_, answer)| answer)
    }
}

pub struct Act {
    pub caller_says: &'static str,
    pub tool: &'static str,
    pub arguments: fn(&Cast, &Heard) -> Value,
}

pub struct Script {
    pub name: &'static str,
    pub about: &'static str,
    pub acts: &'static [Act],
    /// The code the last answer must have for the script to have gone as it should.
    pub ends_with: &'static str,
}

const GREETING: Act =
    Act { caller_says: "Hello, is this the clinic?", tool: "get_clinic_info", arguments: |_, _| json!({}) };

const CALLER_ID: Act = Act {
    caller_says: "I'd like to see somebody.",
    tool: "search_patient_by_phone",
    arguments: |_, _| json!({ "phone": "0000000000" }),
};

const BIRTH_DATE: Act = Act {
    caller_says: "My date of birth? Here you are.",
    tool: "search_patient_by_phone",
    arguments: |cast, _| json!({ "phone": "0000000000", "dateOfBirth": cast.birth_date.to_string() }),
};

const EARLIEST: Act = Act {
    caller_says: "The earliest you have, please.",
    tool: "find_earliest_appointment",
    arguments: |_, _| json!({ "appointmentType": "B", "timePreference": "any" }),
};

const BOOK: Act = Act {
    caller_says: "Yes, that works.",
    tool: "create_appointment",
    arguments: |_, heard| json!({ "slotId": heard.last("find_earliest_appointment")["slot"]["slotId"], "reason": "check-up" }),
};

const CHECK: Act =
    Act { caller_says: "What do I have now?", tool: "check_appointments", arguments: |_, _| json!({}) };

const MOVE: Act = Act {
    caller_says: "Could I come at that time instead?",
    tool: "update_appointment",
    arguments: |_, heard| {
        let mine = &heard.last("check_appointments")["appointments"][0];
        json!({
            "appointmentId": mine["appointmentId"],
            "slotId": heard.last("find_earliest_appointment")["slot"]["slotId"],
        })
    },
};

const CANCEL: Act = Act {
    caller_says: "I have to cancel it, I'm afraid.",
    tool: "cancel_appointment",
    arguments: |_, heard| json!({ "appointmentId": heard.last("check_appointments")["appointments"][0]["appointmentId"] }),
};

const STRANGER: Act = Act {
    caller_says: "It's Robin Nobody, born on New Year's Day 1950.",
    tool: "search_patient",
    arguments: |_, _| json!({ "firstName": "Robin", "lastName": "Nobody", "dateOfBirth": "1950-01-01" }),
};

const BOOK_ANYHOW: Act = Act {
    caller_says: "Never mind who I am, just book me in.",
    tool: "create_appointment",
    arguments: |cast, _| json!({ "patientId": "4711", "providerId": "101", "date": cast.birth_date.to_string(), "startTime": "10:00" }),
};

pub const SCRIPTS: [Script; 5] = [
    Script {
        name: "book",
        about: "a known caller books the earliest slot",
        acts: &[GREETING, CALLER_ID, BIRTH_DATE, EARLIEST, BOOK, CHECK],
        ends_with: "OK",
    },
    Script {
        name: "reschedule",
        about: "a known caller moves an appointment: the new one is booked and read back before the old one goes",
        acts: &[GREETING, CALLER_ID, BIRTH_DATE, CHECK, EARLIEST, MOVE, CHECK],
        ends_with: "OK",
    },
    Script {
        name: "cancel",
        about: "a known caller cancels an appointment",
        acts: &[GREETING, CALLER_ID, BIRTH_DATE, CHECK, CANCEL],
        ends_with: "CANCELLED",
    },
    Script {
        name: "not-found",
        about: "a stranger is not found, and nothing is booked for somebody who is not verified",
        acts: &[GREETING, STRANGER, BOOK_ANYHOW],
        ends_with: "NOT_VERIFIED",
    },
    Script {
        name: "emr-down",
        about: "the EMR does not answer: the caller hears so, with the clinic's number",
        acts: &[GREETING, CALLER_ID, EARLIEST],
        ends_with: "EMR_UNAVAILABLE",
    },
];

impl Script {
    pub fn named(name: &str) -> Option<&'static Self> {
        SCRIPTS.iter().find(|script| script.name == name)
    }
}
