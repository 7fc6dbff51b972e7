//! Where TLS ends: the lines of the configurations that are to be put in force for it, put in force.

use std::net::{IpAddr, Ipv4Addr};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Certificate, ClientBuilder, Version};
use serde_json::{Value, json};

use crate::balancer::{Balancer, Kind, Tls};
use crate::nodes::Nodes;
use crate::routes::{LARGEST, SPOKEN, conversation};
use crate::town::{MAPLE_LINE, Town};
use crate::voice::Platform;
use crate::wire::{OPERATOR, head, status};

/// As nginx is told.
const NAME: &str = "voice.example.test";
/// On which TLS ends before the balancer is reached.
const MACHINE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));
const HASTY: [(&str, &str); 2] =
    [("HTTP__UNAUTHENTICATED_PER_MINUTE", "1"), ("HTTP__UNAUTHENTICATED_BURST", "2")];

/// A bucket is a node's own, and both programs may choose the same node: before each stand other people. One with an
/// address of their own, and the network of those who are only spoken of.
const fn people(kind: Kind) -> (IpAddr, &'static str) {
    match kind {
        Kind::Nginx => (IpAddr::V4(Ipv4Addr::new(127, 0, 1, 1)), "203.0.113"),
        Kind::HaProxy => (IpAddr::V4(Ipv4Addr::new(127, 0, 1, 2)), "198.51.100"),
    }
}

/// A throwaway authority, and what it has signed.
fn authority() -> (Certificate, Tls) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![NAME.to_owned()]).unwrap().signed_by(&key, &authority);
    let tls = Tls::Here { certificate: certificate.unwrap().pem(), key: key.serialize_pem() };
    (Certificate::from_pem(authority.pem().as_bytes()).unwrap(), tls)
}

/// Who believes this authority and no other.
fn who_knows(authority: &Certificate, balancer: &Balancer) -> ClientBuilder {
    reqwest::Client::builder().tls_certs_only([authority.clone()]).resolve(NAME, balancer.addr)
}

fn root(balancer: &Balancer) -> String {
    format!("https://{NAME}:{}", balancer.addr.port())
}

fn platform(authority: &Certificate, balancer: &Balancer) -> Platform {
    Platform::by(who_knows(authority, balancer), root(balancer))
}

async fn asked(platform: &Platform, call: &str, turn: &str) -> Value {
    let call = platform.with("x-call-id", call).call(call, MAPLE_LINE, None);
    call.ask(turn, "get_clinic_info", json!({})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_who_knows_the_authority_is_served_and_nobody_is_in_the_clear() {
    let Some(nodes) = Nodes::open(Town::open().await, &[]).await else { return };
    let ((authority, tls), (stranger, _)) = (authority(), authority());
    for balancer in nodes.balancers_with(&tls).await {
        let kind = balancer.kind;
        for (version, http) in [
            (Version::HTTP_2, who_knows(&authority, &balancer)),
            (Version::HTTP_11, who_knows(&authority, &balancer).http1_only()),
        ] {
            let door = http.no_proxy().build().unwrap().get(format!("{}/api/vapi", root(&balancer)));
            let heard = door.send().await.unwrap();
            assert_eq!((heard.status().as_u16(), heard.version()), (405, version), "{kind:?}: a node's word");
        }
        let unknown = platform(&stranger, &balancer).get("/api/vapi", "").await;
        assert_eq!(unknown, None, "{kind:?}: a certificate that nobody vouches for");
        let in_the_clear = Platform::of(balancer.addr).get("/api/vapi", "").await;
        assert!(in_the_clear.is_none_or(|reply| reply.status == 400), "{kind:?}: TLS is asked for");
        let platform = platform(&authority, &balancer);
        let told = platform.call("told", MAPLE_LINE, None);
        let largest = platform.post("/api/vapi", conversation(&told, LARGEST)).await;
        assert_eq!(largest.map(|reply| reply.status), Some(200), "{kind:?}");
        let written = balancer.written();
        assert!(!written.contains(SPOKEN) && !written.contains("temporary file"), "{kind:?}: {written}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_a_call_stays_with_one_node_until_that_dies_and_then_another_one_answers() {
    let Some(mut nodes) = Nodes::open(Town::open().await, &[]).await else { return };
    let (authority, tls) = authority();
    for balancer in nodes.balancers_with(&tls).await {
        let (kind, platform) = (balancer.kind, platform(&authority, &balancer));
        let call = format!("settled-{kind:?}");
        for turn in ["t0", "t1", "t2"] {
            assert_eq!(asked(&platform, &call, turn).await["code"], "OK", "{kind:?}");
        }
        let met = nodes.answered(&call, 3).await;
        let home = met.iter().position(|times| *times == 3).unwrap_or_else(|| panic!("{kind:?}: {met:?}"));
        nodes.kill(home).await;
        assert_eq!(asked(&platform, &call, "t3").await["code"], "OK", "{kind:?}");
        balancer.has_passed_one_on().await;
        nodes.start(home).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_the_source_that_is_throttled_is_the_senders_own_whatever_the_sender_claims() {
    let Some(nodes) = Nodes::open(Town::open().await, &HASTY).await else { return };
    let (authority, tls) = authority();
    for balancer in nodes.balancers_with(&tls).await {
        let (stranger, _) = people(balancer.kind);
        let call = format!("{:?}", balancer.kind);
        let knock = async |from: IpAddr, claimed: &str| {
            let http = who_knows(&authority, &balancer).local_address(from);
            let nobody = Platform::by(http, root(&balancer)).with("x-api-key", "unknown");
            let claiming = nobody.with("x-forwarded-for", claimed).with("x-forwarded-proto", "http");
            claiming.with("x-call-id", &call).post("/api/vapi", "{}").await.map(|reply| reply.status)
        };
        let mut heard = Vec::new();
        for claimed in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
            heard.push(knock(stranger, claimed).await);
        }
        assert_eq!(heard, [Some(401), Some(401), Some(429)], "{:?}", balancer.kind);
        assert_eq!(knock(OPERATOR, "127.0.0.5").await, Some(401), "{:?}: for another", balancer.kind);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_tls_ends_on_a_machine_before_that_machines_word_counts_for_the_source_and_nobody_elses() {
    let Some(nodes) = Nodes::open(Town::open().await, &HASTY).await else { return };
    for balancer in nodes.balancers_with(&Tls::Before(MACHINE)).await {
        let (stranger, others) = people(balancer.kind);
        let id = format!("x-call-id: {:?}\r\n", balancer.kind);
        let knock = async |from, claimed: &[u8]| {
            let claimed =
                claimed.iter().map(|last| format!("{others}.{last}")).collect::<Vec<_>>().join(", ");
            let head = head("/api/vapi", &format!("{id}x-forwarded-for: {claimed}\r\ncontent-length: 2\r\n"));
            status(from, balancer.addr, &format!("{head}\r\n{{}}")).await
        };
        let mut heard = Vec::new();
        for (from, claimed) in [
            (MACHINE, [1, 9].as_slice()),
            (MACHINE, &[2, 9]),
            (MACHINE, &[9]),
            (MACHINE, &[8]),
            (stranger, &[9]),
            (stranger, &[6]),
            (stranger, &[7]),
        ] {
            heard.push(knock(from, claimed).await);
        }
        assert_eq!(heard, [401, 401, 429, 401, 401, 401, 429], "{:?}", balancer.kind);
    }
}
