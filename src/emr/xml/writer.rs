//! Writes elements into one string. Nothing reaches it unescaped but names written in this program.

use std::fmt::{Display, Write};

use vitarad_actors::domain::phi::Phi;

#[derive(Default)]
pub(crate) struct Writer(String);

impl Writer {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn text(&mut self, name: &'static str, text: &str) {
        self.open(name);
        escape(&mut self.0, text);
        self.close(name);
    }

    /// `None` is NULL and leaves no element; an empty text leaves an empty one.
    pub(crate) fn optional(&mut self, name: &'static str, text: Option<&Phi<String>>) {
        if let Some(text) = text {
            self.text(name, text.reveal());
        }
    }

    /// For what prints without markup: numbers, flags and times.
    pub(crate) fn plain(&mut self, name: &'static str, value: impl Display) {
        self.open(name);
        // Writing to a string cannot fail.
        let _ = write!(self.0, "{value}");
        self.close(name);
    }

    pub(crate) fn nested(&mut self, name: &'static str, content: impl FnOnce(&mut Self)) {
        self.open(name);
        content(self);
        self.close(name);
    }

    fn open(&mut self, name: &str) {
        self.0.extend(["<", name, ">"]);
    }

    fn close(&mut self, name: &str) {
        self.0.extend(["</", name, ">"]);
    }
}

pub(crate) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // A bare one would be read as a line feed.
            '\r' => out.push_str("&#13;"),
            // XML 1.0 has no way to say these, and a server refuses the whole request for one of them.
            '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => {}
            other => out.push(other),
        }
    }
}
