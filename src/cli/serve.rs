//! `vitarad serve`.

use std::net::TcpListener;
use std::sync::Arc;

use clap::Args;
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::root::Ended;

use super::{EX_CONFIG, EX_OK, EX_SOFTWARE, EX_TEMPFAIL, Source, block_on, complain, install_cryptography};
use crate::boot::{App, NotBegun, begin_in_spite, rehearse, take_over};
use crate::config::sections::log::LogFormat;
use crate::config::{Settings, report};
use crate::handoff::{Asker, Report};
use crate::signals::SignalStream;
use crate::systemd;
use crate::telemetry::{LogSettings, Telemetry};

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    source: Source,
    /// Let webhooks in without credentials. Only in development and on loopback.
    #[arg(long)]
    insecure_no_auth: bool,
    /// Take over from the process that runs as this node, without losing a request; begin as usual if there is none.
    #[arg(long)]
    takeover: bool,
    /// Tell at standard input, a socket, how the beginning went: `vitarad upgrade` waits there.
    #[arg(long, hide = true)]
    report: bool,
    /// End the process when it comes to this step of a handoff, as a power failure would; or `STEP:FATE`.
    #[cfg(debug_assertions)]
    #[arg(long, hide = true)]
    crash_at_step: Option<super::fate::Fate>,
    /// End the process when it passes this point of a booking, as a power failure would.
    #[cfg(debug_assertions)]
    #[arg(long, hide = true, value_parser = vitarad_actors::crashpoint::Crashpoint::named)]
    crash_at: Option<vitarad_actors::crashpoint::Crashpoint>,
}

impl Serve {
    pub fn run(self) -> u8 {
        let passed = systemd::passed_socket();
        let asker = if self.report { Asker::at_stdin() } else { Asker::default() };
        install_cryptography();
        match (self.prepared(), passed) {
            (Ok((settings, telemetry)), Ok(passed)) => {
                block_on(self.serve(Arc::new(settings), telemetry, passed, &asker))
            }
            (Ok(_), Err(failure)) => could_not_begin(&failure, &asker),
            (Err(problems), _) => {
                complain(&problems);
                asker.tell(&Report::Failed { code: EX_CONFIG, why: problems });
                EX_CONFIG
            }
        }
    }

    /// What is wrong with the configuration is found out before anything is touched.
    fn prepared(&self) -> Result<(Settings, Telemetry), String> {
        let settings = self.settings()?;
        rehearse(&settings).map_err(|failure| failure.to_string())?;
        let telemetry = Telemetry::install(&log_settings(&settings));
        telemetry.map(|telemetry| (settings, telemetry)).map_err(|failure| failure.to_string())
    }

    async fn serve(
        self,
        settings: Arc<Settings>,
        telemetry: Telemetry,
        passed: Option<TcpListener>,
        asker: &Asker,
    ) -> u8 {
        let mut signals = match SignalStream::listen() {
            Ok(signals) => signals,
            Err(failure) => return could_not_begin(&failure, asker),
        };
        let app = match self.begin(&settings, passed, &mut signals).await {
            Ok(app) => app,
            Err(NotBegun::Told) => return EX_OK,
            Err(failure) => return could_not_begin(&failure, asker),
        };
        asker.tell(&Report::Serving { generation: app.house().generation, follows: app.follows() });
        let ended = app.run(&mut signals, || self.reload(&telemetry)).await;
        match ended {
            Ended::InOrder => EX_OK,
            Ended::Failed => EX_SOFTWARE,
            Ended::Usurped => EX_TEMPFAIL,
        }
    }

    async fn begin(
        &self,
        settings: &Arc<Settings>,
        passed: Option<TcpListener>,
        signals: &mut SignalStream,
    ) -> Result<App, NotBegun> {
        if self.takeover {
            take_over(settings, passed, self.crashpoints(), signals).await
        } else {
            begin_in_spite(settings, passed, self.crashpoints(), signals).await
        }
    }

    /// One mechanism: the flag is the setting, said shorter.
    fn settings(&self) -> Result<Settings, String> {
        let flag =
            self.insecure_no_auth.then(|| ("VITARAD_HTTP__INSECURE_NO_AUTH".to_owned(), "true".to_owned()));
        let loaded = Settings::load(self.source.config.as_deref(), std::env::vars().chain(flag));
        loaded.map(|loaded| loaded.settings).map_err(|problems| report::problems(&problems.0))
    }

    fn reload(&self, telemetry: &Telemetry) -> Option<Settings> {
        if let Err(failure) = telemetry.reopen() {
            tracing::error!(%failure, "the log files were not reopened");
        }
        match self.settings() {
            Ok(settings) => {
                if let Err(failure) = telemetry.set_level(&settings.log.level) {
                    tracing::error!(%failure, "the log level stays");
                }
                Some(settings)
            }
            Err(problems) => {
                tracing::error!(problems, "not reloaded; the former settings stay");
                None
            }
        }
    }

    fn crashpoints(&self) -> Crashpoints {
        #[cfg(debug_assertions)]
        {
            let (point, fate) = (self.crash_at, self.crash_at_step.clone());
            if point.is_some() || fate.is_some() {
                let at_point = move |passed| abort_if(Some(passed) == point);
                return Crashpoints::armed(at_point)
                    .with_steps(move |begun| fate.iter().for_each(|fate| fate.strike(begun)));
            }
        }
        Crashpoints::default()
    }
}

#[cfg(debug_assertions)]
fn abort_if(fatal: bool) {
    if fatal {
        std::process::abort();
    }
}

fn could_not_begin(failure: &dyn std::error::Error, asker: &Asker) -> u8 {
    tracing::error!(%failure, "could not begin");
    complain(&format!("vitarad could not begin: {failure}"));
    asker.tell(&Report::Failed { code: EX_TEMPFAIL, why: failure.to_string() });
    EX_TEMPFAIL
}

pub fn log_settings(settings: &Settings) -> LogSettings {
    LogSettings {
        level: settings.log.level.clone(),
        json: settings.log.format == LogFormat::Json,
        stdout: settings.log.stdout,
        directory: settings.log.directory.clone(),
        keep_files: settings.log.keep_files as usize,
    }
}
