//! A small accept loop of our own, because it must be able to do what a web framework never does: close a
//! connection without an answer.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

use super::gate::Caller;
use super::server::Errands;

/// Stands in for a response where the connection is to be cut.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the connection is cut on purpose")]
pub(super) struct Severed;

impl IntoResponse for Severed {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

/// Accepts until the house closes; connections still open then are cut.
pub(super) fn serve(listener: TcpListener, router: Router, errands: &Errands) {
    let (closing, connections) = (errands.closing.clone(), errands.running.clone());
    errands.running.spawn(async move {
        while let Some(accepted) = closing.run_until_cancelled(listener.accept()).await {
            // A client that gave up in the queue is no reason to stop accepting.
            if let Ok((stream, _)) = accepted {
                connections
                    .spawn(closing.clone().run_until_cancelled_owned(converse(stream, router.clone())));
            }
        }
    });
}

async fn converse(stream: TcpStream, router: Router) {
    // Without it small replies wait for the client's delayed acknowledgement; a failure costs only that.
    let _ = stream.set_nodelay(true);
    let Ok(peer) = stream.peer_addr() else { return };
    let caller = Caller(peer.ip().to_canonical());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(caller);
        answer(router.clone(), request)
    });
    // How a conversation ends is the client's or the fault plan's business.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// hyper closes a connection whose service fails, and writes nothing.
async fn answer(router: Router, request: Request<Incoming>) -> Result<Response, Severed> {
    let Ok(response): Result<_, Infallible> = router.oneshot(request.map(Body::new)).await;
    match response.extensions().get::<Severed>() {
        Some(severed) => Err(*severed),
        None => Ok(response),
    }
}
