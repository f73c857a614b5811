//! What bookings leave of a range, under generated ones.

use chrono::TimeDelta;
use frontdesk::reservation::{AppointmentId, Booked, FreeBusy, Range, RangeError, Slot};
use proptest::prelude::*;

use crate::situations::base;

/// Bookings by their start, in minutes around `base()`; they may touch and overlap, and have no end.
fn booked() -> impl Strategy<Value = Vec<Booked>> {
    let one = (-30..60_i64, 1..20_i64, proptest::bool::weighted(0.05));
    proptest::collection::vec(one, 0..8).prop_map(|mut all| {
        all.sort_unstable();
        let booked = all.into_iter().map(|(start, length, endless)| {
            let starts = base() + TimeDelta::minutes(start);
            let ends = (!endless).then(|| starts + TimeDelta::minutes(length));
            Booked { slot: Slot::new(starts, ends).unwrap(), appointment: AppointmentId::new() }
        });
        booked.collect()
    })
}

fn range() -> impl Strategy<Value = Range> {
    (-20..40_i64, 1..60_i64).prop_map(|(start, length)| {
        let from = base() + TimeDelta::minutes(start);
        Range::new(from, from + TimeDelta::minutes(length)).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_moment_of_the_range_is_either_booked_or_free(range in range(), booked in booked()) {
        let found = FreeBusy::of(range, booked.clone());
        for half_minute in -120..240 {
            let at = base() + TimeDelta::seconds(30 * half_minute);
            let within = range.from() <= at && at < range.until();
            let free = found.free.iter().filter(|gap| gap.contains(at)).count();
            let taken = booked.iter().any(|booked| booked.slot.contains(at));
            prop_assert_eq!(free, usize::from(within && !taken), "{}", at);
            let listed = found.busy.iter().any(|booked| booked.slot.contains(at));
            prop_assert!(!within || listed == taken);
        }
    }

    #[test]
    fn gaps_are_within_the_range_and_something_is_between_them(range in range(), booked in booked()) {
        let found = FreeBusy::of(range, booked);
        for gap in &found.free {
            prop_assert!(range.from() <= gap.starts() && gap.ends().unwrap() <= range.until());
        }
        prop_assert!(found.free.is_sorted_by(|one, next| one.ends().unwrap() < next.starts()));
    }

    #[test]
    fn what_does_not_reach_into_the_range_is_not_listed(range in range(), booked in booked()) {
        let found = FreeBusy::of(range, booked.clone());
        let reaching: Vec<Booked> = booked
            .into_iter()
            .filter(|booked| {
                let first = booked.slot.starts().max(range.from());
                first < range.until() && booked.slot.contains(first)
            })
            .collect();
        prop_assert_eq!(found.busy, reaching);
    }
}

#[test]
fn a_range_has_a_length_and_is_no_longer_than_a_year() {
    let year = TimeDelta::days(366);
    assert_eq!(Range::new(base(), base()), Err(RangeError::Backwards));
    assert_eq!(Range::new(base(), base() - year), Err(RangeError::Backwards));
    assert!(Range::new(base(), base() + year).is_ok());
    assert_eq!(Range::new(base(), base() + year + TimeDelta::milliseconds(1)), Err(RangeError::TooLong));
}
