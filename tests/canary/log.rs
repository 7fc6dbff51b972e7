//! One subscriber for the whole test process that misses nothing: every event and every span, of every target, at every
//! level; and what panics say.

use std::fmt::{Debug, Write as _};
use std::panic;
use std::sync::{Arc, Mutex, OnceLock};

use tracing::field::{Field, Visit};
use tracing::{Level, Metadata, Subscriber, span};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// What our own telemetry lets through at any level; of everything else it lets through warnings and errors.
pub(crate) const OWN: [&str; 2] = ["vitarad", "vitarad_actors"];

static LOG: OnceLock<Log> = OnceLock::new();

#[derive(Clone, Default)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<Line>>>,
    panics: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) target: String,
    level: Level,
    pub(crate) text: String,
}

impl Line {
    /// Whether an operator of the real process could ever see it.
    pub(crate) fn is_let_through(&self) -> bool {
        let root = self.target.split("::").next().unwrap_or_default();
        self.level <= Level::WARN || OWN.contains(&root)
    }
}

impl Log {
    pub(crate) fn listen() -> &'static Self {
        LOG.get_or_init(|| {
            let log = Self::default();
            let subscriber = tracing_subscriber::registry().with(log.clone());
            tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
            let panics = Arc::clone(&log.panics);
            let usual = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                panics.lock().expect("a pushed text").push(panic.to_string());
                usual(panic);
            }));
            log
        })
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.lock().expect("a pushed line").clone()
    }

    pub(crate) fn panics(&self) -> Vec<String> {
        self.panics.lock().expect("a pushed text").clone()
    }

    fn note(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Text)) {
        let mut text = Text(metadata.name().to_owned());
        record(&mut text);
        let line = Line { target: metadata.target().to_owned(), level: *metadata.level(), text: text.0 };
        self.lines.lock().expect("a pushed line").push(line);
    }
}

struct Text(String);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {}={value}", field.name());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl<S: Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>> Layer<S> for Log {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        self.note(event.metadata(), |text| event.record(text));
    }

    fn on_new_span(&self, span: &span::Attributes<'_>, _: &span::Id, _: Context<'_, S>) {
        self.note(span.metadata(), |text| span.record(text));
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            self.note(span.metadata(), |text| values.record(text));
        }
    }
}
