//! What becomes of the dates of a series that is changed.
//!
//! Dates that have started stay what they were. A date that has something for itself keeps it, also where the series is
//! moved: it is known again by its place on the wall clock.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Appointment, BookedDate, DateField, SeriesDate};

/// What to do with the rows of a series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeriesPlan {
    /// Which go, by their original start.
    pub remove: Vec<DateTime<Utc>>,
    /// Which come, some of them in place of one that goes.
    pub place: Vec<BookedDate>,
}

/// How far a change reaches a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    Stays,
    /// In everything but its time.
    Follows,
    /// Its time is that of the new dates, or it is not one of them and goes.
    Anew,
}

/// Plans the dates of an appointment as it is `after` a change.
///
/// `rows` are all that it had, and `reach` says what the change means to each. `dates` are those that come anew, and
/// `moved` says where a date has gone to that moved along with the first.
#[must_use]
pub fn plan_series(
    after: &Appointment,
    rows: &[BookedDate],
    reach: impl Fn(&BookedDate) -> Reach,
    dates: &[SeriesDate],
    moved: impl Fn(DateTime<Utc>) -> DateTime<Utc>,
    now: DateTime<Utc>,
) -> SeriesPlan {
    let mut plan = SeriesPlan::default();
    let mut by_start = BTreeMap::new();
    let mut by_moved = BTreeMap::new();
    for row in rows {
        match reach(row) {
            Reach::Stays => {}
            Reach::Follows => {
                let mut wanted = row.clone().following(after);
                if row.room_taken && wanted.room.key() != row.room.key() {
                    // Elsewhere it takes place.
                    wanted = BookedDate { cancelled_at: None, room_taken: false, ..wanted };
                }
                plan.replace(row, wanted);
            }
            Reach::Anew => {
                by_start.insert(row.original_start, row);
                by_moved.insert(moved(row.original_start), row);
            }
        }
    }
    let mut left: BTreeSet<DateTime<Utc>> = by_start.keys().copied().collect();
    for date in dates {
        let Some(plain) = BookedDate::of(after, date.starts) else { continue };
        let same = by_start.get(&date.starts).copied();
        // A date that is one as before stays itself, whatever else has moved.
        let has_moved =
            |row: &&BookedDate| dates.binary_search_by_key(&row.original_start, |date| date.starts).is_err();
        let known = same.or_else(|| by_moved.get(&date.starts).copied().filter(has_moved));
        let cancelled_at = date.excepted.then(|| known.and_then(|known| known.cancelled_at).unwrap_or(now));
        let wanted = match known {
            Some(known) if !known.own.is_empty() => BookedDate {
                original_start: date.starts,
                slot: if known.own.contains(&DateField::Time) { known.slot } else { plain.slot },
                ..known.clone()
            }
            .following(after),
            _ => plain,
        };
        let wanted = BookedDate { cancelled_at, room_taken: false, ..wanted };
        match same {
            Some(same) => {
                left.remove(&date.starts);
                plan.replace(same, wanted);
            }
            None => plan.place.push(BookedDate { revision: 1, ..wanted }),
        }
    }
    plan.remove.extend(left);
    plan
}

impl SeriesPlan {
    /// Notes what becomes of a row, if anything.
    fn replace(&mut self, row: &BookedDate, wanted: BookedDate) {
        let revision = row.revision + i64::from(!row.is_served_as(&wanted));
        let wanted = BookedDate { revision, ..wanted };
        if wanted != *row {
            self.remove.push(row.original_start);
            self.place.push(wanted);
        }
    }
}
