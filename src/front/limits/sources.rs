//! Where requests come from, and how often each source may fail to show a valid credential.
//!
//! Only failures count: the voice platform sends the webhooks of many customers from the same few addresses, so what one
//! of them gets wrong must not stand in the way of the others.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use dashmap::DashMap;
use ipnet::IpNet;
use tokio::time::{Duration, Instant};
use vitarad_actors::domain::bucket::{Bucket, Rate};

/// How many sources are remembered.
const REMEMBERED: usize = 10_000;
/// How often, at most, the sources that have recovered are forgotten.
const SWEEP: Duration = Duration::from_secs(1);

pub(in crate::front) struct Sources {
    rate: Rate,
    trusted_proxies: Vec<IpNet>,
    failing: DashMap<IpAddr, Bucket>,
    swept_at: Mutex<Option<Instant>>,
}

impl Sources {
    pub(in crate::front) fn new(rate: Rate, trusted_proxies: Vec<IpNet>) -> Self {
        Self { rate, trusted_proxies, failing: DashMap::new(), swept_at: Mutex::new(None) }
    }

    /// The peer; or, behind a trusted proxy, the nearest hop that is not one of ours.
    pub(in crate::front) fn source(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut source = peer.to_canonical();
        let hops = headers.get_all("x-forwarded-for").into_iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = hops.flat_map(|value| value.split(',')).collect();
        for hop in hops.into_iter().rev() {
            if !self.trusted_proxies.iter().any(|proxies| proxies.contains(&source)) {
                break;
            }
            let Some(address) = address(hop.trim()) else { break };
            source = address;
        }
        source
    }

    /// `false` when this source has failed too often.
    pub(in crate::front) fn may_fail(&self, source: IpAddr, now: Instant) -> bool {
        let source = network(source);
        if let Some(mut bucket) = self.failing.get_mut(&source) {
            return bucket.take(now).is_ok();
        }
        if self.failing.len() >= REMEMBERED && !self.sweep(now) {
            return false;
        }
        self.failing.entry(source).or_insert_with(|| Bucket::full(self.rate, now)).take(now).is_ok()
    }

    /// Forgets who has recovered; whether there is room now.
    fn sweep(&self, now: Instant) -> bool {
        let mut swept_at = self.swept_at.lock().unwrap_or_else(PoisonError::into_inner);
        if swept_at.is_none_or(|at| now.saturating_duration_since(at) >= SWEEP) {
            *swept_at = Some(now);
            self.failing.retain(|_, bucket| !bucket.is_full(now));
        }
        self.failing.len() < REMEMBERED
    }
}

/// `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`.
fn address(hop: &str) -> Option<IpAddr> {
    let plain = hop.trim_matches('"');
    let address =
        plain.parse().ok().or_else(|| plain.parse::<std::net::SocketAddr>().ok().map(|address| address.ip()));
    let bracketed = || plain.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

/// One subscriber has a whole /64 of addresses to fail from.
fn network(source: IpAddr) -> IpAddr {
    match source {
        IpAddr::V4(_) => source,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> Sources {
        let proxies = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        Sources::new(Rate { per_minute: 6, burst: 2 }, proxies)
    }

    fn seen(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        sources().source(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_about_where_a_request_comes_from() {
        assert_eq!(seen("192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
        assert_eq!(seen("10.1.1.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.1.1.1", &[]), "10.1.1.1");
        assert_eq!(seen("::ffff:10.1.1.1", &["198.51.100.1:4711"]), "198.51.100.1");
    }

    #[test]
    fn the_nearest_hop_that_is_not_ours_counts_whatever_the_sender_wrote_before_it() {
        assert_eq!(seen("10.1.1.1", &["203.0.113.9, 198.51.100.1, 10.2.2.2"]), "198.51.100.1");
        assert_eq!(seen("10.1.1.1", &["203.0.113.9", "198.51.100.1", "[2001:db8::5]:80"]), "198.51.100.1");
        assert_eq!(seen("10.1.1.1", &["198.51.100.1, unknown"]), "10.1.1.1");
    }

    #[test]
    fn a_source_may_fail_as_often_as_its_bucket_allows_and_no_other_pays_for_it() {
        let (sources, now) = (sources(), Instant::now());
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert_eq!([0; 3].map(|_| sources.may_fail(one, now)), [true, true, false]);
        assert!(sources.may_fail(other, now));
        assert!(sources.may_fail(one, now + Duration::from_secs(10)));
    }

    #[test]
    fn neighbours_in_one_network_of_the_sixth_version_are_one_source() {
        let (sources, now) = (sources(), Instant::now());
        let from = |address: &str| sources.may_fail(address.parse().unwrap(), now);
        assert_eq!(
            [from("2001:db8:1::1"), from("2001:db8:1::2"), from("2001:db8:1::3")],
            [true, true, false]
        );
        assert!(from("2001:db8:1:1::1"));
    }

    #[test]
    fn no_more_sources_are_remembered_than_there_is_room_for_and_the_recovered_make_room() {
        let (sources, now) = (sources(), Instant::now());
        let nth = |n: usize| IpAddr::V4(u32::try_from(n).unwrap().into());
        assert!((0..REMEMBERED).all(|n| sources.may_fail(nth(n), now)));
        assert!(!sources.may_fail(nth(REMEMBERED), now), "nobody has recovered");
        let later = now + Duration::from_mins(1);
        assert!(sources.may_fail(nth(REMEMBERED), later));
        assert_eq!(sources.failing.len(), 1);
    }
}
