//! Bodies that are too large, too slow, too deep or not what they should be.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vitarad::front::DoorSettings;

use super::house::{House, MAPLE_LINE, PLATFORM_KEY, Plan, about, tool_call};

const KEY: [(&str, &str); 1] = [("x-api-key", PLATFORM_KEY)];

/// Messages whose whole text is `size` bytes.
fn of_size(fields: &Value, size: usize) -> String {
    let mut body = about(MAPLE_LINE, fields);
    body["message"]["artifact"] = json!("");
    let missing = size - body.to_string().len();
    body["message"]["artifact"] = json!("x".repeat(missing));
    body.to_string()
}

#[tokio::test]
async fn a_tool_call_may_be_as_large_as_500_kb_and_a_report_as_4_mb() {
    const TOOL_LIMIT: usize = 500 * 1024;
    const LIMIT: usize = 4 * 1024 * 1024;
    let house = House::open(Plan::default());
    let tools = json!({"type": "tool-calls", "toolCallList": [tool_call("a", "get_providers")]});
    let report = json!({"type": "end-of-call-report"});
    for (path, fields, size, wanted) in [
        ("/api/vapi", &tools, TOOL_LIMIT, 200),
        ("/api/vapi", &tools, TOOL_LIMIT + 1, 413),
        ("/api/vapi/get-providers", &tools, TOOL_LIMIT, 200),
        ("/api/vapi/get-providers", &tools, TOOL_LIMIT + 1, 413),
        ("/api/vapi", &report, LIMIT, 200),
        ("/api/vapi", &report, LIMIT + 1, 413),
        ("/api/vapi", &report, 3 * LIMIT, 413),
    ] {
        let reply = house.post(path, &KEY, of_size(fields, size)).await;
        assert_eq!(reply.status, wanted, "{path} {size}");
        if wanted == 413 {
            let named = if fields == &tools { "500 KB" } else { "4 MB" };
            assert!(reply.body["error"].as_str().unwrap().contains(named), "{:?}", reply.body);
        }
    }
    assert_eq!((house.heard().len(), house.told().len()), (2, 1));
}

#[tokio::test]
async fn a_sender_that_writes_all_before_it_reads_sees_the_refusal_too() {
    let house = House::open(Plan::default());
    let body = " ".repeat(12 << 20);
    let mut stream = TcpStream::connect(house.addr).await.unwrap();
    let head = format!(
        "POST /api/vapi HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_body_of_unannounced_length_has_the_same_limit() {
    let house = House::open(Plan::default());
    let chunks = || futures::stream::iter((0..9).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 19])));
    let reply = house.post("/api/vapi", &KEY, reqwest::Body::wrap_stream(chunks())).await;
    assert_eq!(reply.status, 413);
}

#[tokio::test]
async fn a_body_that_does_not_come_to_its_end_in_time_is_given_up() {
    let door = DoorSettings { body_deadline: Duration::from_millis(50), ..DoorSettings::default() };
    let house = House::open(Plan { door, ..Plan::default() });
    let mut stream = TcpStream::connect(house.addr).await.unwrap();
    let half = "POST /api/vapi HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{\"message\":";
    stream.write_all(half.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"fix\""));
}

#[tokio::test]
async fn what_is_no_json_object_of_ours_is_said_to_be_so_and_never_repeated() {
    let house = House::open(Plan::default());
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    let in_message = |text: &str| {
        format!(
            r#"{{"message":{{"type":"end-of-call-report","call":{{"id":"c"}},"phoneNumber":{{"number":"{MAPLE_LINE}"}},"x":{text}}}}}"#
        )
    };
    let bodies: [(&str, Vec<u8>); 14] = [
        ("empty", Vec::new()),
        ("cut", br#"{"message": {"type": "Zebra"#.to_vec()),
        ("no json", b"Zebra".to_vec()),
        ("more after it", br#"{"message": {"type": "hang"}} Zebra"#.to_vec()),
        ("a text", br#""Zebra""#.to_vec()),
        ("a list", br#"[{"type": "Zebra"}]"#.to_vec()),
        ("null", b"null".to_vec()),
        ("no message", br#"{"Zebra": 1}"#.to_vec()),
        ("no type", br#"{"message": {"Zebra": 1}}"#.to_vec()),
        ("no utf-8", b"{\"message\": {\"type\": \"Zebra\xff\"}}".to_vec()),
        ("deep lists", deep("[", "]").into_bytes()),
        ("deep objects", deep(r#"{"Zebra":"#, "}").into_bytes()),
        ("deep in a report", in_message(&deep("[", "]")).into_bytes()),
        ("half a character", in_message("\"\\ud800\"").into_bytes()),
    ];
    for (what, body) in bodies {
        let reply = house.post("/api/vapi", &KEY, body).await;
        assert_eq!(reply.status, 400, "{what}");
        let said = reply.body.to_string();
        assert!(
            reply.body["error"].is_string() && reply.body["fix"].is_string() && !said.contains("Zebra"),
            "{what}"
        );
    }
}

#[tokio::test]
async fn depth_where_nobody_looks_does_no_harm_and_in_arguments_spoils_only_them() {
    let house = House::open(Plan::default());
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let body = format!(
        r#"{{"message":{{"type":"tool-calls","phoneNumber":{{"number":"{MAPLE_LINE}"}},"artifact":{deep},"toolCallList":[
            {{"id":"a","name":"get_providers","arguments":{deep}}},{deep},
            {{"id":"b","name":"get_providers","arguments":{{"x":{deep}}}}},
            {{"id":"c","name":"get_providers","arguments":{{}}}}]}}}}"#
    );
    let reply = house.post("/api/vapi", &KEY, body).await;
    assert_eq!(reply.codes(), ["VALIDATION_ERROR", "VALIDATION_ERROR", "OK"]);
    let bare =
        house.post("/clinics/maple/api/vapi/get-providers", &KEY, format!(r#"{{"message":{deep}}}"#)).await;
    assert_eq!(bare.status, 400);
}
