//! Logs: one schema, on standard output and in rotating files, without people in them.
//!
//! Warnings and errors are written at once and never dropped; what is below them goes through a queue that drops when it
//! is full rather than hold up a call. A panic is logged by its place only: its message may quote anything.

mod writer;

use std::path::PathBuf;

use tracing::Level;
use tracing_subscriber::filter::{EnvFilter, LevelFilter, ParseError};
use tracing_subscriber::fmt::writer::MakeWriterExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

pub use self::writer::Sink;

#[derive(Debug, Clone)]
pub struct LogSettings {
    /// A filter in the form of `tracing`: `info`, or `info,vitarad::emr=debug`.
    pub level: String,
    pub json: bool,
    pub stdout: bool,
    pub directory: Option<PathBuf>,
    pub keep_files: usize,
}

/// Keeps the logs going; when it is dropped what is queued is written.
pub struct Telemetry {
    filter: reload::Handle<EnvFilter, Registry>,
    sinks: Vec<Sink>,
}

#[derive(Debug, thiserror::Error)]
pub enum NoTelemetry {
    #[error("log.level is not a filter: {0}")]
    Filter(#[from] ParseError),
    #[error("log.level names '{0}': only vitarad and vitarad_actors can be made to talk")]
    Foreign(String),
    #[error("log.directory cannot be written: {0}")]
    Directory(#[from] std::io::Error),
    #[error("a logger is installed already")]
    Installed,
}

/// What our own two crates log under. Everything else is heard from its warnings up, whatever is asked for: libraries trace
/// hosts, headers and statements.
const OURS: [&str; 2] = ["vitarad", "vitarad_actors"];

/// Whether a level can be set, now or by a reload.
pub fn is_filter(level: &str) -> bool {
    filter(level).is_ok()
}

fn filter(level: &str) -> Result<EnvFilter, NoTelemetry> {
    let mut filter = EnvFilter::default().add_directive(LevelFilter::WARN.into());
    for part in level.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let directives = match part.split_once('=') {
            None => OURS.map(|target| format!("{target}={part}")).to_vec(),
            Some((target, _)) if OURS.contains(&target.split("::").next().unwrap_or_default()) => {
                vec![part.to_owned()]
            }
            Some((target, _)) => return Err(NoTelemetry::Foreign(target.to_owned())),
        };
        for directive in directives {
            filter = filter.add_directive(directive.parse()?);
        }
    }
    Ok(filter)
}

impl Telemetry {
    pub fn install(settings: &LogSettings) -> Result<Self, NoTelemetry> {
        let (filter, handle) = reload::Layer::new(filter(&settings.level)?);
        let mut sinks = Vec::new();
        if settings.stdout {
            sinks.push(Sink::stdout());
        }
        if let Some(directory) = &settings.directory {
            sinks.push(Sink::files(directory.clone(), settings.keep_files)?);
        }
        let layers: Vec<_> = sinks.iter().map(|sink| layer(sink, settings.json)).collect();
        let subscriber = tracing_subscriber::registry().with(filter).with(layers);
        subscriber.try_init().map_err(|_| NoTelemetry::Installed)?;
        log_panics_by_place();
        Ok(Self { filter: handle, sinks })
    }

    pub fn set_level(&self, level: &str) -> Result<(), NoTelemetry> {
        self.filter.reload(filter(level)?).map_err(|_| NoTelemetry::Installed)
    }

    /// Opens the files anew, after somebody has moved them.
    pub fn reopen(&self) -> Result<(), NoTelemetry> {
        self.sinks.iter().try_for_each(Sink::reopen).map_err(NoTelemetry::Directory)
    }
}

fn layer<S>(sink: &Sink, json: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a> + Send + Sync,
{
    let writer = sink.at_once().with_max_level(Level::WARN).or_else(sink.queued());
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    if json {
        layer.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
    } else {
        layer.with_ansi(false).boxed()
    }
}

fn log_panics_by_place() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location();
        tracing::error!(
            code.file = place.map(std::panic::Location::file),
            code.line = place.map(std::panic::Location::line),
            "panicked; the message is withheld because it may quote anything"
        );
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_targets_can_be_made_to_talk() {
        let text = filter("trace").unwrap().to_string();
        assert!(text.contains("vitarad=trace") && text.contains("vitarad_actors=trace"), "{text}");
        assert!(text.ends_with("warn"), "{text}");
        assert!(filter("info,vitarad::emr=debug").unwrap().to_string().contains("vitarad::emr=debug"));
        for foreign in ["hyper=trace", "info,hyper::client=trace", "vitaradical=trace", "sqlx=info"] {
            assert!(matches!(filter(foreign), Err(NoTelemetry::Foreign(_))), "{foreign}");
        }
        assert!(filter("vitarad=loud").is_err());
        assert!(filter("loud").is_err());
    }
}
