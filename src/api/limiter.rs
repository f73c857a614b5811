//! How often an app may ask: for each credential, on each replica. And how often anybody may be wrong: for each address.
//! Conference servers are never limited.

use std::fmt::Display;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;
use moka::sync::Cache;

use super::code::Code;
use super::problem::Problem;
use crate::http::client::network;
use crate::reservation::CredentialId;

/// How many wrong credentials from one address are answered as such in a minute, at once or spread out.
pub const WRONG_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("60 is not 0");

/// How many addresses are counted at once: anybody may come from many.
const ADDRESSES: u64 = 10_000;

/// How many credentials are counted at once.
const CREDENTIALS: u64 = 100_000;

/// What one credential has left.
type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// Counts the requests of each credential, and the wrong credentials from each address.
#[derive(Debug)]
pub struct Limiter {
    per_minute: NonZeroU32,
    buckets: Cache<CredentialId, Arc<Bucket>>,
    wrong: Cache<Option<IpNet>, Arc<DefaultDirectRateLimiter>>,
    barred: Cache<Option<IpNet>, Instant>,
}

/// What a credential may still do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    per_minute: u32,
    requests: u32,
}

impl Limiter {
    /// As many requests in a minute, at once or spread out.
    #[must_use]
    pub fn new(per_minute: NonZeroU32) -> Self {
        // After a minute nothing is left to remember.
        let buckets = Cache::builder().max_capacity(CREDENTIALS).time_to_idle(Duration::from_mins(1)).build();
        let wrong = Cache::builder().max_capacity(ADDRESSES).time_to_idle(Duration::from_mins(1)).build();
        let barred = Cache::builder().max_capacity(ADDRESSES).time_to_live(Duration::from_mins(1)).build();
        Self { per_minute, buckets, wrong, barred }
    }

    /// Counts one request: what is left, and whether it was one too many.
    pub fn take(&self, credential: CredentialId) -> (Left, Result<(), Problem>) {
        let per_minute = self.per_minute.get();
        let bucket = || Arc::new(RateLimiter::direct(Quota::per_minute(self.per_minute)).with_middleware());
        match self.buckets.get_with(credential, bucket).check() {
            Ok(state) => (Left { per_minute, requests: state.remaining_burst_capacity() }, Ok(())),
            Err(until) => {
                let detail = format_args!("this credential may ask {} times a minute", self.per_minute);
                let wait = until.wait_time_from(DefaultClock::default().now());
                (Left { per_minute, requests: 0 }, Err(too_often(detail, wait)))
            }
        }
    }

    /// Counts one wrong credential from there.
    ///
    /// # Errors
    /// Where it was one too many.
    pub fn wrong(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        let network = address.map(network);
        let bucket = || Arc::new(RateLimiter::direct(Quota::per_minute(WRONG_PER_MINUTE)));
        self.wrong.get_with(network, bucket).check().map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            self.barred.insert(network, Instant::now() + wait);
            too_many_wrong(wait)
        })
    }

    /// Whether so many wrong ones came from there that not even a good one is looked at: for what is not as long as a
    /// credential, and might be guessed.
    ///
    /// # Errors
    /// Where that is so.
    pub fn is_barred(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        let until = self.barred.get(&address.map(network));
        let wait = until.and_then(|until| until.checked_duration_since(Instant::now()));
        wait.map_or(Ok(()), |wait| Err(too_many_wrong(wait)))
    }
}

fn too_many_wrong(wait: Duration) -> Problem {
    let detail =
        format_args!("more than {WRONG_PER_MINUTE} wrong credentials in a minute came from this address");
    too_often(detail, wait)
}

fn too_often(detail: impl Display, wait: Duration) -> Problem {
    let seconds = (wait + Duration::from_millis(999)).as_secs().max(1);
    Problem::new(Code::RateLimited, detail).retry_after(seconds)
}

/// Source: draft-ietf-httpapi-ratelimit-headers-10.
impl Left {
    /// `RateLimit-Policy`.
    #[must_use]
    pub fn policy(self) -> String {
        format!(r#""default";q={};w=60"#, self.per_minute)
    }

    /// `RateLimit`: how many are left, and in how many seconds all are there again.
    #[must_use]
    pub fn left(self) -> String {
        let used = u64::from(self.per_minute - self.requests.min(self.per_minute));
        format!(r#""default";r={};t={}"#, self.requests, (used * 60).div_ceil(u64::from(self.per_minute)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_refused_when_its_minute_is_used_up_and_others_are_not() {
        let limiter = Limiter::new(NonZeroU32::new(3).unwrap());
        let (one, other) = (CredentialId::new(), CredentialId::new());
        let left: Vec<_> = (0..3).map(|_| limiter.take(one).0.left()).collect();
        assert_eq!(left, [r#""default";r=2;t=20"#, r#""default";r=1;t=40"#, r#""default";r=0;t=60"#]);
        assert_eq!(limiter.take(one).1.unwrap_err().code, Code::RateLimited);
        assert_eq!(limiter.take(other).0.policy(), r#""default";q=3;w=60"#);
    }

    #[test]
    fn who_is_wrong_too_often_is_known_by_the_address_or_by_its_network_in_ipv6() {
        let limiter = Limiter::new(NonZeroU32::MIN);
        let wrong = |address: &str| limiter.wrong(Some(address.parse().unwrap()));
        for (used_up, same, other) in [
            ("203.0.113.9", "203.0.113.9", "203.0.113.10"),
            ("2001:db8::7", "2001:db8::ffff:0:0:8", "2001:db8:0:1::7"),
        ] {
            for _ in 0..WRONG_PER_MINUTE.get() {
                wrong(used_up).unwrap();
            }
            assert_eq!(wrong(same).unwrap_err().code, Code::RateLimited, "{same}");
            wrong(other).unwrap();
        }
        limiter.wrong(None).unwrap();
    }
}
