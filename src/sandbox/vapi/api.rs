//! The platform as far as it can be asked about calls, with its limits and moods: one by its id, those created in some time,
//! and orders to a live one, whose address alone is the leave to give them.

use std::collections::{BTreeMap, VecDeque};
use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What becomes of a request that was to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    TooManyRequests {
        retry_after: u64,
    },
    /// The firewall before it, which speaks HTML.
    ServerError,
    /// It never comes.
    Silence,
    /// Half of it.
    Garbage,
    /// It is said to be elsewhere.
    Redirect,
}

/// Serves until it is dropped.
pub struct Api {
    desk: Arc<Desk>,
    addr: SocketAddr,
    serving: JoinHandle<io::Result<()>>,
}

struct Desk {
    key: String,
    calls: Mutex<BTreeMap<String, Value>>,
    troubles: Mutex<VecDeque<Trouble>>,
    asked: Mutex<Vec<String>>,
    /// By the call, in the order in which they came.
    orders: Mutex<Vec<(String, Value)>>,
}

impl Api {
    /// Whoever shows `key` as a bearer token is answered.
    pub async fn start(key: &str) -> io::Result<Self> {
        let desk = Arc::new(Desk {
            key: key.to_owned(),
            calls: Mutex::default(),
            troubles: Mutex::default(),
            asked: Mutex::default(),
            orders: Mutex::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let router = Router::new()
            .route("/call", get(list))
            .route("/call/{id}", get(one))
            .layer(middleware::from_fn_with_state(Arc::clone(&desk), admit))
            .route("/{call}/control", post(control))
            .layer(middleware::from_fn_with_state(Arc::clone(&desk), meet_trouble))
            .with_state(Arc::clone(&desk));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { desk, addr, serving })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A call as the platform has it, in place of what it had under that `id`.
    pub fn file(&self, call: Value) {
        let id = call["id"].as_str().unwrap_or_default().to_owned();
        lock(&self.desk.calls).insert(id, call);
    }

    /// What the next request meets, after what was ordered before.
    pub fn trouble(&self, trouble: Trouble) {
        lock(&self.desk.troubles).push_back(trouble);
    }

    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What was ordered of live calls, and of which.
    pub fn orders(&self) -> Vec<(String, Value)> {
        lock(&self.desk.orders).clone()
    }

    /// The path and query of every request so far.
    pub fn asked(&self) -> Vec<String> {
        lock(&self.desk.asked).clone()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn admit(State(desk): State<Arc<Desk>>, headers: HeaderMap, request: Request, next: Next) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if bearer.and_then(|value| value.strip_prefix("Bearer ")) != Some(&desk.key) {
        return refusal(StatusCode::UNAUTHORIZED, "Invalid Key. Hot tip, you may be using the private key");
    }
    next.run(request).await
}

async fn meet_trouble(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    lock(&desk.asked).push(request.uri().to_string());
    let trouble = lock(&desk.troubles).pop_front();
    match trouble {
        None => next.run(request).await,
        Some(Trouble::TooManyRequests { retry_after }) => {
            let mut response =
                refusal(StatusCode::TOO_MANY_REQUESTS, "ThrottlerException: Too Many Requests");
            response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
            response
        }
        Some(Trouble::ServerError) => {
            (StatusCode::BAD_GATEWAY, "<!DOCTYPE html><title>502: Bad gateway</title>").into_response()
        }
        Some(Trouble::Silence) => pending().await,
        Some(Trouble::Garbage) => {
            ([(header::CONTENT_TYPE, "application/json")], "{\"id\":\"").into_response()
        }
        Some(Trouble::Redirect) => Redirect::temporary("/elsewhere/control").into_response(),
    }
}

async fn one(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response {
    let found = lock(&desk.calls).get(&id).cloned();
    found.map_or_else(|| refusal(StatusCode::NOT_FOUND, "Not Found"), |call| Json(call).into_response())
}

/// In no order that anybody promised: here by id.
async fn list(State(desk): State<Arc<Desk>>, Query(wanted): Query<BTreeMap<String, String>>) -> Response {
    let mut limit = 100;
    let mut bounds: Vec<(&str, Timestamp)> = Vec::new();
    for (name, value) in &wanted {
        match (name.as_str(), value.parse::<usize>(), value.parse::<Timestamp>()) {
            ("limit", Ok(most), _) if most <= 1_000 => limit = most,
            (bound @ ("createdAtGt" | "createdAtLt" | "createdAtGe" | "createdAtLe"), _, Ok(at)) => {
                bounds.push((bound, at));
            }
            _ => return refusal(StatusCode::BAD_REQUEST, "a property should not exist, or not so"),
        }
    }
    let is_wanted = |call: &&Value| {
        let created = call["createdAt"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        bounds.iter().all(|(bound, at)| match *bound {
            "createdAtGt" => created > Some(*at),
            "createdAtLt" => created < Some(*at),
            "createdAtGe" => created >= Some(*at),
            _ => created <= Some(*at),
        })
    };
    let page: Vec<Value> = lock(&desk.calls).values().filter(is_wanted).take(limit).cloned().collect();
    Json(page).into_response()
}

/// Only what the platform documents, and only while the call lasts.
async fn control(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Json(order): Json<Value>,
) -> Response {
    let is_live = lock(&desk.calls).get(&id).is_some_and(|call| call["status"] != "ended");
    let fields = match order["type"].as_str() {
        Some("say") => order["content"].is_string(),
        Some("transfer") => {
            order["destination"]["type"] == "number" && order["destination"]["number"].is_string()
        }
        Some("end-call") => true,
        _ => false,
    };
    if !is_live {
        return refusal(StatusCode::NOT_FOUND, "Not Found");
    }
    if !fields {
        return refusal(StatusCode::BAD_REQUEST, "a property should not exist, or not so");
    }
    lock(&desk.orders).push((id, order));
    Json(json!({ "success": true })).into_response()
}

fn refusal(status: StatusCode, message: &str) -> Response {
    let error = status.canonical_reason().unwrap_or_default();
    (status, Json(json!({ "message": message, "error": error, "statusCode": status.as_u16() })))
        .into_response()
}
