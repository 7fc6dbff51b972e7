//! Alarming words: what a caller says who needs an emergency line and not an appointment. The words are data
//! (`alarm/words.txt`); a clinic adds its own.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

/// What alarming words call for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// 9-1-1.
    Emergency,
    /// Somebody may take their life: 9-8-8.
    Crisis,
}

impl Alarm {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emergency => "emergency",
            Self::Crisis => "crisis",
        }
    }

    /// What to dial, in Canada.
    pub const fn line(self) -> &'static str {
        match self {
            Self::Emergency => "911",
            Self::Crisis => "988",
        }
    }
}

/// Words of a clinic's own, beside those that hold for all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlarmWords {
    pub emergency: Vec<String>,
    pub crisis: Vec<String>,
}

impl AlarmWords {
    fn phrases(&self) -> Vec<(Alarm, Phrase)> {
        let lists = [(Alarm::Emergency, &self.emergency), (Alarm::Crisis, &self.crisis)];
        let words = lists.into_iter().flat_map(|(alarm, list)| list.iter().map(move |words| (alarm, words)));
        words.filter_map(|(alarm, words)| Some((alarm, Phrase::read(words)?))).collect()
    }
}

const WORDS: &str = include_str!("alarm/words.txt");

static FOR_ALL: LazyLock<Vec<(Alarm, Phrase)>> = LazyLock::new(|| {
    let mut heading = Alarm::Emergency;
    let mut phrases = Vec::new();
    for line in WORDS.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line {
            "[emergency]" => heading = Alarm::Emergency,
            "[crisis]" => heading = Alarm::Crisis,
            phrase => phrases.extend(Phrase::read(phrase).map(|phrase| (heading, phrase))),
        }
    }
    phrases
});

/// A phrase in the form in which it is looked for.
enum Phrase {
    /// Words in a row between blanks; without the last blank when any ending will do.
    Words(String),
    /// Characters that are written without blanks.
    Characters(String),
}

impl Phrase {
    fn read(text: &str) -> Option<Self> {
        let (text, any_ending) = text.strip_suffix('*').map_or((text, false), |stem| (stem, true));
        let words = plain(text);
        if words.is_empty() {
            return None;
        }
        if words.chars().any(is_han) {
            return Some(Self::Characters(words.replace(' ', "")));
        }
        Some(Self::Words(if any_ending { format!(" {words}") } else { format!(" {words} ") }))
    }
}

/// A text in both forms in which phrases are looked for.
struct Said {
    words: String,
    characters: String,
}

impl Said {
    fn new(text: &str) -> Self {
        let words = plain(text);
        Self { characters: words.replace(' ', ""), words: format!(" {words} ") }
    }

    fn holds(&self, phrase: &Phrase) -> bool {
        match phrase {
            Phrase::Words(words) => self.words.contains(words.as_str()),
            Phrase::Characters(characters) => self.characters.contains(characters.as_str()),
        }
    }
}

/// Lower case words between single blanks: no accents, no width, no punctuation; apostrophes and what cannot be seen
/// leave nothing behind.
fn plain(text: &str) -> String {
    let unseen = |c: char| {
        matches!(
            c,
            '\'' | '\u{2018}' | '\u{2019}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
        ) || unicode_normalization::char::is_combining_mark(c)
    };
    let mut words = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !unseen(*c)).flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            words.push(c);
        } else if !words.is_empty() && !words.ends_with(' ') {
            words.push(' ');
        }
    }
    words.trim_end().to_owned()
}

const fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The gravest alarm in any text of a tool call, wherever the model has put it. Only who somebody is and where they live
/// is not looked at: people are called Stroke.
pub fn alarm(arguments: &Map<String, Value>, own: &AlarmWords) -> Option<Alarm> {
    let mut said = Vec::new();
    arguments.iter().for_each(|(key, value)| collect(key, value, &mut said));
    let own = own.phrases();
    let known = FOR_ALL.iter().chain(&own);
    known.filter(|(_, phrase)| said.iter().any(|said| said.holds(phrase))).map(|(alarm, _)| *alarm).max()
}

fn collect(key: &str, value: &Value, said: &mut Vec<Said>) {
    const WHO_AND_WHERE: [&str; 5] = ["name", "address", "street", "city", "email"];
    let key = key.to_lowercase();
    if WHO_AND_WHERE.iter().any(|word| key.contains(word)) {
        return;
    }
    match value {
        Value::String(text) => said.push(Said::new(text)),
        Value::Array(items) => items.iter().for_each(|item| collect(&key, item, said)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| collect(key, value, said)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn heard(text: &str) -> Option<Alarm> {
        let arguments = json!({ "reason": text });
        alarm(arguments.as_object().unwrap(), &AlarmWords::default())
    }

    /// Every phrase of the list, without its star.
    fn phrases() -> Vec<&'static str> {
        let lines = WORDS.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.filter(|line| !line.starts_with(['#', '['])).map(|line| line.trim_end_matches('*')).collect()
    }

    #[test]
    fn words_are_heard_however_they_are_written() {
        for text in [
            "I have CHEST PAIN since noon",
            "chest-pains!",
            "I can't breathe",
            "I can\u{2019}t breathe",
            "\u{ff43}\u{ff48}\u{ff45}\u{ff53}\u{ff54} pain",
            "che\u{200b}st pain",
            "ch\u{e9}st p\u{e1}in",
            "我 胸 口 痛",
            "老人家中風了",
        ] {
            assert_eq!(heard(text), Some(Alarm::Emergency), "{text}");
        }
        for text in ["feeling suicidal", "I want to die", "他说不想活了"] {
            assert_eq!(heard(text), Some(Alarm::Crisis), "{text}");
        }
        assert_eq!(heard("chest pain, I want to die"), Some(Alarm::Crisis), "the graver of the two");
    }

    #[test]
    fn part_of_a_word_is_another_word() {
        for text in
            ["heatstroke leaflet", "breaststroke", "annual check-up", "mychest painting", "年度体检", ""]
        {
            assert_eq!(heard(text), None, "{text}");
        }
    }

    #[test]
    fn it_is_heard_under_any_key_and_at_any_depth_but_in_a_name() {
        let of = |arguments: Value| alarm(arguments.as_object().unwrap(), &AlarmWords::default());
        assert_eq!(of(json!({ "visit_purpose": { "list": ["cough", "stroke"] } })), Some(Alarm::Emergency));
        assert_eq!(of(json!({ "lastName": "Stroke", "address": { "street": "1 Stroke Road" } })), None);
    }

    #[test]
    fn a_clinic_adds_words_of_its_own() {
        let own = AlarmWords { emergency: vec!["Water broke".to_owned()], crisis: vec!["救命".to_owned()] };
        let of = |text: &str| alarm(json!({ "notes": text }).as_object().unwrap(), &own);
        assert_eq!(of("my water broke!"), Some(Alarm::Emergency));
        assert_eq!(of("救 命"), Some(Alarm::Crisis));
        assert_eq!(of("stroke"), Some(Alarm::Emergency), "those for all still count");
    }

    #[test]
    fn both_languages_have_words_for_both_alarms() {
        for alarm in [Alarm::Emergency, Alarm::Crisis] {
            let of = |han: bool| {
                FOR_ALL
                    .iter()
                    .any(|(of, phrase)| *of == alarm && matches!(phrase, Phrase::Characters(_)) == han)
            };
            assert!(of(true) && of(false), "{alarm:?}");
        }
    }

    proptest! {
        #[test]
        fn every_phrase_is_heard_in_the_midst_of_anything(
            at in 0..phrases().len(), before in "[a-z ,.!]{0,20}", after in "[a-z ,.!]{0,20}", loud: bool,
        ) {
            let phrase = phrases()[at];
            let phrase = if loud { phrase.to_uppercase() } else { phrase.to_owned() };
            let text = format!("{before} {phrase} {after}");
            prop_assert!(heard(&text).is_some());
        }

        #[test]
        fn no_text_can_hurt(text: String) {
            let _ = heard(&text);
        }
    }
}
