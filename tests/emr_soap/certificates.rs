//! Whom the adapter trusts: authorities, a bundle, or a fingerprint and the proof that goes with it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};
use sha2::{Digest, Sha256};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use vitarad::access::{EmrAccess, Fingerprint, TlsMode};
use vitarad_actors::ports::{Emr, EmrFailure};

use crate::desk::{Desk, access, connect};
use crate::server::CONTEXT;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS12, &rustls::version::TLS13];

/// Shows one certificate, whether or not the key is the certificate's.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// What small clinics have: `openssl req -x509` makes a certificate that is its own authority.
fn self_signed(key: &KeyPair) -> CertificateDer<'static> {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.self_signed(key).unwrap().der().clone()
}

fn pin(certificate: &CertificateDer<'_>) -> Fingerprint {
    Fingerprint(Sha256::digest(certificate).into())
}

/// Puts TLS before a pretend server and tells its new address.
async fn secured(
    desk: &Desk,
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    version: &'static SupportedProtocolVersion,
) -> String {
    let key = aws_lc_rs::sign::any_supported_type(&PrivateKeyDer::try_from(key.serialize_der()).unwrap());
    let shown = Shown(Arc::new(CertifiedKey::new(vec![certificate], key.unwrap())));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}{CONTEXT}", listener.local_addr().unwrap());
    let behind = desk.server.running.emr_addr;
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
    url
}

async fn asked(url: &str, tls: TlsMode) -> Result<(), EmrFailure> {
    connect(EmrAccess { tls, ..access(url) }).providers().await.map(drop)
}

#[tokio::test]
async fn a_self_signed_certificate_is_trusted_for_its_fingerprint_only() {
    let desk = Desk::seeded().await;
    let key = KeyPair::generate().unwrap();
    let certificate = self_signed(&key);
    let (right, wrong) = (pin(&certificate), Fingerprint([7; 32]));
    for version in VERSIONS {
        let url = secured(&desk, certificate.clone(), &key, version).await;
        let asked_with =
            async |sha256: &[Fingerprint]| asked(&url, TlsMode::Pin { sha256: sha256.to_vec() }).await;
        assert_eq!(asked_with(&[right]).await, Ok(()));
        assert_eq!(asked_with(&[wrong, right]).await, Ok(()), "while a certificate is being replaced");
        assert_eq!(asked_with(&[wrong]).await, Err(EmrFailure::Certificate));
        assert_eq!(asked_with(&[]).await, Err(EmrFailure::Certificate));
        assert_eq!(asked(&url, TlsMode::System).await, Err(EmrFailure::Certificate));
    }
}

#[tokio::test]
async fn a_pinned_certificate_without_its_key_is_refused() {
    let desk = Desk::seeded().await;
    let certificate = self_signed(&KeyPair::generate().unwrap());
    let pins = TlsMode::Pin { sha256: vec![pin(&certificate)] };
    for version in VERSIONS {
        let url = secured(&desk, certificate.clone(), &KeyPair::generate().unwrap(), version).await;
        assert_eq!(asked(&url, pins.clone()).await, Err(EmrFailure::Certificate));
    }
    assert_eq!(desk.server.requests("login2"), 0);
}

#[tokio::test]
async fn a_bundle_vouches_for_what_its_authorities_signed_and_nothing_else() {
    let desk = Desk::seeded().await;
    let authority = |name: &str| {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let (ours, other) = (authority("ours"), authority("other"));
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = leaf.signed_by(&key, &ours).unwrap().der().clone();
    for version in VERSIONS {
        let url = secured(&desk, certificate.clone(), &key, version).await;
        let with = async |pem: String| asked(&url, TlsMode::CaBundle { pem }).await;
        assert_eq!(with(ours.pem()).await, Ok(()));
        assert_eq!(with(format!("{}{}", other.pem(), ours.pem())).await, Ok(()));
        assert_eq!(with(other.pem()).await, Err(EmrFailure::Certificate));
        assert_eq!(with(String::new()).await, Err(EmrFailure::Certificate));
    }
}

#[tokio::test]
async fn a_refused_certificate_leaves_a_write_undone() {
    let desk = Desk::seeded().await;
    let key = KeyPair::generate().unwrap();
    let url = secured(&desk, self_signed(&key), &key, &rustls::version::TLS13).await;
    let emr = connect(access(&url));
    let failure = emr.add_appointment(&crate::server::booking()).await.unwrap_err();
    assert!(failure == EmrFailure::Certificate && failure.nothing_done());
}
