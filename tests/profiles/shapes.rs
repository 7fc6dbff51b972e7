//! What the builds print differently over REST, which an adapter must not lean on.

use jiff::civil::time;
use serde_json::{Value, json};
use vitarad::sandbox::oscar::{Profile, demo};

use crate::builds::Desk;
use crate::server::{EMPTY_DAY, staff_row};

const OLDER: [Profile; 3] = [Profile::Oscar15, Profile::Oscar19, Profile::KaiLike];

#[tokio::test]
async fn a_day_has_a_frame_around_it_on_the_older_builds_and_lengths_on_the_newer() {
    for profile in [OLDER[0], OLDER[1], OLDER[2], Profile::OpenO] {
        let desk = Desk::at(profile).await;
        for (from, to, status) in [
            (time(13, 30, 0, 0), time(14, 44, 0, 0), Some("t")),
            (time(9, 0, 0, 0), time(9, 14, 0, 0), Some("H")),
            (time(10, 0, 0, 0), time(10, 14, 0, 0), Some("C")),
            (time(11, 0, 0, 0), time(11, 14, 0, 0), None),
        ] {
            desk.server.file(staff_row(EMPTY_DAY, from, to, status));
        }
        let answer = desk.raw(&format!("schedule/101/day/{EMPTY_DAY}"), None).await;
        let newer = profile == Profile::OpenO;
        assert_eq!(answer.is_array(), newer, "{profile:?}");
        let rows = if newer { &answer } else { &answer["patients"] }.as_array().unwrap();
        let starts: Vec<&Value> = rows.iter().map(|row| &row["startTime"]).collect();
        assert_eq!(starts, ["09:00 AM", "01:30 PM"], "{profile:?}");
        let lengths: Vec<&Value> = rows.iter().map(|row| &row["duration"]).collect();
        let expected = if newer { [json!("14m "), json!("1H 14m ")] } else { [Value::Null, Value::Null] };
        assert_eq!(lengths, expected.iter().collect::<Vec<_>>(), "{profile:?}");
    }
}

#[tokio::test]
async fn a_birth_date_is_an_instant_on_the_older_builds_and_a_date_on_the_newer() {
    let wanted = json!({
        "type": "Phone", "term": "%604%555%0142%", "active": true, "integrator": false, "outofdomain": true,
        "params": {},
    });
    for profile in [OLDER[0], OLDER[1], OLDER[2], Profile::OpenO] {
        let desk = Desk::at(profile).await;
        let path = "demographics/search?startIndex=0&itemsToReturn=5";
        let answer = desk.raw(path, Some(wanted.clone())).await;
        let chart = &answer["content"][0];
        assert_eq!(chart["formattedDOB"], "1979-04-07", "{profile:?}");
        let newer = profile == Profile::OpenO;
        assert_eq!(chart["dob"].is_string(), newer, "{profile:?}");
        assert_eq!(chart["dob"].is_i64(), !newer, "{profile:?}");
    }
}

#[tokio::test]
async fn an_unknown_key_fails_an_addition_on_the_older_builds_only() {
    let new = json!({
        "providerNo": "101", "demographicNo": demo::MARIE.demographic_no, "appointmentDate": EMPTY_DAY.to_string(),
        "startTime": "09:00", "duration": 15, "status": "t", "importedStatus": "",
    });
    for (profile, added) in [(OLDER[0], 0), (OLDER[1], 0), (OLDER[2], 0), (Profile::OpenO, 1)] {
        let desk = Desk::at(profile).await;
        let _ = desk.answer("schedule/add", Some(new.clone())).await;
        assert_eq!(desk.server.rows(EMPTY_DAY).len(), added, "{profile:?}");
    }
}
