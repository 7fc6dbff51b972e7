//! Starts that fail: the exit code says which kind of trouble it is, and the words say what to do about it.

use std::fs;
use std::net::TcpListener;

use crate::daemon::{Daemon, serve};
use crate::engine::around;
use crate::premises::Premises;
use crate::town::Town;

const EX_TEMPFAIL: i32 = 75;
const EX_CONFIG: i32 = 78;

async fn refused(premises: &Premises, arguments: &[&str], code: i32) -> String {
    let ended = serve(premises, arguments).ended().await;
    assert_eq!(ended.status.code(), Some(code), "{}", ended.err);
    ended.err
}

#[tokio::test]
async fn a_second_process_of_the_same_name_on_the_same_store_is_refused_and_the_first_goes_on() {
    let premises = around(Town::open().await).await;
    let mut first = Daemon::serve(&premises, &[]).await;
    let words = refused(&premises, &[], EX_TEMPFAIL).await;
    assert!(words.contains("another vitarad runs as node") && words.contains("node.name"), "{words}");
    assert_eq!(first.platform.get("/readyz", "").await.expect("an answer").status, 200);

    // The lock is the kernel's: it is free again however the first one died.
    first.process.kill();
    assert!(!first.process.ended().await.status.success());
    drop(Daemon::serve(&premises, &[]).await);
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_with_every_problem_its_origin_and_its_fix() {
    let mut premises = around(Town::open().await).await;
    premises.write_config(&(premises.config() + "\n[http]\nmax_conections = 7\ntool_deadline_ms = 20\n"));
    premises.set("VITARAD_LOG__LEVEL", "loud");
    let words = refused(&premises, &[], EX_CONFIG).await;
    for said in [
        "http.max_conections",
        "max_connections",
        "http.tool_deadline_ms",
        "my.toml",
        "log.level",
        "environment variable VITARAD_LOG__LEVEL",
    ] {
        assert!(words.contains(said), "{said} in {words}");
    }
    assert_eq!(words.matches("  fix  ").count(), 3, "{words}");
}

#[tokio::test]
async fn production_refuses_what_is_only_fit_for_trying_things_out() {
    let mut premises = around(Town::open().await).await;
    premises.set("VITARAD_PROFILE", "production");
    premises.set("VITARAD_STORE__SYNCHRONOUS", "off");
    premises.environment.remove("VITARAD_CRYPTO__MASTER_KEY");
    let words = refused(&premises, &["--insecure-no-auth"], EX_CONFIG).await;
    for key in ["crypto.master_key", "store.synchronous", "http.insecure_no_auth"] {
        assert!(words.contains(key), "{key} in {words}");
    }
}

#[tokio::test]
async fn a_configuration_that_is_not_there_is_a_wrong_one() {
    let premises = around(Town::open().await).await;
    fs::remove_file(premises.config_file()).expect("it was there");
    assert!(refused(&premises, &[], EX_CONFIG).await.contains("my.toml"));
}

#[tokio::test]
async fn a_store_that_has_no_place_is_refused_with_the_setting_that_names_it() {
    let mut premises = around(Town::open().await).await;
    let (missing, a_file) = (premises.directory().join("missing"), premises.config_file());
    for place in [missing, a_file] {
        premises.set("VITARAD_STORE__URL", &format!("sqlite:{}", place.join("vitarad.db").display()));
        let words = refused(&premises, &[], EX_TEMPFAIL).await;
        assert!(words.contains("store.url") && words.contains("directory"), "{words}");
    }
}

#[tokio::test]
async fn a_store_that_is_no_database_is_refused_and_left_alone() {
    let premises = Premises::around(Town::open().await);
    let file = premises.directory().join("vitarad.db");
    fs::write(&file, "somebody's letters, more than one page of them. ".repeat(200)).expect("a file");
    let before = fs::read(&file).expect("it is there");
    let words = refused(&premises, &[], EX_TEMPFAIL).await;
    assert!(words.contains("the store that store.url names did not open"), "{words}");
    assert_eq!(fs::read(&file).expect("it is there"), before);
}

#[tokio::test]
async fn a_credential_that_the_door_cannot_use_is_found_by_the_check_and_refused() {
    let premises = around(Town::open().await).await;
    let mended =
        premises.config().replace("scheme = \"hmac\"", "scheme = \"hmac\"\npayload_format = \"{time}\"");
    assert_ne!(mended, premises.config());
    premises.write_config(&mended);
    let words = refused(&premises, &[], EX_CONFIG).await;
    assert!(words.contains("the platform's webhook credentials: payload_format must hold {body}"), "{words}");
}

#[tokio::test]
async fn a_port_in_use_is_refused_before_anything_is_touched() {
    let mut premises = Premises::around(Town::open().await);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    premises.set("VITARAD_HTTP__LISTEN", &taken.local_addr().expect("an address").to_string());
    let words = refused(&premises, &[], EX_TEMPFAIL).await;
    assert!(words.contains("http.listen") && words.contains("cannot be bound"), "{words}");
    assert!(!premises.directory().join("vitarad.db").exists(), "no store was made");
}
