//! SIGTERM and SIGINT: what was accepted is answered, nobody's silence keeps the process, and it is gone within ten
//! seconds, which the harness sees to.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vitarad::sandbox::oscar::Fault;
use vitarad::sandbox::oscar::demo::MARIE;
use vitarad_actors::handoff::PROTO;

use crate::daemon::Daemon;
use crate::engine::around;
use crate::handoffs::{hello, told};
use crate::patience::until;
use crate::premises::{API_KEY, Premises};
use crate::town::{MAPLE_LINE, Town};

const EX_AT_ONCE: i32 = 130;

/// Sends a signal while a booking is at an EMR that does what the fault says; returns the caller's answer.
async fn told_to_stop_while_booking(premises: &Premises, daemon: &Daemon, fault: Fault) -> serde_json::Value {
    let emr = premises.town.maple();
    let call = daemon.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone));
    call.verify(MARIE).await;
    let slot = call.earliest().await;
    emr.fail("addAppointment", fault, None);
    let stop = async {
        let sent = || emr.requests().contains_key("addAppointment");
        until("the write at the EMR", async || sent().then_some(())).await;
        daemon.process.signal("TERM");
    };
    let (answer, ()) = tokio::join!(call.ask("book", "create_appointment", json!({ "slotId": slot })), stop);
    answer
}

#[tokio::test]
async fn a_caller_whose_booking_is_under_way_hears_that_it_is_booked_before_the_process_ends() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    let slow = Fault::Latency { ms: 1_500 };
    let answer = told_to_stop_while_booking(&premises, &daemon, slow).await;
    assert_eq!(answer["code"], "BOOKED", "{answer}");
    let ended = daemon.process.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.err);
    assert_eq!(premises.town.maple().marked().len(), 1);
}

#[tokio::test]
async fn a_caller_whose_emr_hangs_hears_that_it_is_not_confirmed_before_the_process_ends() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    let answer = told_to_stop_while_booking(&premises, &daemon, Fault::Hang).await;
    assert_eq!(answer["code"], "PENDING", "{answer}");
    assert_eq!(daemon.process.ended().await.status.code(), Some(0));

    let next = Daemon::serve(&premises, &[]).await;
    assert_eq!(next.health_of("maple").await["unsettled"], 1, "the journal knows what the process did not");
}

#[tokio::test]
async fn a_successor_that_comes_while_the_process_drains_is_refused_in_words() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    let slow = Fault::Latency { ms: 2_500 };
    let knocks = async {
        until("the drain", async || daemon.process.out().contains("\"draining\"").then_some(())).await;
        told(&premises, &hello(PROTO, 9, 1)).await
    };
    let (answer, told) = tokio::join!(told_to_stop_while_booking(&premises, &daemon, slow), knocks);
    assert_eq!(told.trim(), r#"{"say":"refused","reason":"draining"}"#);
    assert_eq!(answer["code"], "BOOKED", "{answer}");
}

#[tokio::test]
async fn neither_silence_nor_half_a_request_keeps_the_process() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    let connect = async |text: &str| {
        let mut stream = TcpStream::connect(daemon.addr).await.expect("the door is open");
        stream.write_all(text.as_bytes()).await.expect("it listens");
        stream
    };
    let mut idle = connect("GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut answer = [0; 12];
    idle.read_exact(&mut answer).await.expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 200");
    let silent = connect("").await;
    let half_a_head = connect("POST /api/vapi HTTP/1.1\r\nhost: x\r\ncontent-le").await;
    let half_a_body = format!(
        "POST /api/vapi HTTP/1.1\r\nhost: x\r\nx-api-key: {API_KEY}\r\ncontent-length: 900\r\n\r\n{{\"message\":"
    );
    let half_a_body = connect(&half_a_body).await;

    daemon.process.signal("INT");
    let ended = daemon.process.ended().await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.out);
    drop((idle, silent, half_a_head, half_a_body));
}

#[tokio::test]
async fn a_second_signal_ends_the_process_at_once() {
    let premises = around(Town::open().await).await;
    let daemon = Daemon::serve(&premises, &[]).await;
    let call = daemon.platform.call("call-1", MAPLE_LINE, Some(MARIE.phone));
    let emr = premises.town.maple();
    emr.fail("*", Fault::Hang, None);
    let asked = json!({});
    let ask = call.try_ask("search", "search_patient_by_phone", &asked);
    let stop = async {
        until("a question at the EMR", async || (emr.present() > 0).then_some(())).await;
        daemon.process.signal("TERM");
        until("the drain", async || daemon.process.out().contains("draining").then_some(())).await;
        daemon.process.signal("TERM");
    };
    let (answer, ()) = tokio::join!(ask, stop);
    assert_eq!(answer, None, "nobody is left to answer");
    assert_eq!(daemon.process.ended().await.status.code(), Some(EX_AT_ONCE));
}
