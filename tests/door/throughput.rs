//! How many signed tool calls one core answers, over real sockets. Run by hand and optimised:
//! `cargo test --release --test door throughput -- --ignored --nocapture`

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::Notify;
use vitarad::access::HmacPlan;
use vitarad::front::{ClinicLimits, DoorSettings};
use vitarad_actors::domain::bucket::Rate;

use super::house::{House, NOW, Plan, signed, tool_call, tool_calls};

const CONNECTIONS: usize = 32;
const SECONDS: u64 = 5;

fn request() -> String {
    let body =
        tool_calls(&json!([tool_call("call_8XlKzPjJs8HfxJDqyVmNrjx1", "get_clinic_info")])).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"signing-key").unwrap();
    mac.update(format!("{NOW}.{body}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let head =
        format!("POST /api/vapi HTTP/1.1\r\nhost: x\r\nx-signature: {signature}\r\nx-timestamp: {NOW}\r\n");
    format!("{head}content-length: {}\r\n\r\n{body}", body.len())
}

async fn ask_and_ask(addr: std::net::SocketAddr, count: Arc<AtomicU64>) {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (request, mut answer) = (request(), Vec::new());
    loop {
        stream.write_all(request.as_bytes()).await.unwrap();
        answer.clear();
        while !answer.ends_with(b"]}") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "));
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
#[ignore = "a measurement"]
fn one_core_answers_so_many_tool_calls_in_a_second() {
    let door = Builder::new_current_thread().enable_all().build().unwrap();
    let house = {
        let _inside = door.enter();
        let much = Rate { per_minute: u32::MAX, burst: u32::MAX };
        let clinic_limits = ClinicLimits { tool_calls: much, messages: much, tool_calls_at_once: 4096 };
        House::open(Plan {
            platform: vec![signed(HmacPlan::default(), &["signing-key"])],
            door: DoorSettings { clinic_limits, ..DoorSettings::default() },
            ..Plan::default()
        })
    };
    let addr = house.addr;
    let stop = Arc::new(Notify::new());
    let stopped = Arc::clone(&stop);
    let door = std::thread::spawn(move || {
        door.block_on(stopped.notified());
        own_cpu_seconds()
    });

    let count = Arc::new(AtomicU64::new(0));
    let clients = Builder::new_current_thread().enable_all().build().unwrap();
    clients.block_on(async {
        for _ in 0..CONNECTIONS {
            tokio::spawn(ask_and_ask(addr, Arc::clone(&count)));
        }
        tokio::time::sleep(Duration::from_secs(SECONDS)).await;
    });
    let answered = count.load(Ordering::Relaxed);
    stop.notify_one();
    let per_core = f64::from(u32::try_from(answered).unwrap()) / door.join().unwrap();
    let per_second = answered / SECONDS;
    println!(
        "signed get_clinic_info: {per_second} a second, {per_core:.0} a second of the door's own CPU time"
    );
}

/// Of this thread, by the kernel's count: what other work on the machine takes does not show in it.
fn own_cpu_seconds() -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds: u64 = schedule.split(' ').next().unwrap().parse().unwrap();
    Duration::from_nanos(nanoseconds).as_secs_f64()
}
