//! How often an app may ask: for each credential, on each replica. Conference servers are never limited.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::code::Code;
use super::problem::Problem;
use crate::reservation::CredentialId;

/// Counts the requests of each credential.
#[derive(Debug)]
pub struct Limiter {
    per_minute: NonZeroU32,
    buckets:
        RateLimiter<CredentialId, DashMapStateStore<CredentialId>, DefaultClock, StateInformationMiddleware>,
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
        let buckets = RateLimiter::dashmap(Quota::per_minute(per_minute)).with_middleware();
        Self { per_minute, buckets }
    }

    /// Counts one request: what is left, and whether it was one too many.
    pub fn take(&self, credential: CredentialId) -> (Left, Result<(), Problem>) {
        let per_minute = self.per_minute.get();
        match self.buckets.check_key(&credential) {
            Ok(state) => (Left { per_minute, requests: state.remaining_burst_capacity() }, Ok(())),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                let seconds = (wait + Duration::from_millis(999)).as_secs().max(1);
                let detail = format_args!("this credential may ask {} times a minute", self.per_minute);
                let problem = Problem::new(Code::RateLimited, detail).retry_after(seconds);
                (Left { per_minute, requests: 0 }, Err(problem))
            }
        }
    }
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
}
