//! What production refuses although it works, and what it only warns of.

use crate::fixture::{EXAMPLE, SECRETS, lines, load, told};

/// What is told about the example after a change and with some of its secrets given anew.
fn refused(change: (&str, &str), secrets: &[(&str, &str)]) -> Vec<String> {
    let changed = EXAMPLE.replacen(change.0, change.1, 1);
    assert!(change.0.is_empty() || changed != EXAMPLE, "{change:?}");
    let kept = SECRETS.iter().filter(|(name, _)| secrets.iter().all(|(given, _)| given != name));
    let environment: Vec<_> = kept.chain(secrets).copied().collect();
    told(load(&changed, &environment))
}

const NO_CHANGE: (&str, &str) = ("", "");

#[test]
fn a_missing_master_key_is_refused() {
    let example = EXAMPLE.replace("master_key = \"0001", "#master_key = \"0001");
    assert_eq!(
        told(load(&example, &SECRETS[1..])),
        ["crypto.master_key | not set | is missing | name a file that holds one in \
          VITARAD_CRYPTO__MASTER_KEY_FILE; make it with: vitarad key"]
    );
}

#[test]
fn a_master_key_that_is_no_secret_is_refused() {
    let variable = "VITARAD_CRYPTO__MASTER_KEY";
    let fix = "name a file that holds one in VITARAD_CRYPTO__MASTER_KEY_FILE; make it with: vitarad key";
    for (key, what) in [
        ("0".repeat(64), "is one pattern over and over"),
        ("0123456789ABCDEF".repeat(4), "is one pattern over and over"),
        (
            "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F".to_owned(),
            "is an example that everybody knows",
        ),
        (SECRETS[0].1[..63].to_owned(), "is not 64 hexadecimal digits"),
        (String::new(), "is not 64 hexadecimal digits"),
    ] {
        assert_eq!(
            refused(NO_CHANGE, &[(variable, &key)]),
            [format!("crypto.master_key | environment variable {variable} | {what} | {fix}")]
        );
    }
}

#[test]
fn a_previous_master_key_may_be_weak_but_not_the_same() {
    let variable = "VITARAD_CRYPTO__PREVIOUS_MASTER_KEY";
    assert_eq!(refused(NO_CHANGE, &[(variable, &"0".repeat(64))]), [""; 0]);
    assert_eq!(
        refused(NO_CHANGE, &[(variable, SECRETS[0].1)]),
        [format!(
            "crypto.previous_master_key | environment variable {variable} | is the master key itself | \
             remove it, or give the key before this one"
        )]
    );
}

#[test]
fn missing_webhook_credentials_are_refused() {
    let (above, below) = EXAMPLE.split_once("[[webhook.credentials]]").unwrap();
    let without = format!("{above}{}", &below[below.find("[log]").unwrap()..]);
    let secrets: Vec<_> =
        SECRETS.iter().copied().filter(|(name, _)| *name != "VITARAD_WEBHOOK_SECRET").collect();
    assert_eq!(
        told(load(&without, &secrets)),
        ["clinics.riverside.webhook | not set | is missing, so no webhook of this clinic would be let in | \
          add [[clinics.webhook]] to it, or [[webhook.credentials]] for all clinics"]
    );
    let own =
        [&secrets[..], &[("VITARAD_CLINIC_RIVERSIDE_WEBHOOK_SECRET", "Jw5nYb3Ed6Ug1Kf0Ri7Ox")]].concat();
    assert_eq!(told(load(&without, &own)), [""; 0]);
    let nobody = &without[..without.find("[[clinics]]").unwrap()];
    assert_eq!(
        told(load(nobody, &secrets[..2])),
        ["webhook.credentials | not set | are missing, so no webhook would be let in | \
          add [[webhook.credentials]], or name a file with a secret in VITARAD_WEBHOOK_SECRET_FILE"]
    );
}

#[test]
fn a_weak_webhook_secret_is_refused() {
    let variable = "VITARAD_WEBHOOK_SECRET";
    for (secret, what) in [
        ("fifteen-letters", "has fewer than 16 characters"),
        ("change-me-please-soon", "is an example that everybody knows"),
        ("abcdefghabcdefgh", "is one pattern over and over"),
        ("aaaaaaaaaaaaaaaaaaaaaaa", "is one pattern over and over"),
    ] {
        assert_eq!(
            refused(NO_CHANGE, &[(variable, secret)]),
            [format!(
                "webhook.credentials[0].secrets[0] | environment variable {variable} | {what} | \
                 make one with: openssl rand -hex 32"
            )]
        );
    }
    assert_eq!(
        refused(NO_CHANGE, &[("VITARAD_CLINIC_RIVERSIDE_WEBHOOK_SECRET", "short")]),
        [
            "clinics.riverside.webhook[0].secrets[0] | environment variable VITARAD_CLINIC_RIVERSIDE_WEBHOOK_SECRET | \
          has fewer than 16 characters | make one with: openssl rand -hex 32"
        ]
    );
}

#[test]
fn a_weak_operator_token_is_refused() {
    let variable = "VITARAD_HEALTH__OPERATOR_TOKEN";
    assert_eq!(
        refused(NO_CHANGE, &[(variable, "letmein")]),
        [format!(
            "health.operator_token | environment variable {variable} | has fewer than 16 characters | \
             make one with: openssl rand -hex 32"
        )]
    );
}

#[test]
fn an_emr_password_that_everybody_knows_is_refused() {
    let variable = "VITARAD_CLINIC_RIVERSIDE_EMR_PASSWORD";
    for password in ["mac2002", "Password1"] {
        assert_eq!(
            refused(NO_CHANGE, &[(variable, password)]),
            [format!(
                "clinics.riverside.emr.password | environment variable {variable} | is an example that everybody \
                 knows | give vitarad's user in OSCAR a password of its own, and set it here"
            )]
        );
    }
    assert_eq!(
        refused(NO_CHANGE, &[(variable, "")]),
        [format!(
            "clinics.riverside.emr.password | environment variable {variable} | is empty | \
             give vitarad's user in OSCAR a password of its own, and set it here"
        )]
    );
}

#[test]
fn an_emr_is_asked_in_clear_only_within_its_own_network() {
    let to = |url: &str| refused(("https://emr.example.test:8443/oscar", url), &[]);
    for url in [
        "http://emr.example.test/oscar",
        "http://203.0.113.9/oscar",
        "http://100.64.0.1",
        "http://[2001:db8::1]/",
    ] {
        assert_eq!(
            to(url),
            [
                "clinics.riverside.emr.url | my.toml | would send health information in clear over the internet | \
              use https, or the server's address in the clinic's own network"
            ],
            "{url}"
        );
    }
    for url in [
        "http://localhost:8080/oscar",
        "http://127.0.0.1/oscar",
        "http://10.1.2.3/oscar",
        "http://172.16.0.9",
        "http://192.168.1.20:8080/oscar",
        "http://169.254.1.1",
        "http://[::1]/oscar",
        "http://[fd12::1]/oscar",
        "http://[fe80::1]/oscar",
        "http://[::ffff:10.0.0.1]/oscar",
    ] {
        assert_eq!(to(url), [""; 0], "{url}");
    }
}

#[test]
fn an_emr_address_that_is_none_is_refused_everywhere() {
    for url in
        ["emr.example.test", "ftp://emr.example.test", "https://me:pw@emr.example.test", "https://", ""]
    {
        let changed = EXAMPLE.replace("https://emr.example.test:8443/oscar", url);
        assert_eq!(
            told(load(&changed, &[("VITARAD_PROFILE", "development")])),
            ["clinics.riverside.emr.url | my.toml | is not a web address | write it like \
              https://emr.example.test:8443/oscar; the login has settings of its own"],
            "{url}"
        );
    }
}

#[test]
fn a_cors_origin_that_is_everybody_or_nobody_is_refused() {
    let to = |origin: &str| refused(("https://admin.riverside.example.test", origin), &[]);
    let fix = "name the one origin of the admin pages, like https://admin.clinic.example.test";
    for (origin, what) in [
        ("*", "lets every web site call the admin API"),
        ("http://localhost:5173", "is this machine, not the admin pages'"),
        ("http://127.0.0.1", "is this machine, not the admin pages'"),
        ("http://[::1]:3000", "is this machine, not the admin pages'"),
        ("admin.example.test", "is not an origin"),
        ("https://admin.example.test/path", "is not an origin"),
    ] {
        assert_eq!(to(origin), [format!("http.cors_origin | my.toml | {what} | {fix}")], "{origin}");
    }
    for origin in ["*", "http://localhost:5173"] {
        assert!(load("", &[("VITARAD_HTTP__CORS_ORIGIN", origin)]).is_ok(), "{origin}");
    }
}

#[test]
fn a_store_that_forgets_is_refused() {
    for synchronous in ["normal", "off"] {
        assert_eq!(
            refused(("[store]", &format!("[store]\nsynchronous = \"{synchronous}\"")), &[]),
            ["store.synchronous | my.toml | a power failure would lose bookings | set it to \"full\""]
        );
    }
}

#[test]
fn a_start_migrates_in_development_and_in_production_only_when_it_is_told_to() {
    let migrates =
        |text: &str, secrets: &[(&str, &str)]| load(text, secrets).unwrap().settings.store.migrates;
    let said = |how: &str| EXAMPLE.replacen("[store]", &format!("[store]\nmigrate = \"{how}\""), 1);
    assert!(migrates("", &[]));
    assert!(!migrates("[store]\nmigrate = \"manual\"", &[]));
    assert!(!migrates(EXAMPLE, &SECRETS));
    assert!(migrates(&said("auto"), &SECRETS));
}

#[test]
fn a_database_on_another_machine_has_to_show_who_it_is() {
    let url = |rest: &str| format!("postgres://vitarad:harbour-9-Quill@{rest}");
    let to = |rest: &str| refused(NO_CHANGE, &[("VITARAD_STORE__URL", &url(rest))]);
    for rest in [
        "db.example.test/vitarad",
        "10.1.2.3/vitarad?sslmode=require",
        "db.example.test/vitarad?sslmode=verify-ca",
        "127.0.0.1.example.test/vitarad",
        "localhost/vitarad?host=db.example.test",
    ] {
        assert_eq!(
            to(rest),
            [
                "store.url | environment variable VITARAD_STORE__URL | goes to another machine without making sure \
              which | add ?sslmode=verify-full, and &sslrootcert=FILE for an authority of your own; or set \
              store.insecure_transport to true"
            ],
            "{rest}"
        );
        let allowed = [("VITARAD_STORE__URL", &*url(rest)), ("VITARAD_STORE__INSECURE_TRANSPORT", "true")];
        assert_eq!(refused(NO_CHANGE, &allowed), [""; 0], "{rest}");
    }
    for rest in [
        "db.example.test/vitarad?sslmode=verify-full&sslrootcert=/etc/ssl/ours.pem",
        "localhost/vitarad",
        "127.0.0.1/vitarad",
        "[::1]:5432/vitarad",
        "localhost/vitarad?host=/run/postgresql",
    ] {
        assert_eq!(to(rest), [""; 0], "{rest}");
    }
    let owner = ("VITARAD_STORE__OWNER_URL", url("db.example.test/vitarad"));
    let told = refused(NO_CHANGE, &[("VITARAD_STORE__URL", &url("localhost/vitarad")), (owner.0, &owner.1)]);
    assert!(told.len() == 1 && told[0].starts_with("store.owner_url | "), "{told:?}");
}

#[test]
fn an_owner_is_somebody_of_a_server() {
    let owner = |url: &str| refused(NO_CHANGE, &[("VITARAD_STORE__OWNER_URL", url)]);
    let origin = "environment variable VITARAD_STORE__OWNER_URL";
    assert_eq!(
        owner("postgres://owner:harbour-9-Quill@localhost/vitarad"),
        [format!("store.owner_url | {origin} | is of no use: a file has no roles | remove it")]
    );
}

#[test]
fn a_database_password_that_everybody_knows_is_refused() {
    let fix = "change the database user's password, and give the address with VITARAD_STORE__URL_FILE";
    assert_eq!(
        refused(NO_CHANGE, &[("VITARAD_STORE__URL", "postgres://vitarad:changeme@localhost/vitarad")]),
        [format!(
            "store.url | environment variable VITARAD_STORE__URL | is an example that everybody knows | {fix}"
        )]
    );
    let good = (
        "VITARAD_STORE__URL",
        "postgres://vitarad:harbour-9-Quill@db.example.test/vitarad?sslmode=verify-full",
    );
    assert_eq!(refused(NO_CHANGE, &[good]), [""; 0]);
}

#[test]
fn a_door_without_a_lock_is_refused() {
    let open = ("VITARAD_HTTP__INSECURE_NO_AUTH", "true");
    assert_eq!(
        refused(NO_CHANGE, &[open]),
        [
            "http.insecure_no_auth | environment variable VITARAD_HTTP__INSECURE_NO_AUTH | lets anybody send webhooks | \
          set it to false and give webhook credentials"
        ]
    );
    assert_eq!(
        told(load("[http]\nlisten = \"0.0.0.0:8080\"", &[open])),
        [
            "http.insecure_no_auth | environment variable VITARAD_HTTP__INSECURE_NO_AUTH | lets anybody who reaches \
          this machine send webhooks | set it to false, or http.listen to 127.0.0.1"
        ]
    );
    assert!(load("", &[open]).is_ok());
}

#[test]
fn a_platform_that_would_be_asked_in_clear_is_refused() {
    let key = ("VITARAD_VOICE__API_KEY", "9d2f6c41-7b3e");
    for (url, is_fit) in [
        ("https://api.eu.vapi.ai", true),
        ("http://127.0.0.1:9090", true),
        ("http://api.vapi.ai", false),
        ("https://key@api.vapi.ai", false),
        ("api.vapi.ai", false),
    ] {
        let loaded = load("", &[key, ("VITARAD_VOICE__API_URL", url)]);
        assert_eq!(loaded.is_ok(), is_fit, "{url}");
        if is_fit {
            assert!(loaded.unwrap().settings.voice.is_some(), "{url}");
        }
    }
    assert!(load("", &[]).unwrap().settings.voice.is_none(), "without a key nobody is asked");
}

#[test]
fn what_production_should_not_have_is_a_warning() {
    let example = EXAMPLE
        .replace("operator_token = \"change-me", "#operator_token = \"change-me")
        .replace("[http]", "[http]\ntool_deadline_ms = 8000");
    let secrets: Vec<_> = SECRETS.iter().copied().filter(|(name, _)| !name.contains("OPERATOR")).collect();
    let loaded = load(&example, &secrets).unwrap();
    let keys: Vec<_> = loaded.warnings.iter().map(|warning| warning.key.as_str()).collect();
    assert_eq!(keys, ["http.tool_deadline_ms", "voice.api_key", "health.operator_token", "sms.gateway"]);
    let told = lines(&loaded.warnings);
    assert!(
        told[0].ends_with("is 8000: a caller may hear silence for that long | choose 4500 or less"),
        "{}",
        told[0]
    );
    assert_eq!(
        told[2],
        "health.operator_token | not set | is missing, so nobody can see health details | \
         name a file that holds one in VITARAD_HEALTH__OPERATOR_TOKEN_FILE"
    );
    assert!(load("", &[]).unwrap().warnings.is_empty(), "development is left in peace");
}
