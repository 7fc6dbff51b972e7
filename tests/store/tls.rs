//! Whom the store takes for its server.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use secrecy::ExposeSecret;
use sqlx::ConnectOptions;
use vitarad::store::{Engine, OpenError, SqlStore, Tuning};

use crate::fixture::keyring;
use crate::postgres::cluster::{Cluster, give_to_owner};
use crate::postgres::{database_on, own_cluster};

/// A server that shows a certificate for the name `localhost`, and two authorities, of which the first has signed it.
struct Secured {
    cluster: Cluster,
    engine: Engine,
    theirs: PathBuf,
    anothers: PathBuf,
    _directory: tempfile::TempDir,
}

fn authority(directory: &Path, name: &str) -> (PathBuf, CertifiedIssuer<'static, KeyPair>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let file = directory.join(format!("{name}.pem"));
    std::fs::write(&file, issuer.pem()).unwrap();
    (file, issuer)
}

impl Secured {
    async fn start() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let (theirs, issuer) = authority(directory.path(), "theirs");
        let (anothers, _) = authority(directory.path(), "anothers");
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer);
        let cluster = own_cluster(|| {
            let home = Cluster::home()?;
            let shown = home.join("shown");
            std::fs::create_dir(&shown).map_err(|error| error.to_string())?;
            std::fs::write(shown.join("cert.pem"), certificate.unwrap().pem()).unwrap();
            std::fs::write(shown.join("key.pem"), key.serialize_pem()).unwrap();
            private(&shown.join("key.pem"));
            give_to_owner(&shown)?;
            let file = |name: &str, file: &str| format!("{name}={}", shown.join(file).display());
            let settings = ["ssl=on", &file("ssl_cert_file", "cert.pem"), &file("ssl_key_file", "key.pem")];
            Cluster::start_in(home, &settings)
        })?;
        let engine = database_on(&cluster.admin, "secured").await;
        Some(Self { cluster, engine, theirs, anothers, _directory: directory })
    }

    /// What comes of opening the store at that name of the machine.
    async fn open(&self, host: &str, how: &str) -> Result<(), OpenError> {
        let Engine::Postgres { url } = &self.engine else { panic!("not PostgreSQL") };
        let url = format!("{}?{how}", url.expose_secret().replacen("127.0.0.1", host, 1));
        let store =
            SqlStore::open(&Engine::Postgres { url: url.into() }, keyring(), Tuning::default()).await?;
        let mut admin = self.cluster.admin.connect().await.unwrap();
        let clear = "SELECT COUNT(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                     WHERE application_name = 'vitarad' AND NOT ssl";
        assert_eq!(sqlx::query_scalar::<_, i64>(clear).fetch_one(&mut admin).await.unwrap(), 0, "in clear");
        store.close().await;
        Ok(())
    }
}

fn private(file: &Path) {
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_taken_for_itself_only_with_a_certificate_of_our_authority_for_its_name() {
    let Some(server) = Secured::start().await else { return };
    let checked = |authority: &Path| format!("sslmode=verify-full&sslrootcert={}", authority.display());
    server.open("localhost", &checked(&server.theirs)).await.unwrap();
    for (host, how) in [
        ("localhost", checked(&server.anothers)),
        ("127.0.0.1", checked(&server.theirs)),
        ("localhost", "sslmode=verify-full".to_owned()),
        ("localhost", checked(Path::new("/nonexistent.pem"))),
    ] {
        let refusal = server.open(host, &how).await.unwrap_err();
        assert!(matches!(refusal, OpenError::Certificate), "{host} {how}: {refusal}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_certificate_is_not_spoken_to_in_clear() {
    let Some(house) = crate::fixture::SqlHouse::postgres().await else { return };
    let Engine::Postgres { url } = &house.engine else { panic!("not PostgreSQL") };
    let url = format!("{}?sslmode=verify-full", url.expose_secret());
    let refusal = SqlStore::open(&Engine::Postgres { url: url.into() }, keyring(), Tuning::default()).await;
    assert!(matches!(refusal.err(), Some(OpenError::Certificate)));
}
