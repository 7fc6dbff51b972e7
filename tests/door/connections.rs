//! The open socket: how many, how long, and how it closes.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use vitarad::front::listener::ListenerSettings;

use super::house::{House, Mood, PLATFORM_KEY, Plan, tool_call, tool_calls, until};

fn request() -> String {
    let body = tool_calls(&json!([tool_call("a", "get_providers")])).to_string();
    let head = format!("POST /api/vapi HTTP/1.1\r\nhost: x\r\nx-api-key: {PLATFORM_KEY}\r\n");
    format!("{head}content-length: {}\r\n\r\n{body}", body.len())
}

async fn connect(house: &House, first: &str) -> TcpStream {
    let mut stream = TcpStream::connect(house.addr).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    stream
}

/// One answer on a connection that stays open.
async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"]}") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed too soon");
    }
    String::from_utf8(answer).unwrap()
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut rest = Vec::new();
    // A reset is a close, too.
    let _ = stream.read_to_end(&mut rest).await;
    String::from_utf8(rest).unwrap()
}

pub(super) fn in_seconds(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

pub(super) fn with(listener: ListenerSettings) -> House {
    House::open(Plan { listener, ..Plan::default() })
}

#[tokio::test]
async fn a_request_in_flight_is_answered_by_a_drain_and_told_to_close() {
    let house = House::open(Plan::default());
    house.set_mood(Mood::Waits);
    let mut slow = connect(&house, &request()).await;
    house.script.rang.notified().await;
    let (script, addr) = (house.script.clone(), house.addr);
    let drained = tokio::spawn(house.listening.drain(in_seconds(30)));
    until_refused(addr).await;
    script.released.add_permits(1);
    let answer = rest(&mut slow).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("connection: close\r\n"));
    assert_eq!(drained.await.unwrap(), 0);
}

pub(super) async fn until_refused(addr: std::net::SocketAddr) {
    let give_up = in_seconds(10);
    while TcpStream::connect(addr).await.is_ok() {
        assert!(Instant::now() < give_up, "it still accepts");
    }
}

#[tokio::test]
async fn an_idle_connection_may_ask_once_more_while_the_drain_lingers() {
    let house = with(ListenerSettings { linger: Duration::from_secs(20), ..ListenerSettings::default() });
    let mut idle = connect(&house, &request()).await;
    assert!(!answer(&mut idle).await.contains("connection: close"));
    let addr = house.addr;
    let drained = tokio::spawn(house.listening.drain(in_seconds(60)));
    until_refused(addr).await;
    idle.write_all(request().as_bytes()).await.unwrap();
    let last = rest(&mut idle).await;
    assert!(last.starts_with("HTTP/1.1 200 ") && last.contains("connection: close\r\n"), "{last}");
    assert_eq!(drained.await.unwrap(), 0);
}

#[tokio::test]
async fn an_idle_connection_is_closed_when_the_linger_is_over() {
    let house = with(ListenerSettings { linger: Duration::from_millis(20), ..ListenerSettings::default() });
    let mut idle = connect(&house, &request()).await;
    answer(&mut idle).await;
    let mut untouched = connect(&house, "").await;
    let mut half_head = connect(&house, "POST /api/vapi HTT").await;
    until(|| house.count("door_open_connections") == 3).await;
    let drained = tokio::spawn(house.listening.drain(in_seconds(600)));
    for stream in [&mut idle, &mut untouched, &mut half_head] {
        assert_eq!(rest(stream).await, "");
    }
    assert_eq!(drained.await.unwrap(), 0, "long before its deadline");
}

#[tokio::test]
async fn a_drain_ends_by_its_deadline_whatever_hangs_and_who_waits_for_an_answer_gets_one() {
    let house = House::open(Plan::default());
    house.set_mood(Mood::NeverAnswers);
    let mut hanging = connect(&house, &request()).await;
    house.script.rang.notified().await;
    let mut half_body = connect(&house, &request()[..120]).await;
    until(|| house.count("door_open_connections") == 2).await;
    let drained = tokio::spawn(house.listening.drain(in_seconds(1)));
    let answer = rest(&mut hanging).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("EMR_TIMEOUT"), "{answer}");
    assert_eq!(rest(&mut half_body).await, "");
    assert_eq!(drained.await.unwrap(), 1, "the half request");
}

#[tokio::test]
async fn who_stands_in_the_queue_when_a_drain_begins_is_let_in() {
    let house = with(ListenerSettings { linger: Duration::from_secs(20), ..ListenerSettings::default() });
    // The test and the listener share one thread, so until the test waits, nobody accepts.
    let queued: Vec<_> = (0..20).map(|_| std::net::TcpStream::connect(house.addr).unwrap()).collect();
    let drained = tokio::spawn(house.listening.drain(in_seconds(30)));
    for stream in queued {
        stream.set_nonblocking(true).unwrap();
        let mut stream = TcpStream::from_std(stream).unwrap();
        stream.write_all(request().as_bytes()).await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200 "));
    }
    assert_eq!(drained.await.unwrap(), 0);
}

#[tokio::test]
async fn a_connection_without_a_whole_head_is_closed_in_time() {
    let house =
        with(ListenerSettings { head_time: Duration::from_millis(30), ..ListenerSettings::default() });
    for first in ["", "PRI * HTT", "POST /api/vapi HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = connect(&house, first).await;
        assert_eq!(rest(&mut stream).await, "", "{first}");
    }
    assert_eq!(house.count(r#"door_connections_total{outcome="silent"}"#), 3);
}

#[tokio::test]
async fn a_connection_that_has_asked_is_not_held_to_the_time_of_a_first_head() {
    let house =
        with(ListenerSettings { head_time: Duration::from_millis(30), ..ListenerSettings::default() });
    let mut kept = connect(&house, &request()).await;
    answer(&mut kept).await;
    let mut silent = connect(&house, "").await;
    assert_eq!(rest(&mut silent).await, "", "the time is over");
    kept.write_all(request().as_bytes()).await.unwrap();
    answer(&mut kept).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_idle_time() {
    let house =
        with(ListenerSettings { idle_time: Duration::from_millis(30), ..ListenerSettings::default() });
    let mut idle = connect(&house, &request()).await;
    answer(&mut idle).await;
    assert_eq!(rest(&mut idle).await, "");
}

#[tokio::test]
async fn beyond_the_bound_connections_are_turned_away_and_those_within_are_served() {
    let house = with(ListenerSettings { max_connections: 2, ..ListenerSettings::default() });
    let mut first = connect(&house, &request()).await;
    let second = connect(&house, "").await;
    until(|| house.count("door_open_connections") == 2).await;
    let mut third = TcpStream::connect(house.addr).await.unwrap();
    assert_eq!(rest(&mut third).await, "");
    answer(&mut first).await;
    drop(second);
    until(|| house.count("door_open_connections") == 1).await;
    let mut fourth = connect(&house, &request()).await;
    answer(&mut fourth).await;
    assert_eq!(house.count(r#"door_connections_total{outcome="turned_away"}"#), 1);
}

#[tokio::test]
async fn who_comes_while_the_gate_is_shut_waits_and_who_is_inside_is_told_to_come_anew() {
    let house = House::open(Plan::default());
    let mut inside = connect(&house, &request()).await;
    assert!(!answer(&mut inside).await.contains("connection: close"));
    house.gate.shut().await;
    let mut outside = connect(&house, &request()).await;
    inside.write_all(request().as_bytes()).await.unwrap();
    let last = rest(&mut inside).await;
    assert!(last.starts_with("HTTP/1.1 200 ") && last.contains("connection: close\r\n"), "{last}");
    assert_eq!(house.count("door_open_connections"), 0, "nobody was let in meanwhile");
    house.gate.open();
    assert!(!answer(&mut outside).await.contains("connection: close"));
}

#[tokio::test]
async fn who_waits_before_a_shut_gate_is_left_to_the_process_that_has_the_socket_too() {
    let (House { listening, gate, addr, .. }, socket) = House::open_beside(Plan::default());
    gate.shut().await;
    let mut waiting = TcpStream::connect(addr).await.unwrap();
    assert_eq!(listening.drain(in_seconds(30)).await, 0);
    socket.set_nonblocking(true).unwrap();
    let (mut theirs, peer) = TcpListener::from_std(socket).unwrap().accept().await.unwrap();
    assert_eq!(peer, waiting.local_addr().unwrap());
    theirs.write_all(b"hello").await.unwrap();
    drop(theirs);
    assert_eq!(rest(&mut waiting).await, "hello");
}
