//! The daemon as it would run, on a database of its own, against a pretend EMR with two clinics.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use secrecy::SecretString;
use vitarad_actors::crashpoint::Crashpoints;
use vitarad_actors::root::Ended;

use crate::boot::App;
use crate::cli::sandbox::world;
use crate::clock::now;
use crate::config::{Settings, report};
use crate::sandbox::oscar::{Flavour, Listen, Oscars, Profile, Running, demo};

/// The demo's configuration: an ordinary one, with the addresses and secrets of this run put in.
const CONFIG: &str = include_str!("../../../config/demo.toml");

pub const MAPLE_LINE: &str = "+16045550100";
pub const CEDAR_LINE: &str = "+16045550110";

pub struct DemoHouse {
    pub app: App,
    pub sandbox: Running,
    pub secret: SecretString,
    pub api_key: String,
    directory: PathBuf,
}

impl DemoHouse {
    pub async fn begin(listen: SocketAddr, profile: Profile) -> Result<Self, String> {
        let sandbox = sandbox(profile).await.map_err(|failure| format!("the pretend EMR: {failure}"))?;
        let directory = std::env::temp_dir().join(format!("vitarad-demo-{}", std::process::id()));
        std::fs::create_dir_all(&directory)
            .map_err(|failure| format!("a directory for the database: {failure}"))?;
        let (secret, api_key) = (random(), random());
        let environment = [
            ("VITARAD_HTTP__LISTEN", listen.to_string()),
            ("VITARAD_STORE__URL", format!("sqlite:{}", directory.join("demo.db").display())),
            ("VITARAD_CRYPTO__MASTER_KEY", random()),
        ];
        let environment = environment.into_iter().map(|(name, value)| (name.to_owned(), value));
        let file = directory.join("demo.toml");
        let config = filled_in(&sandbox, &secret, &api_key);
        std::fs::write(&file, config).map_err(|failure| format!("the configuration: {failure}"))?;
        let loaded =
            Settings::load(Some(&file), environment).map_err(|problems| report::problems(&problems.0))?;
        let app = App::begin(&loaded.settings, Crashpoints::default())
            .await
            .map_err(|failure| failure.to_string())?;
        Ok(Self { app, sandbox, secret: secret.into(), api_key, directory })
    }

    pub async fn end(self) -> Ended {
        let ended = self.app.stop().await;
        self.sandbox.stop().await;
        let _ = std::fs::remove_dir_all(&self.directory);
        ended
    }
}

fn random() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

async fn sandbox(profile: Profile) -> std::io::Result<Running> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let worlds = [("maple", Flavour::Maple, 7), ("cedar", Flavour::Cedar, 8)];
    let worlds = worlds.map(|(name, flavour, seed)| (name.to_owned(), world(profile, flavour, seed)));
    Oscars::start(Listen { emr: any, control: any }, Arc::new(now), worlds.into()).await
}

fn filled_in(sandbox: &Running, secret: &str, api_key: &str) -> String {
    CONFIG
        .replace("@MAPLE_URL@", &sandbox.url("maple"))
        .replace("@CEDAR_URL@", &sandbox.url("cedar"))
        .replace("@LOGIN@", demo::LOGIN)
        .replace("@PASSWORD@", demo::PASSWORD)
        .replace("@SECRET@", secret)
        .replace("@API_KEY@", api_key)
}
