//! One connection: HTTP/1.1 or HTTP/2, from its first byte to its close.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::SetOnce;
use tokio::time::sleep;
use tower::ServiceExt;

use super::{ListenerSettings, Phases};
use crate::front::meters::{ConnectionOutcome, DoorMeters};

/// On how many requests one HTTP/2 connection may have us work at once. Few, because what bounds the memory that
/// unauthenticated bodies take is the number of connections.
const STREAMS: u32 = 16;
/// How often an HTTP/2 peer is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);

/// What all connections share.
pub(super) struct Connections {
    router: Router,
    http: auto::Builder<TokioExecutor>,
    head_time: Duration,
    phases: Phases,
    meters: DoorMeters,
}

impl Connections {
    pub(super) fn new(
        router: Router,
        settings: ListenerSettings,
        phases: Phases,
        meters: DoorMeters,
    ) -> Self {
        let mut http = auto::Builder::new(TokioExecutor::new());
        // hyper runs this timer from the end of one request, so it is the idle time too.
        http.http1().timer(TokioTimer::new()).header_read_timeout(settings.idle_time);
        http.http2().timer(TokioTimer::new()).keep_alive_interval(PING).max_concurrent_streams(STREAMS);
        Self { router, http, head_time: settings.head_time, phases, meters }
    }

    pub(super) fn serve(&self, stream: TcpStream, peer: SocketAddr) -> impl Future<Output = ()> + use<> {
        let (router, phases, meters) = (self.router.clone(), self.phases.clone(), self.meters.clone());
        let (http, head_time) = (self.http.clone(), self.head_time);
        async move {
            // Without it the last part of a response waits for the peer's acknowledgement of the first.
            let _ = stream.set_nodelay(true);
            let _open = meters.connection_opened();
            let asked = Arc::new(SetOnce::new());
            let service = {
                let (asked, phases) = (Arc::clone(&asked), phases.clone());
                service_fn(move |request: Request<Incoming>| {
                    // Said with the first request; a connection does not change it.
                    let _ = asked.set(request.version());
                    respond(router.clone(), request, peer, phases.clone())
                })
            };
            let connection = http.serve_connection(TokioIo::new(stream), service);
            let mut connection = pin!(connection);
            let mut head_time = pin!(sleep(head_time));
            let mut let_go = pin!(async {
                match *asked.wait().await {
                    Version::HTTP_2 => phases.parting().await,
                    _ => std::future::pending().await,
                }
            });
            let (mut is_timed, mut is_welcome, mut is_kept) = (true, true, true);
            loop {
                tokio::select! {
                    // An error is the peer's: it went away, or did not speak HTTP.
                    _ = &mut connection => break,
                    () = phases.serving.cancelled() => break,
                    () = &mut head_time, if is_timed => {
                        is_timed = false;
                        if !asked.initialized() {
                            meters.connection(ConnectionOutcome::Silent);
                            break;
                        }
                    }
                    // GOAWAY loses nothing: what the peer sent before it has read it is answered.
                    () = &mut let_go, if is_welcome => {
                        is_welcome = false;
                        connection.as_mut().graceful_shutdown();
                    }
                    () = phases.keeping.cancelled(), if is_kept => {
                        is_kept = false;
                        if !asked.initialized() {
                            break;
                        }
                        connection.as_mut().graceful_shutdown();
                    }
                }
            }
        }
    }
}

async fn respond(
    router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
    phases: Phases,
) -> Result<Response<Body>, Infallible> {
    let is_http1 = request.version() <= Version::HTTP_11;
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(ConnectInfo(peer));
    request.extensions_mut().insert(phases.answering.clone());
    let mut response = router.oneshot(request).await?;
    if is_http1 && phases.is_parting() {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}
