//! What the balancers let through, to whom, and what they keep to themselves.

use serde_json::json;
use vitarad::sandbox::oscar::demo::MARIE;

use crate::balancer::Balancer;
use crate::nodes::{NODES, Nodes};
use crate::town::{MAPLE_LINE, Town};
use crate::voice::{PhoneCall, Platform};
use crate::wire::{ANOTHER, OPERATOR, STRANGER, get, head, status};

/// Of the largest body that is let in.
pub(crate) const LARGEST: usize = 4 * 1024 * 1024;
/// A word of a patient's.
pub(crate) const SPOKEN: &str = "spelunkeritis";

fn platform(balancer: &Balancer) -> Platform {
    Platform::of(balancer.addr)
}

fn call(platform: &Platform, id: &str) -> PhoneCall {
    platform.call(id, MAPLE_LINE, Some(MARIE.phone))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_goes_on_at_whichever_node_and_stays_with_one_where_its_id_is_told() {
    let Some(nodes) = Nodes::open(Town::open().await, &[]).await else { return };
    for balancer in nodes.balancers().await {
        let kind = balancer.kind;
        let wandering = call(&platform(&balancer), &format!("wandering-{kind:?}"));
        wandering.verify(MARIE).await;
        let slot = wandering.earliest().await;
        let booked = wandering.ask("book", "create_appointment", json!({ "slotId": slot })).await;
        assert_eq!(booked["code"], "BOOKED", "{kind:?}: {booked}");
        for turn in 0..6 {
            wandering.ask(&format!("t{turn}"), "check_appointments", json!({})).await;
        }
        let met = nodes.answered(&format!("wandering-{kind:?}"), 9).await;
        let of_them = met.iter().filter(|times| **times > 0).count();
        assert!(of_them > 1, "{kind:?}: without the header it does not stay: {met:?}");

        let mut homes = [0; NODES];
        for number in 0..12 {
            let id = format!("settled-{kind:?}-{number}");
            let settled = call(&platform(&balancer).with("x-call-id", &id), &id);
            for turn in 0..3 {
                settled.ask(&format!("t{turn}"), "get_clinic_info", json!({})).await;
            }
            let met = nodes.answered(&id, 3).await;
            let home = met.iter().position(|times| *times == 3);
            homes[home.unwrap_or_else(|| panic!("{kind:?}: it wanders: {met:?}"))] += 1;
        }
        assert!(homes.iter().filter(|calls| **calls > 0).count() > 1, "{kind:?}: all at one node: {homes:?}");
    }
    assert_eq!(nodes.premises.town.maple().our_overlaps().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_source_that_is_throttled_is_the_senders_own_whatever_the_sender_claims() {
    let settings = [("HTTP__UNAUTHENTICATED_PER_MINUTE", "1"), ("HTTP__UNAUTHENTICATED_BURST", "2")];
    let Some(nodes) = Nodes::open(Town::open().await, &settings).await else { return };
    for balancer in nodes.balancers().await {
        // The bucket is a node's own: to one node with all of them, another one with each program.
        let id = format!("x-call-id: {:?}\r\n", balancer.kind);
        let knock = async |from, claimed: &str| {
            let head = head("/api/vapi", &format!("{id}x-forwarded-for: {claimed}\r\ncontent-length: 2\r\n"));
            status(from, balancer.addr, &format!("{head}\r\n{{}}")).await
        };
        let mut heard = Vec::new();
        for claimed in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
            heard.push(knock(STRANGER, claimed).await);
        }
        assert_eq!(heard.last(), Some(&429), "{:?}: {heard:?}", balancer.kind);
        heard.push(knock(OPERATOR, "127.0.0.5").await);
        assert_eq!(heard.last(), Some(&401), "{:?}: nobody pays for another: {heard:?}", balancer.kind);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_for_operators_is_shown_to_their_addresses_alone() {
    let Some(nodes) = Nodes::open(Town::open().await, &[]).await else { return };
    for balancer in nodes.balancers().await {
        let kind = balancer.kind;
        for page in ["/health", "/metrics", "/readyz"] {
            assert_eq!(status(OPERATOR, balancer.addr, &get(page)).await, 200, "{kind:?} {page}");
            for spelling in
                [page.to_owned(), format!("/{page}"), format!("/api/..{page}"), format!("{page}?a")]
            {
                let heard = status(ANOTHER, balancer.addr, &get(&spelling)).await;
                assert_eq!(heard, 403, "{kind:?} {spelling}");
            }
            // A path that begins like a webhook's is a node's to judge, and it knows none of these.
            let disguised = format!("/clinics/..{page}");
            assert_ne!(status(ANOTHER, balancer.addr, &get(&disguised)).await, 200, "{kind:?} {disguised}");
        }
        assert_eq!(
            status(ANOTHER, balancer.addr, &get("/api/vapi")).await,
            405,
            "{kind:?}: a node's own word"
        );
    }
}

/// A conversation of exactly so many bytes.
pub(crate) fn conversation(call: &PhoneCall, size: usize) -> String {
    let with = |said: &str| {
        let said = json!([{ "role": "user", "message": said }]);
        call.message(&json!({ "type": "conversation-update", "messages": said })).to_string()
    };
    let filler = size - with(SPOKEN).len();
    with(&format!("{SPOKEN}{}", "x".repeat(filler)))
}

/// Without saying how long it is.
fn chunked(body: &str) -> reqwest::Body {
    let chunks: Vec<_> =
        body.as_bytes().chunks(10_000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
    reqwest::Body::wrap_stream(futures::stream::iter(chunks))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_body_passes_a_larger_one_does_not_and_nothing_of_any_is_left_behind() {
    let Some(mut nodes) = Nodes::open(Town::open().await, &[]).await else { return };
    let balancers = nodes.balancers().await;
    for balancer in &balancers {
        let (kind, platform) = (balancer.kind, platform(balancer));
        let call = call(&platform, &format!("told-{kind:?}"));
        let largest = conversation(&call, LARGEST);
        let whole = platform.post("/api/vapi", largest.clone()).await;
        assert_eq!(whole.map(|reply| reply.status), Some(200), "{kind:?}");
        let in_pieces = platform.post(&format!("/vapi-webhook?said={SPOKEN}"), chunked(&largest)).await;
        assert_eq!(in_pieces.map(|reply| reply.status), Some(200), "{kind:?}");
        let announced = head("/api/vapi", &format!("content-length: {}\r\n\r\n", LARGEST + 1));
        assert_eq!(status(ANOTHER, balancer.addr, &announced).await, 413, "{kind:?}");
        let too_large = platform.post("/api/vapi", chunked(&conversation(&call, LARGEST + 1))).await;
        assert_ne!(too_large.map(|reply| reply.status), Some(200), "{kind:?}");
        let waiting = json!({ "firstName": "Robin", "lastName": "Example", "notes": SPOKEN });
        assert_eq!(call.ask("t1", "add_to_waitlist", waiting).await["code"], "WAITLISTED", "{kind:?}");
    }
    for node in 0..NODES {
        nodes.kill(node).await;
    }
    for balancer in &balancers {
        let (kind, platform) = (balancer.kind, platform(balancer));
        let unheard = platform.post("/api/vapi", conversation(&call(&platform, "told"), 1_000)).await;
        assert!(unheard.is_some_and(|reply| reply.status >= 500), "{kind:?}: nobody is there");
        let approval = get(&format!("/emr/oauth/callback/{SPOKEN}?oauth_verifier={SPOKEN}"));
        assert!(status(ANOTHER, balancer.addr, &approval).await >= 500, "{kind:?}: nobody is there");
        let written = balancer.written();
        assert!(written.contains("POST /api/vapi"), "{kind:?}: a log is kept: {written}");
        assert!(!written.contains(SPOKEN), "{kind:?}: {written}");
        assert!(!written.contains("temporary file"), "{kind:?}: a body went to disk: {written}");
    }
}
