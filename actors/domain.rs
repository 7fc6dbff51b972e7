//! What a clinic, a call, an appointment and a booking *are*; no clock, no luck, no I/O.

pub mod alarm;
pub mod answer;
pub mod appointment;
pub mod arguments;
pub mod availability;
pub mod booking;
pub mod booking_rules;
pub mod bucket;
pub mod call;
pub mod call_note;
pub mod call_record;
pub mod clinic;
pub mod clinic_hours;
pub mod ids;
pub mod laws;
pub mod mark;
pub mod patient;
pub mod phi;
pub mod phone;
pub mod policy;
pub mod say;
pub mod time;
pub mod tool;
pub mod transfer;
pub mod urgent;
pub mod waitlist;
