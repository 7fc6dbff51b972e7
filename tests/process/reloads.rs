//! SIGHUP: clinics and log files are taken up anew while the process goes on.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use vitarad::sandbox::oscar::Flavour;

use crate::daemon::Daemon;
use crate::engine::around;
use crate::patience::until;
use crate::premises::Premises;
use crate::town::{Town, world};

const INFO: &str = "api/vapi/get-clinic-info";

async fn asked(daemon: &Daemon, clinic: &str) -> Value {
    daemon.platform.post(&format!("/clinics/{clinic}/{INFO}"), "{}").await.expect("an answer").json()
}

fn with_birch(premises: &Premises) -> String {
    let birch = json!({
        "url": premises.town.url("birch"),
        "hours": r#"{ monday = ["09:00-17:00"] }"#,
    });
    let url = birch["url"].as_str().unwrap_or_default();
    format!(
        "{}\n[[clinics]]\nid = \"birch\"\nname = \"Birch Lane Clinic\"\nphone = \"604-555-0120\"\n\
         lines = [\"+16045550121\"]\ntimezone = \"America/Vancouver\"\nhours = {{ monday = [\"09:00-17:00\"] }}\n\
         emr = {{ url = \"{url}\", username = \"voicedesk\", password = \"correct horse\" }}\nproviders = []\n",
        premises.config()
    )
}

#[tokio::test]
async fn a_clinic_that_is_added_answers_and_the_others_do_not_notice() {
    let worlds = [("maple", Flavour::Maple), ("cedar", Flavour::Cedar), ("birch", Flavour::Maple)];
    let town = Town::of(worlds.map(|(name, flavour)| (name, world(flavour))).into()).await;
    let premises = around(town).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    assert_eq!(asked(&daemon, "birch").await["code"], "CLINIC_UNKNOWN");

    premises.write_config(&with_birch(&premises));
    daemon.process.signal("HUP");
    let birch = until("the new clinic", async || {
        Some(asked(&daemon, "birch").await).filter(|answer| answer["code"] == "OK")
    })
    .await;
    assert_eq!(birch["clinic"]["name"], "Birch Lane Clinic");
    assert_eq!(asked(&daemon, "maple").await["code"], "OK");
    assert!(daemon.process.out().contains("\"clinics.changed\":1"), "the others stay as they are");
}

#[tokio::test]
async fn a_clinic_whose_row_cannot_be_read_stays_as_it_was() {
    let premises = Premises::around(Town::open().await);
    let daemon = Daemon::serve(&premises, &[]).await;
    let file = premises.directory().join("vitarad.db");
    let mut store =
        SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.expect("the store");
    let as_a_later_release_does = "UPDATE clinic SET revision = revision + 1, settings = CASE clinic_id
        WHEN 'cedar' THEN json_set(settings, '$.language', 'xx')
        ELSE json_set(settings, '$.name', 'Maple and Birch', '$.added', 7) END";
    sqlx::raw_sql(as_a_later_release_does).execute(&mut store).await.expect("two rows");
    until("what is new", async || {
        Some(asked(&daemon, "maple").await).filter(|answer| answer["clinic"]["name"] == "Maple and Birch")
    })
    .await;
    assert!(daemon.process.out().contains("a clinic cannot be read"));
    assert_eq!(asked(&daemon, "cedar").await["clinic"]["name"], "Cedar Street Clinic");
}

#[tokio::test]
async fn a_broken_configuration_leaves_everything_as_it_was() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    premises.write_config("[[clinics]]\nid = \"maple\"\nnam = \"Maple\"\n");
    daemon.process.signal("HUP");
    let refusal = until("the refusal in the log", async || {
        let out = daemon.process.out();
        out.lines().find(|line| line.contains("not reloaded")).map(str::to_owned)
    })
    .await;
    assert!(refusal.contains("\"level\":\"ERROR\"") && refusal.contains("name"), "{refusal}");
    assert_eq!(asked(&daemon, "maple").await["clinic"]["name"], "Maple Family Practice");
    assert_eq!(asked(&daemon, "cedar").await["code"], "OK");
}

/// All log files there are.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "log"))
        .collect()
}

fn written(files: &[PathBuf]) -> String {
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
}

#[tokio::test]
async fn a_log_file_that_was_moved_away_is_begun_anew() {
    let mut premises = around(Town::open().await).await;
    let directory = premises.directory().join("logs");
    premises.set("VITARAD_LOG__DIRECTORY", directory.to_str().expect("a path in UTF-8"));
    let daemon = Daemon::serve(&premises, &[]).await;
    until("the first lines", async || written(&files(&directory)).contains("serving").then_some(())).await;
    let moved: Vec<PathBuf> = files(&directory)
        .into_iter()
        .map(|file| {
            let away = file.with_extension("old");
            fs::rename(&file, &away).expect("a file may be moved");
            away
        })
        .collect();

    daemon.process.signal("HUP");
    until("a new file", async || written(&files(&directory)).contains("reloaded").then_some(())).await;
    assert_eq!(asked(&daemon, "cedar").await["code"], "OK");
    until("the next line", async || written(&files(&directory)).contains("\"cedar\"").then_some(())).await;
    let old = written(&moved);
    assert!(old.contains("serving") && !old.contains("\"cedar\""), "{old}");
    daemon.process.signal("TERM");
    let ended = daemon.process.ended().await;
    assert_eq!(ended.err, "", "a directory that was not there yet is nothing to complain of");
}
