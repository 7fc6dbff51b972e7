//! What is told about a file that is wrong: all of it, each with the place and the way out.

use std::path::Path;

use vitarad::config::{Settings, report};

use crate::fixture::{EXAMPLE, SECRETS, SMALL_CLINIC, lines, load, owned, told};

#[test]
fn a_file_that_is_not_there_is_told_by_its_name() {
    let problems = Settings::load(Some(Path::new("/nowhere/my.toml")), owned(&[])).unwrap_err();
    assert_eq!(
        lines(&problems.0),
        ["--config | /nowhere/my.toml | the file cannot be read: No such file or directory (os error 2) | \
          name a file of settings that this user may read"]
    );
}

#[test]
fn what_is_not_toml_is_told_with_its_line() {
    assert_eq!(
        told(load("[http]\nlisten = \"127.0.0.1:1\"\n\nmax_connections == 3\n", &[])),
        [
            "line 4 | my.toml | not TOML: invalid string, expected `\"`, `'` | correct that line; texts stand in quotes"
        ]
    );
}

#[test]
fn an_unknown_setting_is_refused_with_the_nearest_known_one() {
    assert_eq!(
        told(load("metric = 3\n[http]\nlisen = 1\n[house.keep_days]\nevent = 3\n[[clinics]]\nfoo = 1", &[])),
        [
            "clinics[0] | my.toml | has no id | add an id such as \"riverside\"",
            "metric | my.toml | no such setting | did you mean metrics?",
            "http.lisen | my.toml | no such setting | did you mean listen?",
            "house.keep_days.event | my.toml | no such setting | did you mean events?",
        ]
    );
}

const MUCH_WRONG: &str = r#"
profile = "prod"
[http]
listen = "here"
tool_deadline_ms = 900
max_connections = "many"
clinic_burst = -1
body_timeout_ms = 1.5
trusted_proxies = ["10.0.0.0/8", "nowhere", "10.0.0.0/99"]
[log]
level = "a=b=c"
format = "xml"
stdout = false
keep_files = 0
[node]
name = "node 1"
runtime_directory = "run"
[store]
synchronous = true
writers = 0
[booking]
buffer_minutes = 70000
visit_types = [{ code = "B", minutes = 15 }, { code = "C", template_codes = ["1", "22"] }]
[sms]
gateway = 3
"#;

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let range = "must be a whole number from 0 to";
    assert_eq!(
        told(load(MUCH_WRONG, &[("VITARAD_HTTP__HEADER_TIMEOUT_MS", "1")])),
        [
            "profile | my.toml | is \"prod\", which is none of development, production | choose development or production",
            "http.body_timeout_ms | my.toml | is a number with a fraction, but must be a whole number, not negative | \
             give it a value like 10000",
            &format!("http.clinic_burst | my.toml | {range} 4294967295 | give it a value like 100"),
            "http.listen | my.toml | invalid socket address syntax | give it a value like \"127.0.0.1:8080\"",
            &format!(
                "http.max_connections | my.toml | is a text, but {range} 4294967295 | give it a value like 4096"
            ),
            "http.trusted_proxies[1] | my.toml | is not a network; write it like 10.0.0.0/8 | \
             give it a value like \"10.0.0.0/8\"",
            "http.trusted_proxies[2] | my.toml | is not a network; write it like 10.0.0.0/8 | \
             give it a value like \"10.0.0.0/8\"",
            "store.synchronous | my.toml | is true or false, but must be a text in quotes | give it a value like \"full\"",
            "log.format | my.toml | is \"xml\", which is none of json, text | choose json or text",
            "sms.gateway | my.toml | is a whole number, but must be a text in quotes | give it a value like \"log\"",
            &format!("booking.buffer_minutes | my.toml | {range} 65535 | give it a value like 0"),
            "booking.visit_types[0].template_codes | not set | is missing | \
             give it a value like [\"1\", \"2\", \"3\", \"6\"]",
            "booking.visit_types[1].template_codes[1] | my.toml | must be a text of one character | \
             give it a value like \"1\"",
            "booking.visit_types[1].minutes | not set | is missing | give it a value like 15",
            "node.name | my.toml | is not a plain name | \
             use 1 to 63 letters, digits, '-', '.' or '_', such as node-1",
            "node.runtime_directory | my.toml | is not an absolute path | \
             write it like \"/run/vitarad\": who takes over may have been started elsewhere",
            "http.tool_deadline_ms | my.toml | is 900 | choose from 1000 to 15000",
            "http.header_timeout_ms | environment variable VITARAD_HTTP__HEADER_TIMEOUT_MS | is 1 | \
             choose from 100 to 60000",
            "store.writers | my.toml | is 0 | choose from 1 to 100",
            "log.level | my.toml | is not a log level | write it like \"info\" or \"info,vitarad::emr=debug\"; \
             other modules than vitarad's cannot be named",
            "log.stdout | my.toml | leaves no place for the log | set it to true, or name a log.directory",
            "log.keep_files | my.toml | is 0 | choose from 1 to 1000",
        ]
    );
}

#[test]
fn a_clinic_that_lacks_much_is_told_all_of_it() {
    assert_eq!(
        told(load("[[clinics]]\nid = \"Bad Id\"\ntimezone = \"Vancouver\"\nlines = [\"911\"]", &[])),
        [
            "clinics.Bad Id.id | my.toml | ClinicId must be 1 to 63 of a-z, 0-9 and '-', starting with a letter or \
             digit | give it a value like \"riverside\"",
            "clinics.Bad Id.lines[0] | my.toml | not a ten-digit North American number | \
             give it a value like \"604-555-0101\"",
            "clinics.Bad Id.timezone | my.toml | 'Vancouver' is not an IANA time zone; examples: America/Vancouver, \
             America/Toronto, America/St_Johns | give it a value like \"America/Vancouver\"",
            "clinics.Bad Id.name | not set | is missing | give it a value like \"Riverside Family Practice\"",
            "clinics.Bad Id.phone | not set | is missing | give it a value like \"604-555-0100\"",
            "clinics.Bad Id.hours | not set | is missing | write it as default.toml shows",
            "clinics.Bad Id.providers | not set | is missing | write it as default.toml shows",
            "clinics.Bad Id.emr.url | not set | is missing | \
             give it a value like \"https://emr.example.test:8443/oscar\"",
            "clinics.Bad Id.emr.username | not set | is missing | \
             give the name of vitarad's own user in OSCAR, or neither name nor password but oauth",
            "clinics.Bad Id.emr.password | not set | is empty | \
             give vitarad's user in OSCAR a password of its own, and set it here",
        ]
    );
}

#[test]
fn what_is_wrong_with_the_defaults_is_not_told_again_for_each_clinic() {
    let file = format!("[limits]\nburst = \"big\"\n{SMALL_CLINIC}");
    assert_eq!(told(load(&file, &[])).len(), 1);
}

#[test]
fn problems_are_printed_as_aligned_paragraphs() {
    let problems = load("[http]\nlisen = 1\nmax_connections = 0", &[]).unwrap_err();
    assert_eq!(
        report::problems(&problems.0),
        "http.lisen\n  problem  no such setting\n  origin   my.toml\n  fix      did you mean listen?\n\n\
         http.max_connections\n  problem  is 0\n  origin   my.toml\n  fix      choose from 1 to 100000\n"
    );
    assert_eq!(problems.to_string(), report::problems(&problems.0));
}

#[test]
fn one_wrong_word_in_a_good_file_is_one_problem() {
    for (from, to, key) in [
        ("trusted_proxies", "trusted_proxys", "http.trusted_proxys"),
        ("\"hmac\"", "\"basic\"", "webhook.credentials[0].scheme"),
        ("\"hmac\"", "3", "webhook.credentials[0].scheme"),
        ("monday = [", "monady = [", "clinics.riverside.hours.monady"),
        ("\"13:00-17:00\"", "\"13-17\"", "clinics.riverside.hours.monday[1]"),
        ("2026-12-25", "25-12-2026", "clinics.riverside.holidays.25-12-2026"),
        ("mode = \"pin\"", "mode = \"none\"", "clinics.riverside.emr.tls.mode"),
        ("9F:86", "9F:8", "clinics.riverside.emr.tls.sha256[0]"),
        ("buffer_minutes", "buffer", "clinics.riverside.booking.buffer"),
        ("provider_no = \"101\"", "provider_no = 101", "clinics.riverside.providers[0].provider_no"),
        ("provider_no = \"101\"\n", "", "clinics.riverside.providers[0].provider_no"),
        ("[house.keep_days]", "[house.keep]", "house.keep"),
        ("ended_calls = 30", "ended_calls = { days = 3 }", "house.keep_days.ended_calls"),
        ("[clinics.greeting]", "[clinics.greetings]", "clinics.riverside.greetings"),
    ] {
        let wrong = EXAMPLE.replacen(from, to, 1);
        assert_ne!(wrong, EXAMPLE, "{from}");
        let problems = load(&wrong, &SECRETS).unwrap_err().0;
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, [key], "{to}");
    }
}
