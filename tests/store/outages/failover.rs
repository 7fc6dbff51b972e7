//! A standby takes over. The store knows one address, as the driver does; from one moment to the next it leads to another
//! server, as a proxy, a moving name or a moving address does it.

use std::sync::{Arc, Mutex};

use secrecy::ExposeSecret;
use sqlx::{ConnectOptions, PgConnection};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_blocking;
use vitarad::store::{Engine, OpenError, SqlStore, Tuning};

use super::bookings::Bookings;
use super::cut::{Cut, Wire};
use super::opened;
use crate::fixture::keyring;
use crate::patience::until;
use crate::postgres::cluster::Cluster;
use crate::postgres::{database_on, own_cluster};

/// Where connections go that are made to it.
struct Address {
    engine: Engine,
    port: Arc<Mutex<u16>>,
}

impl Address {
    async fn of(engine: &Engine) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (there, here) = (port_of(engine), listener.local_addr().unwrap().port());
        let port = Arc::new(Mutex::new(there));
        let leads_to = Arc::clone(&port);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let port = *leads_to.lock().unwrap();
                tokio::spawn(async move {
                    if let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await {
                        let _ = copy_bidirectional(&mut client, &mut server).await;
                    }
                });
            }
        });
        Self { engine: at_port(engine, here), port }
    }

    fn leads_to(&self, cluster: &Cluster) {
        *self.port.lock().unwrap() = cluster.admin.get_port();
    }
}

fn url_of(engine: &Engine) -> &str {
    let Engine::Postgres { url } = engine else { panic!("not PostgreSQL") };
    url.expose_secret()
}

fn port_of(engine: &Engine) -> u16 {
    url_of(engine).parse::<sqlx::postgres::PgConnectOptions>().unwrap().get_port()
}

fn at_port(engine: &Engine, port: u16) -> Engine {
    let other = url_of(engine).replacen(&format!(":{}/", port_of(engine)), &format!(":{port}/"), 1);
    Engine::Postgres { url: other.into() }
}

/// From here on whoever is told of a commit can rely on both.
async fn both_keep_what_is_acknowledged(admin: &mut PgConnection) {
    for sql in ["ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"] {
        sqlx::query(sql).execute(&mut *admin).await.unwrap();
    }
    let follows = "SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
    until("a standby that keeps up", async || {
        let following: i64 = sqlx::query_scalar(follows).fetch_one(&mut *admin).await.unwrap();
        (following == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_takes_over_has_what_was_acknowledged_and_is_written_to_once_it_has() {
    let Some(primary) = own_cluster(|| Cluster::start(&[])) else { return };
    let engine = database_on(&primary.admin, "relieved").await;
    let address = Address::of(&engine).await;
    let bookings = Bookings::new(opened(&address.engine).await);
    let primary = Arc::new(primary);
    let of = Arc::clone(&primary);
    let standby = spawn_blocking(move || Cluster::following(&of)).await.unwrap().expect("a standby");
    both_keep_what_is_acknowledged(&mut primary.admin.connect().await.unwrap()).await;
    for no in 1..=10 {
        bookings.make(no, || {}).await;
    }
    primary.crash().expect("it is gone");

    address.leads_to(&standby);
    let follower = at_port(&engine, standby.admin.get_port());
    let refused = SqlStore::open(&follower, keyring(), Tuning::default()).await.err();
    assert!(matches!(refused, Some(OpenError::Silent)), "nobody works on a standby: {refused:?}");
    let (going_on, before) = (bookings.clone(), bookings.refusals().len());
    let rest = tokio::spawn(async move {
        for no in 11..=20 {
            going_on.make(no, || {}).await;
        }
    });
    until("a refusal", async || (bookings.refusals().len() > before).then_some(())).await;
    standby.promote().expect("it takes over");
    rest.await.unwrap();
    bookings.assert_kept(20, &mut standby.admin.clone().database("relieved").connect().await.unwrap()).await;
}

/// The standby numbers transactions anew: only the batch's own mark says which of them it has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_commit_without_an_answer_a_standby_that_takes_over_knows_whether_it_was_kept() {
    for cut in [Cut::Answer, Cut::Swallow] {
        let Some(primary) = own_cluster(|| Cluster::start(&[])) else { return };
        let engine = database_on(&primary.admin, "relieved").await;
        let address = Address::of(&engine).await;
        let wire = Wire::before(&address.engine).await;
        let bookings = Bookings::new(opened(&wire.engine).await);
        let primary = Arc::new(primary);
        let of = Arc::clone(&primary);
        let standby = spawn_blocking(move || Cluster::following(&of)).await.unwrap().expect("a standby");
        both_keep_what_is_acknowledged(&mut primary.admin.connect().await.unwrap()).await;
        bookings.make(1, || {}).await;
        wire.arm_for_long(cut);
        let going_on = bookings.clone();
        let making = tokio::spawn(async move { going_on.make(2, || {}).await });
        until("a cut wire", async || (!wire.is_armed()).then_some(())).await;
        primary.crash().expect("it is gone");
        standby.promote().expect("it takes over");
        address.leads_to(&standby);
        wire.mend();
        making.await.unwrap();
        let mut there = standby.admin.clone().database("relieved").connect().await.unwrap();
        bookings.assert_kept(2, &mut there).await;
        assert!(
            cut == Cut::Swallow || bookings.refusals().is_empty(),
            "it was kept: {:?}",
            bookings.refusals()
        );
    }
}
