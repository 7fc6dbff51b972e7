//! A tool call as the voice platform posts it: its envelope, its signature, its HTTP.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use vitarad::clock::now;

use crate::config::SECRET;
use crate::people::{Caller, Slot};

/// A whole HTTP request, made beforehand: signing it takes as long as answering it does.
pub type Request = Vec<u8>;

/// One that the platform once sent, 4 KB of it.
const RECORDED: &str = include_str!("../fixtures/vapi/02-tool-calls.squad.sync.2024-07.json");

pub struct ToolCall<'a> {
    pub tool: &'a str,
    pub id: String,
    pub arguments: Value,
}

impl ToolCall<'_> {
    pub fn clinic_info(nth: usize) -> Self {
        ToolCall { tool: "get_clinic_info", id: id(nth), arguments: json!({}) }
    }

    /// By the caller's number and this birth date: verifies who calls.
    pub fn search(nth: usize, caller: &Caller) -> Self {
        let arguments = json!({ "phone": caller.number, "dateOfBirth": caller.birth_date });
        ToolCall { tool: "search_patient_by_phone", id: id(nth), arguments }
    }

    /// By the caller's number alone.
    pub fn search_number(nth: usize, caller: &Caller) -> Self {
        let arguments = json!({ "phone": caller.number });
        ToolCall { tool: "search_patient_by_phone", id: id(nth), arguments }
    }

    pub fn booking(nth: usize, slot: &Slot) -> Self {
        let arguments = json!({
            "providerId": slot.provider,
            "date": slot.date.to_string(),
            "startTime": format!("{:02}:{:02}", slot.hour, slot.minute),
            "appointmentType": "B",
            "reason": "check-up",
        });
        ToolCall { tool: "create_appointment", id: id(nth), arguments }
    }

    /// In the platform's envelope without what it may leave out, some 900 bytes.
    pub fn request(&self, caller: &Caller) -> Request {
        signed(&json!({ "message": self.message(caller) }).to_string())
    }

    /// In the envelope of a recorded message.
    pub fn recorded_request(&self, caller: &Caller) -> Request {
        let mut body: Value = serde_json::from_str(RECORDED).expect("the recorded message is JSON");
        let mine = self.message(caller);
        let message = &mut body["message"];
        for field in ["toolCallList", "toolCalls", "timestamp", "customer"] {
            message[field] = mine[field].clone();
        }
        message["toolWithToolCallList"][0]["toolCall"] = mine["toolCallList"][0].clone();
        message["call"]["id"] = mine["call"]["id"].clone();
        message["call"]["customer"] = mine["customer"].clone();
        message["phoneNumber"]["number"] = caller.line.clone().into();
        signed(&body.to_string())
    }

    fn message(&self, caller: &Caller) -> Value {
        let call = json!({
            "id": self.id, "type": "function",
            "function": { "name": self.tool, "arguments": self.arguments },
        });
        let customer = json!({ "number": caller.number });
        let at = now();
        json!({
            "type": "tool-calls",
            "timestamp": at.as_millisecond(),
            "call": {
                "id": caller.call,
                "orgId": "1cfc10ea-3ef8-4c10-8169-f5a785331cf8",
                "createdAt": at.to_string(),
                "updatedAt": at.to_string(),
                "type": "inboundPhoneCall",
                "status": "in-progress",
                "phoneCallProvider": "twilio",
                "phoneCallTransport": "pstn",
                "phoneNumberId": "38477e6a-080a-40df-840a-fc758b5ca351",
                "customer": customer,
            },
            "phoneNumber": { "id": "38477e6a-080a-40df-840a-fc758b5ca351", "number": caller.line },
            "customer": customer,
            "toolCallList": [call],
            "toolCalls": [call],
        })
    }
}

fn id(nth: usize) -> String {
    format!("call_{nth:024}")
}

fn signed(body: &str) -> Request {
    let timestamp = now().as_second();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(format!("{timestamp}.{body}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let head = format!(
        "POST /api/vapi HTTP/1.1\r\nhost: vitarad.example.test\r\nuser-agent: axios/1.9.0\r\n\
         content-type: application/json\r\nx-call-id: none\r\nx-timestamp: {timestamp}\r\nx-signature: {signature}\r\n"
    );
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
