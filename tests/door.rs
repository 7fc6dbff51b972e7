//! The door, over real sockets: a scripted switchboard behind it, raw or ordinary HTTP clients before it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod door {
    mod authentication;
    mod bodies;
    mod captures;
    mod clinics;
    mod connections;
    mod deadlines;
    mod house;
    mod http2;
    mod limits;
    mod logs;
    mod messages;
    mod proof;
    mod requests;
    mod throughput;
    mod tool_calls;
    mod whatever_comes;
}
