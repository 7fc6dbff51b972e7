//! What the caller hears: one short true line per situation, in both languages.

mod lines;
mod spoken;

use serde::{Deserialize, Serialize};

pub use lines::Situation;
pub use spoken::{spoken_list, spoken_time};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    En,
    Zh,
}

impl Language {
    pub fn named(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        if text.starts_with("en") {
            Some(Self::En)
        } else if text.starts_with("zh") || text == "mandarin" || text == "chinese" {
            Some(Self::Zh)
        } else {
            None
        }
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

impl Situation {
    /// Whether asking again may help without anything else having changed.
    pub const fn retryable(self) -> bool {
        matches!(self, Self::EmrTimeout | Self::Busy | Self::RateLimited | Self::PatientBusy)
    }

    /// Whether the outcome is still to come: it is told, and not kept as the answer.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::RegistrationPending)
    }

    /// The line with its values put in. A value is never read as a line again.
    pub fn render(self, language: Language, values: &[(&str, &str)]) -> String {
        let mut spoken = String::new();
        let mut rest = self.line(language);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            spoken.push_str(before);
            spoken.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
            rest = tail;
        }
        spoken + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_looks_like_a_placeholder_is_spoken_as_it_is() {
        let line =
            Situation::PatientVerified.render(Language::En, &[("first_name", "{phone}"), ("phone", "no")]);
        assert_eq!(line, "Thank you, {phone}. I have your file.");
    }
}
