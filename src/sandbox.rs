//! Pretend neighbours for demos, training and tests. They behave as badly as the real ones and know
//! nothing of the rest of this program.

pub mod oscar;
pub mod vapi;
