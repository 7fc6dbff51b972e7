//! The second version of HTTP: a peer is told to go by GOAWAY, and whatever it had sent by then is answered.

use std::time::Duration;

use axum::http::{Request, StatusCode};
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest, handshake};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use vitarad::front::listener::ListenerSettings;

use super::connections::{in_seconds, until_refused, with};
use super::house::{House, Mood, PLATFORM_KEY, Plan, tool_call, tool_calls, until};

struct Peer {
    requests: SendRequest<Bytes>,
    /// Over when the connection is, with how it ended.
    connection: JoinHandle<Result<(), h2::Error>>,
}

impl Peer {
    async fn of(house: &House) -> Self {
        let stream = TcpStream::connect(house.addr).await.unwrap();
        let (requests, connection) = handshake(stream).await.unwrap();
        Self { requests: requests.ready().await.unwrap(), connection: tokio::spawn(connection) }
    }

    fn ask(&mut self, house: &House) -> ResponseFuture {
        let url = format!("http://{}/api/vapi", house.addr);
        let request = Request::post(url).header("x-api-key", PLATFORM_KEY).body(()).unwrap();
        let (answer, mut body) = self.requests.send_request(request, false).unwrap();
        let question = tool_calls(&json!([tool_call("a", "get_providers")])).to_string();
        body.send_data(question.into(), true).unwrap();
        answer
    }

    /// The connection ended, and no answer was owed.
    async fn was_let_go(self) {
        let ended = timeout(Duration::from_secs(20), self.connection).await;
        ended.expect("it is let go").unwrap().unwrap();
        assert!(self.requests.ready().await.is_err());
    }
}

async fn status(answer: ResponseFuture) -> StatusCode {
    answer.await.unwrap().status()
}

#[tokio::test]
async fn peers_are_let_go_when_the_gate_shuts_and_what_they_have_asked_is_answered() {
    let house = House::open(Plan::default());
    let (mut idle, mut busy) = (Peer::of(&house).await, Peer::of(&house).await);
    assert_eq!(status(idle.ask(&house)).await, 200);
    house.script.rang.notified().await;
    house.set_mood(Mood::Waits);
    let answer = busy.ask(&house);
    house.script.rang.notified().await;

    house.gate.shut().await;
    idle.was_let_go().await;
    assert!(!busy.connection.is_finished(), "it is owed an answer");
    house.script.released.add_permits(1);
    assert_eq!(status(answer).await, 200);
    busy.was_let_go().await;
}

#[tokio::test]
async fn a_peer_that_is_silent_until_the_gate_is_shut_is_answered_once_and_let_go() {
    let house = House::open(Plan::default());
    let mut peer = Peer::of(&house).await;
    until(|| house.count("door_open_connections") == 1).await;
    house.gate.shut().await;
    assert_eq!(status(peer.ask(&house)).await, 200);
    peer.was_let_go().await;
}

#[tokio::test]
async fn a_drain_lets_idle_peers_go_long_before_its_linger_is_over() {
    let long = ListenerSettings { linger: Duration::from_mins(10), ..ListenerSettings::default() };
    let house = with(long);
    let mut idle = Peer::of(&house).await;
    assert_eq!(status(idle.ask(&house)).await, 200);
    let drained = tokio::spawn(house.listening.drain(in_seconds(3000)));
    idle.was_let_go().await;
    assert_eq!(drained.await.unwrap(), 0);
}

#[tokio::test]
async fn an_ordinary_client_loses_nothing_to_a_drain() {
    let house = with(ListenerSettings { linger: Duration::from_millis(20), ..ListenerSettings::default() });
    house.set_mood(Mood::Waits);
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let post = client.post(format!("http://{}/api/vapi", house.addr)).header("x-api-key", PLATFORM_KEY);
    let body = tool_calls(&json!([tool_call("a", "get_providers")])).to_string();
    let sent = tokio::spawn(post.body(body).send());
    house.script.rang.notified().await;
    let (script, addr) = (house.script.clone(), house.addr);
    let drained = tokio::spawn(house.listening.drain(in_seconds(60)));
    until_refused(addr).await;
    script.released.add_permits(1);
    let reply = sent.await.unwrap().unwrap();
    assert_eq!((reply.status().as_u16(), reply.version()), (200, reqwest::Version::HTTP_2));
    assert_eq!(drained.await.unwrap(), 0);
}
