//! Orders to a live call, over TLS to a name of the platform's own.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::{Certificate, Client};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use vitarad::sandbox::vapi::{Api, Trouble};
use vitarad::voice::LiveControl;
use vitarad_actors::domain::clinic::Line;
use vitarad_actors::domain::ids::CallId;
use vitarad_actors::domain::phi::Phi;
use vitarad_actors::domain::phone::PhoneNumber;
use vitarad_actors::ports::VoiceControl;
use vitarad_actors::ports::voice::{ControlUrl, LiveOrder, Obeyed};

const HOST: &str = "phone.vapi.ai";
const CALL: &str = "0192a1b2-c3d4";

struct Scene {
    api: Api,
    control: LiveControl,
}

impl Scene {
    /// A call is live.
    async fn open() -> Self {
        let api = Api::start("nobody needs it").await.expect("a free port");
        api.file(json!({ "id": CALL, "status": "in-progress" }));
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let leaf =
            CertificateParams::new(vec![HOST.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private)
            .unwrap();
        let addr = secured(config, api.addr()).await;
        let trusted = Certificate::from_der(authority.der()).unwrap();
        let connections = Client::builder().tls_certs_only([trusted]).resolve(HOST, addr);
        Self { api, control: LiveControl::over(connections) }
    }

    async fn order(&self, order: LiveOrder) -> Obeyed {
        let call = CallId::parse(CALL).unwrap();
        let url = ControlUrl::parse(&format!("https://{HOST}/{CALL}/control"), &call).expect("a way in");
        self.control.order(&url, &order).await
    }
}

/// Puts TLS before the platform.
async fn secured(config: ServerConfig, behind: SocketAddr) -> SocketAddr {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(stream).await else { return };
                let mut server = TcpStream::connect(behind).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    addr
}

fn say() -> LiveOrder {
    LiveOrder::Say(Phi::new("You're booked.".to_owned()))
}

fn transfer() -> LiveOrder {
    let to = Line(PhoneNumber::parse("604-555-0102").unwrap());
    LiveOrder::Transfer { to, say: Phi::new("One moment.".to_owned()) }
}

#[tokio::test]
async fn a_live_call_is_spoken_to_put_through_and_ended_in_the_platforms_words() {
    let scene = Scene::open().await;
    for order in [say(), transfer(), LiveOrder::End] {
        assert_eq!(scene.order(order).await, Obeyed::Yes);
    }
    let orders: Vec<_> = scene.api.orders().into_iter().map(|(call, order)| (call == CALL, order)).collect();
    assert_eq!(
        orders,
        [
            (true, json!({ "type": "say", "content": "You're booked.", "endCallAfterSpoken": false })),
            (
                true,
                json!({
                    "type": "transfer", "content": "One moment.",
                    "destination": { "type": "number", "number": "+16045550102" },
                })
            ),
            (true, json!({ "type": "end-call" })),
        ]
    );
}

#[tokio::test]
async fn an_order_to_a_call_that_is_over_is_refused_and_one_without_an_answer_is_given_once() {
    let scene = Scene::open().await;
    for trouble in [Trouble::ServerError, Trouble::Silence] {
        scene.api.trouble(trouble);
        let asked = scene.api.asked().len();
        assert_eq!(scene.order(say()).await, Obeyed::Unknown, "{trouble:?}");
        assert_eq!(scene.api.asked().len(), asked + 1, "{trouble:?}");
    }
    scene.api.file(json!({ "id": CALL, "status": "ended" }));
    assert_eq!(scene.order(say()).await, Obeyed::Refused);
    assert!(scene.api.orders().is_empty());
}

#[tokio::test]
async fn no_order_follows_a_redirect() {
    let scene = Scene::open().await;
    scene.api.file(json!({ "id": "elsewhere", "status": "in-progress" }));
    scene.api.trouble(Trouble::Redirect);
    assert_eq!(scene.order(say()).await, Obeyed::Unknown);
    assert!(scene.api.orders().is_empty());
    assert_eq!(scene.api.asked().len(), 1);
}

#[tokio::test]
async fn a_server_without_the_platforms_certificate_is_told_nothing() {
    let mut scene = Scene::open().await;
    let addr = scene.api.addr();
    scene.control = LiveControl::over(Client::builder().resolve(HOST, addr));
    assert_eq!(scene.order(say()).await, Obeyed::Refused);
    assert!(scene.api.asked().is_empty());
}
