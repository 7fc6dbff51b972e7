//! The clinics of a file: their defaults, their access, and how they may contradict themselves and each other.

use vitarad::access::{Fingerprint, TlsMode};
use vitarad_actors::domain::booking_rules::{BookingRules, ClinicRules};
use vitarad_actors::domain::clinic::EmrLimits;
use vitarad_actors::domain::health_number::Province;
use vitarad_actors::domain::slot_offer::SlotOffers;

use crate::fixture::{SMALL_CLINIC, file, load, told};

#[test]
fn a_clinics_rules_override_the_houses_key_by_key() {
    let text = format!(
        "[booking]\nhold_seconds = 90\nbuffer_minutes = 3\n[limits]\nburst = 7\n{SMALL_CLINIC}\
         [clinics.booking]\nbuffer_minutes = 10\n[clinics.limits]\nqueue = 9\n"
    );
    let loaded = load(&text, &[("VITARAD_LIMITS__MAX_IN_FLIGHT", "2")]).unwrap();
    let (clinic, _) = &loaded.settings.clinics[0];
    assert_eq!(clinic.booking, ClinicRules { buffer_minutes: Some(10), ..ClinicRules::default() });
    assert_eq!(clinic.house, BookingRules { hold_seconds: 90, buffer_minutes: 3, ..BookingRules::default() });
    assert_eq!(clinic.limits, EmrLimits { burst: 7, queue: 9, max_in_flight: 2, ..EmrLimits::default() });
    assert_eq!(loaded.settings.booking, clinic.house);
    let origin = |key: &str| loaded.origins.of_key(key).unwrap().origin.clone();
    assert_eq!(
        origin("clinics.riverside.limits.max_in_flight"),
        "environment variable VITARAD_LIMITS__MAX_IN_FLIGHT"
    );
    assert_eq!(origin("booking.max_advance_days"), "default.toml");
}

#[test]
fn freed_time_is_offered_only_where_a_clinic_or_the_house_says_so_and_key_by_key() {
    let offers = |text: &str| load(text, &[]).unwrap().settings.clinics[0].0.slot_offers.clone();
    assert_eq!(offers(SMALL_CLINIC), SlotOffers::default());
    assert!(!SlotOffers::default().enabled);
    let text = format!(
        "[slot_offers]\noffer_minutes = 20\nquiet_hours = \"20:30-09:00\"\n{SMALL_CLINIC}\
         [clinics.slot_offers]\nenabled = true\noffer_minutes = 10\n"
    );
    let own = offers(&text);
    assert_eq!((own.enabled, own.offer_minutes, own.least_notice_minutes), (true, 10, 120));
    assert_eq!(String::from(own.quiet_hours), "20:30-09:00");

    let key = "clinics.riverside.slot_offers";
    let bad = |more: &str| told(load(&format!("{SMALL_CLINIC}[clinics.slot_offers]\n{more}"), &[]));
    assert_eq!(
        bad("offer_minutes = 0"),
        [format!("{key} | my.toml | slot_offers.offer_minutes must be 1 to 1440 | choose from 1 to 1440")]
    );
    assert_eq!(
        bad("quiet_hours = \"at night\""),
        [format!(
            "{key}.quiet_hours | my.toml | 'at night' is not a stretch of the day; write it like \"09:00-17:00\" | \
             write it as default.toml shows"
        )]
    );
}

#[test]
fn a_clinics_list_of_visits_replaces_the_houses_whole() {
    let visits = "visit_types = [{ code = \"X\", minutes = 20, template_codes = [\"1\"] }]\ndefault_visit_type = \"X\"";
    let loaded = load(&format!("{SMALL_CLINIC}[clinics.booking]\n{visits}"), &[]).unwrap();
    let codes: Vec<_> = loaded.settings.clinics[0].0.policy().visits().value;
    assert_eq!(codes, ["X"]);
}

#[test]
fn a_ca_bundle_is_read_from_its_file() {
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let held = file(pem);
    let tls = |table: &str| {
        SMALL_CLINIC.replace("password = \"p\"", &format!("password = \"p\", tls = {{ {table} }}"))
    };
    let bundle = |path: &str| tls(&format!("mode = \"ca_bundle\", ca_file = \"{path}\""));
    let loaded = load(&bundle(held.path().to_str().unwrap()), &[]).unwrap();
    assert_eq!(loaded.settings.clinics[0].1.emr.tls, TlsMode::CaBundle { pem: pem.to_owned() });

    let key = "clinics.riverside.emr.tls";
    let fix = "name a file of PEM certificates that this user may read";
    let empty = file("nothing");
    for (clinic, problem) in [
        (
            bundle("/nowhere/ca.pem"),
            format!(
                "{key}.ca_file | my.toml | cannot be read: No such file or directory (os error 2) | {fix}"
            ),
        ),
        (
            bundle(empty.path().to_str().unwrap()),
            format!("{key}.ca_file | my.toml | holds no PEM certificate | {fix}"),
        ),
        (
            tls("mode = \"ca_bundle\""),
            format!("{key}.ca_file | not set | is missing for mode \"ca_bundle\" | {fix}"),
        ),
        (
            tls("mode = \"pin\""),
            format!(
                "{key}.sha256 | not set | is missing for mode \"pin\" | list the SHA-256 of the server's certificate"
            ),
        ),
        (
            tls("ca_file = \"/etc/ca.pem\""),
            format!("{key}.ca_file | my.toml | belongs to mode \"ca_bundle\" | remove it, or set that mode"),
        ),
    ] {
        assert_eq!(told(load(&clinic, &[])), [problem]);
    }
}

#[test]
fn a_clinic_that_contradicts_itself_is_refused_by_its_id() {
    let bad = |from: &str, to: &str| told(load(&SMALL_CLINIC.replace(from, to), &[]));
    assert_eq!(
        bad("[\"09:00-17:00\"]", "[\"09:00-12:00\", \"11:00-17:00\"]"),
        [
            "clinics.riverside.hours | my.toml | hours: the stretches of one day must follow each other without overlap | \
          list the stretches of a day in order, like \"09:00-12:00\", \"13:00-17:00\""
        ]
    );
    assert_eq!(
        bad("name = \"Dr. Chen\"", "name = \"Dr. Chen\", visit_types = [\"Z\"]"),
        ["clinics.riverside.providers | my.toml | providers: 101 lists visit type 'Z', which is not among \
          booking.visit_types | name codes of booking.visit_types only"]
    );
    assert_eq!(
        bad("name = \"Dr. Chen\"", "name = \"Dr. Chen\", minutes = { B = 500 }"),
        [
            "clinics.riverside.providers | my.toml | providers: 101 must take 1 to 480 minutes for visit type 'B' | \
          choose from 1 to 480"
        ]
    );
    assert_eq!(
        bad(
            "name = \"Dr. Chen\"",
            "name = \"Dr. Chen\", visit_types = [\"P\"], blocked_template_codes = [\"P\"]"
        ),
        [
            "clinics.riverside.providers | my.toml | providers: 101 lists visit type 'P', but none of its template codes \
          is open to them | open one of that visit type's codes in template_codes and blocked_template_codes"
        ]
    );
    assert_eq!(
        bad("name = \"Riverside\"", "name = \"Riverside\"\nsms = { enabled = true }\nlimits = { burst = 0 }"),
        ["clinics.riverside.limits | my.toml | limits: burst must be at least 1 | choose 1 or more"]
    );
    assert_eq!(
        bad("name = \"Riverside\"", "name = \"Riverside\"\nsms = { enabled = true }"),
        ["clinics.riverside.sms | my.toml | sms.enabled needs sms.sender | \
          give the number texts are sent from, or set sms.enabled to false"]
    );
}

#[test]
fn a_transfer_that_leads_back_and_two_voices_for_one_call_are_refused() {
    let bad = |more: &str| told(load(&SMALL_CLINIC.replace("timezone", &format!("{more}\ntimezone")), &[]));
    assert_eq!(
        bad("lines = [\"604-555-0101\"]\ntransfers = { billing = \"604-555-0101\" }"),
        [
            "clinics.riverside.lines | my.toml | lines: 604-555-0101 is also where callers are transferred to | \
          transfer to a line that people answer"
        ]
    );
    assert_eq!(
        bad("voice = { assistant_id = \"a\", squad_id = \"s\" }"),
        ["clinics.riverside.voice | my.toml | voice: both assistant_id and squad_id are set | \
          keep the one that answers a call first"]
    );
}

#[test]
fn clinics_that_claim_the_same_line_are_refused_each() {
    let clinic = |id: &str, lines: &str| {
        SMALL_CLINIC.replace("riverside", id).replace("timezone", &format!("lines = {lines}\ntimezone"))
    };
    let text = [
        clinic("a", "[\"604-555-0101\"]"),
        clinic("b", "[\"6045550101\"]"),
        clinic("c", "[\"604-555-0102\", \"+1 604 555 0101\"]"),
        clinic("d", "[\"604-555-0103\"]"),
    ];
    let fix = "leave it to the clinic it belongs to";
    assert_eq!(
        told(load(&text.concat(), &[])),
        [
            format!("clinics.b | my.toml | clinics 'a' and 'b' both claim line 604-555-0101 | {fix}"),
            format!("clinics.c | my.toml | clinics 'a' and 'c' both claim line 604-555-0101 | {fix}"),
        ]
    );
}

#[test]
fn a_clinic_that_was_misread_is_in_nobodys_way() {
    // What stands in for the bad id and the bad line are those of the manual's clinic.
    let good = SMALL_CLINIC.replace("timezone", "lines = [\"604-555-0101\"]\ntimezone");
    let bad = good.replace("riverside", "River Side").replace("604-555-0101", "0101");
    let keys = |text: &str| load(text, &[]).unwrap_err().0.into_iter().map(|p| p.key).collect::<Vec<_>>();
    let expected = ["clinics.River Side.id", "clinics.River Side.lines[0]"];
    assert_eq!(keys(&format!("{good}{bad}")), expected);
    assert_eq!(keys(&format!("{bad}{good}")), expected);
}

#[test]
fn two_clinics_of_one_id_are_refused() {
    assert_eq!(
        told(load(&SMALL_CLINIC.repeat(2), &[])),
        ["clinics.riverside | my.toml | is declared twice | give each clinic an id of its own"]
    );
}

#[test]
fn clinics_that_are_no_list_are_refused() {
    for file in ["[clinics.riverside]\nname = \"x\"", "clinics = 3"] {
        assert_eq!(
            told(load(file, &[])),
            ["clinics | my.toml | is not a list of tables | begin each clinic with [[clinics]]"]
        );
    }
}

#[test]
fn a_credentials_setting_that_belongs_to_another_scheme_is_refused() {
    let credential =
        "webhook = [{ scheme = \"bearer\", secrets = [\"s\"], encoding = \"hex\", header = \"x\" }]";
    let text = SMALL_CLINIC.replace("emr =", &format!("{credential}\nemr ="));
    let key = "clinics.riverside.webhook[0]";
    let fix = "remove it, or change the scheme";
    assert_eq!(
        told(load(&text, &[])),
        [
            format!("{key}.header | my.toml | belongs to a credential with scheme \"api_key\" | {fix}"),
            format!("{key}.encoding | my.toml | belongs to a credential with scheme \"hmac\" | {fix}"),
        ]
    );
}

#[test]
fn a_credential_has_one_or_two_secrets() {
    let credential = |secrets: &str| format!("[[webhook.credentials]]\nscheme = \"bearer\"\n{secrets}");
    let key = "webhook.credentials[0].secrets";
    for (text, problem) in [
        ("", format!("{key} | not set | are missing | give one: make it with openssl rand -hex 32")),
        (
            "secrets = [\"a\", \"b\", \"c\"]",
            format!("{key} | my.toml | are 3 | keep one, or two while one is replaced"),
        ),
        ("secrets = [\"\"]", format!("{key}[0] | my.toml | is empty | make one with: openssl rand -hex 32")),
    ] {
        assert_eq!(told(load(&credential(text), &[])), [problem]);
    }
    assert!(load(&credential("secrets = [\"a\", \"b\"]"), &[]).is_ok());
}

#[test]
fn what_is_registered_for_rest_is_checked_and_its_secrets_are_not_told() {
    let with = |callback: &str, lifetime: &str| {
        let oauth = format!(
            "consumer_key = \"ck-canary\", consumer_secret = \"cs-canary\", callback = \"{callback}\", \
             token_lifetime_seconds = {lifetime}"
        );
        SMALL_CLINIC.replace("password = \"p\"", &format!("password = \"p\", oauth = {{ {oauth} }}"))
    };
    let callback = "https://voice.example.test/emr/oauth/callback";
    let lifetime = |seconds: &str| {
        let loaded = load(&with(callback, seconds), &[]).unwrap();
        loaded.settings.clinics[0].1.emr.oauth.clone().unwrap().token_lifetime
    };
    assert_eq!(lifetime("-1"), None);
    assert_eq!(lifetime("3600"), Some(std::time::Duration::from_hours(1)));
    let key = "clinics.riverside.emr.oauth";
    for (clinic, named) in [
        (with("voice.example.test", "-1"), format!("{key}.callback")),
        (with(&format!("{callback}?a=b"), "-1"), format!("{key}.callback")),
        (with(callback, "0"), format!("{key}.token_lifetime_seconds")),
        (with(callback, "\"soon\""), format!("{key}.token_lifetime_seconds")),
    ] {
        let problems = load(&clinic, &[]).err().unwrap().to_string();
        assert!(problems.contains(&named) && !problems.contains("canary"), "{problems}");
    }
}

#[test]
fn a_bridge_is_off_unless_declared_and_checked_like_the_emr_beside_it() {
    let loaded = load(SMALL_CLINIC, &[]).unwrap();
    assert!(loaded.settings.clinics[0].1.emr.bridge.is_none());
    let with = |table: &str| {
        SMALL_CLINIC.replace("password = \"p\"", &format!("password = \"p\", bridge = {{ {table} }}"))
    };
    let url = "url = \"https://bridge.example.test:3000\"";
    let pin = "0a".repeat(32);
    let declared = with(&format!("{url}, api_key = \"k\", tls = {{ mode = \"pin\", sha256 = [\"{pin}\"] }}"));
    let loaded = load(&declared, &[]).unwrap();
    let bridge = loaded.settings.clinics[0].1.emr.bridge.clone().unwrap();
    assert_eq!(bridge.tls, TlsMode::Pin { sha256: vec![Fingerprint([10; 32])] });
    assert!(loaded.settings.clinics[0].1.emr.tls == TlsMode::System, "each has a certificate of its own");
    let key = "clinics.riverside.emr.bridge";
    for (table, named) in [
        (url.to_owned(), format!("{key}.api_key")),
        (format!("{url}, api_key = \"\""), format!("{key}.api_key")),
        (format!("{url}, api_key = \"canary \\n0471\""), format!("{key}.api_key")),
        ("url = \"canary0471\", api_key = \"canary0471\"".to_owned(), format!("{key}.url")),
        (format!("{url}, api_key = \"canary0471\", tls = {{ mode = \"pin\" }}"), format!("{key}.tls.sha256")),
    ] {
        let problems = load(&with(&table), &[]).err().unwrap().to_string();
        assert!(problems.contains(&named) && !problems.contains("canary"), "{problems}");
    }
}

#[test]
fn a_clinic_may_leave_its_login_out_if_it_has_registered_us_for_rest() {
    let oauth = "oauth = { consumer_key = \"k\", consumer_secret = \"s\", token_lifetime_seconds = -1, \
                 callback = \"https://voice.example.test/emr/oauth/callback\" }";
    let rest_only = SMALL_CLINIC.replace("username = \"vitarad\", password = \"p\"", oauth);
    assert_ne!(rest_only, SMALL_CLINIC);
    let loaded = load(&rest_only.replacen("name =", "prefer_rest = true\nname =", 1), &[]).unwrap();
    let (clinic, access) = &loaded.settings.clinics[0];
    assert!(clinic.prefer_rest && !access.emr.has_login() && access.emr.oauth.is_some());
    let half = rest_only.replace("oauth = {", "password = \"p\", oauth = {");
    let problems = load(&half, &[]).err().unwrap().to_string();
    assert!(problems.contains("clinics.riverside.emr.username"), "{problems}");
}

#[test]
fn a_work_grid_is_cut_into_slots_and_its_stretches_follow_each_other() {
    let with = |slot_minutes: u16, monday: &str| {
        let grid =
            format!("work_grid = {{ slot_minutes = {slot_minutes}, hours = {{ monday = {monday} }} }}");
        SMALL_CLINIC.replacen("provider_no =", &format!("{grid}, provider_no ="), 1)
    };
    let loaded = load(&with(15, "[\"09:00-12:00\"]"), &[]).unwrap();
    let grid = loaded.settings.clinics[0].0.providers[0].work_grid.as_ref().unwrap();
    assert_eq!((grid.slot_minutes, grid.template_code), (15, None));
    for bad in [with(0, "[\"09:00-12:00\"]"), with(15, "[\"09:00-12:00\", \"11:00-13:00\"]")] {
        let problems = load(&bad, &[]).err().unwrap().to_string();
        assert!(
            problems.contains("clinics.riverside.providers") && problems.contains("work grid"),
            "{problems}"
        );
    }
}

#[test]
fn how_charts_are_made_for_new_patients_is_a_clinics_own_and_nobody_is_registered_without_a_programme() {
    let rules = |more: &str| {
        let loaded = load(&format!("{SMALL_CLINIC}{more}"), &[]).unwrap();
        loaded.settings.clinics[0].0.registration.clone()
    };
    assert_eq!((rules("").program_id, rules("").province), (None, Province::Bc));
    let own = rules("[clinics.registration]\nprogram_id = 10034\nprovider = \"101\"\nprovince = \"ON\"\n");
    assert_eq!((own.program_id, own.province), (Some(10_034), Province::On));
    assert_eq!(own.provider.unwrap().as_str(), "101");
    let bad = load(&format!("{SMALL_CLINIC}[clinics.registration]\nprovince = \"WA\"\n"), &[]);
    let problems = told(bad);
    assert!(
        problems.len() == 1 && problems[0].starts_with("clinics.riverside.registration.province"),
        "{problems:?}"
    );
}
