//! What a measurement comes to.

use std::time::Duration;

use serde::Serialize;

/// How many were answered in a second, and how long that took half of them, and all but one in a hundred.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Figures {
    pub rps: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Figures {
    /// Of what was answered in that time.
    pub fn of(latencies: &mut [Duration], time: Duration) -> Self {
        latencies.sort_unstable();
        Self {
            rps: as_number(latencies.len()) / time.as_secs_f64(),
            p50_ms: milliseconds(quantile(latencies, 50)),
            p99_ms: milliseconds(quantile(latencies, 99)),
        }
    }

    /// The median of each figure by itself.
    pub fn median(all: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(all.iter().map(figure).collect());
        Self { rps: of(|f| f.rps), p50_ms: of(|f| f.p50_ms), p99_ms: of(|f| f.p99_ms) }
    }
}

/// What so many of a hundred don't exceed; of sorted values.
pub fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

/// The middle one; of an even number the mean of the two in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "nothing here is counted up to 2^52")]
pub fn as_number(count: usize) -> f64 {
    count as f64
}
