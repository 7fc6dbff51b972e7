//! Where lines go: standard output or a daily file, each with a queue for what may be dropped and a way past it for what
//! may not.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::fmt::MakeWriter;

/// Lines that wait to be written; the one that finds no room is dropped.
const QUEUE: usize = 16_384;

pub struct Sink {
    target: Target,
    queue: NonBlocking,
    _flushes_on_drop: WorkerGuard,
}

#[derive(Clone)]
enum Target {
    Stdout,
    Files(Arc<Files>),
}

struct Files {
    directory: PathBuf,
    keep: usize,
    open: ArcSwap<RollingFileAppender>,
}

impl Sink {
    pub fn stdout() -> Self {
        Self::of(Target::Stdout)
    }

    pub fn files(directory: PathBuf, keep: usize) -> io::Result<Self> {
        let open = ArcSwap::from_pointee(appender(&directory, keep)?);
        Ok(Self::of(Target::Files(Arc::new(Files { directory, keep, open }))))
    }

    fn of(target: Target) -> Self {
        let (queue, guard) =
            NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE).finish(target.clone());
        Self { target, queue, _flushes_on_drop: guard }
    }

    pub fn queued(&self) -> NonBlocking {
        self.queue.clone()
    }

    pub fn at_once(&self) -> AtOnce {
        AtOnce(self.target.clone())
    }

    pub fn reopen(&self) -> io::Result<()> {
        if let Target::Files(files) = &self.target {
            files.open.store(Arc::new(appender(&files.directory, files.keep)?));
        }
        Ok(())
    }
}

fn appender(directory: &Path, keep: usize) -> io::Result<RollingFileAppender> {
    // The appender makes it, too, but first it looks for old files there, and complains on standard error.
    std::fs::create_dir_all(directory)?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("vitarad")
        .filename_suffix("log")
        .max_log_files(keep.max(1))
        .build(directory)
        .map_err(io::Error::other)
}

impl Write for Target {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout => io::stdout().lock().write(line),
            Self::Files(files) => files.open.load().make_writer().write(line),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().lock().flush(),
            Self::Files(files) => files.open.load().make_writer().flush(),
        }
    }
}

/// Writes past the queue.
pub struct AtOnce(Target);

impl<'a> MakeWriter<'a> for AtOnce {
    type Writer = Direct;

    fn make_writer(&'a self) -> Direct {
        Direct(self.0.clone())
    }
}

pub struct Direct(Target);

impl Write for Direct {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
