//! Which of the voice platform's assistants speak for a clinic.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VoiceSettings {
    /// Answers a call that comes in without one.
    pub assistant_id: Option<String>,
    pub squad_id: Option<String>,
    /// What a model may ask to be handed over to, and the assistant's name.
    pub handoffs: BTreeMap<String, String>,
}

impl VoiceSettings {
    /// The assistant that one of these words asks for.
    pub fn handoff<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Option<&str> {
        let named = |word: &str| {
            let wanted = word.trim().to_lowercase();
            self.handoffs
                .iter()
                .find(|(name, _)| name.to_lowercase() == wanted)
                .map(|(_, name)| name.as_str())
        };
        words.into_iter().find_map(named)
    }
}
