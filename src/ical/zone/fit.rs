//! Which time zone of IANA has the offsets that a file describes.

use chrono::{DateTime, NaiveDate, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::observances::{Observances, Offsets};

/// Taken before others with the same offsets: where most people live, and one for each offset or set of rules.
const POPULOUS: [Tz; 40] = [
    Tz::Europe__Berlin,
    Tz::Europe__London,
    Tz::Europe__Athens,
    Tz::Europe__Moscow,
    Tz::Europe__Istanbul,
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Denver,
    Tz::America__Los_Angeles,
    Tz::America__Phoenix,
    Tz::America__Anchorage,
    Tz::America__Halifax,
    Tz::America__St_Johns,
    Tz::America__Sao_Paulo,
    Tz::America__Mexico_City,
    Tz::America__Bogota,
    Tz::America__Caracas,
    Tz::America__Santiago,
    Tz::Africa__Lagos,
    Tz::Africa__Johannesburg,
    Tz::Africa__Cairo,
    Tz::Africa__Nairobi,
    Tz::Asia__Jerusalem,
    Tz::Asia__Tehran,
    Tz::Asia__Dubai,
    Tz::Asia__Kabul,
    Tz::Asia__Karachi,
    Tz::Asia__Kolkata,
    Tz::Asia__Kathmandu,
    Tz::Asia__Dhaka,
    Tz::Asia__Yangon,
    Tz::Asia__Bangkok,
    Tz::Asia__Shanghai,
    Tz::Asia__Tokyo,
    Tz::Australia__Perth,
    Tz::Australia__Adelaide,
    Tz::Australia__Brisbane,
    Tz::Australia__Sydney,
    Tz::Pacific__Auckland,
    Tz::Pacific__Honolulu,
];

/// The zone with the offsets of the year, and of the years beside it if there is one.
///
/// One offset all along is no place's, but that offset's own zone where it has one.
pub(super) fn best(observances: &Observances, year: i32, default: Tz) -> Option<Tz> {
    let around = Stretch::of(observances, year - 1, year + 2);
    let within = || Stretch::of(observances, year, year + 1);
    around.and_then(|stretch| stretch.best(default)).or_else(|| within()?.best(default))
}

/// Whether the zone has the offsets of that year.
pub(super) fn fits(observances: &Observances, year: i32, zone: Tz) -> bool {
    Stretch::of(observances, year, year + 1).is_some_and(|stretch| stretch.fits(zone))
}

/// The offsets of some years, at moments that tell zones apart.
struct Stretch(Vec<(DateTime<Utc>, i32)>);

impl Stretch {
    fn of(observances: &Observances, first: i32, end: i32) -> Option<Self> {
        let begin = |year| Some(NaiveDate::from_ymd_opt(year, 1, 2)?.and_hms_opt(12, 0, 0)?.and_utc());
        let (from, until) = (begin(first)?, begin(end)? - TimeDelta::days(2));
        let offsets = observances.offsets(from, until)?;
        let days =
            |step| (0..(until - from).num_days() / step).map(move |day| from + TimeDelta::days(day * step));
        let onsets = offsets.onsets().filter(|onset| from < *onset && *onset < until);
        let changes = onsets.flat_map(|onset| [onset - TimeDelta::seconds(1), onset]);
        // The coarse ones come first: they rule out the most.
        let moments = days(170).chain(changes).chain(days(1));
        let offset = |at: DateTime<Utc>| (at, Offsets::at(&offsets, at));
        Some(Self(moments.map(offset).collect()))
    }

    fn fits(&self, zone: Tz) -> bool {
        let offset = |at: &DateTime<Utc>| zone.offset_from_utc_datetime(&at.naive_utc()).fix();
        self.0.iter().all(|(at, seconds)| offset(at).local_minus_utc() == *seconds)
    }

    fn best(&self, default: Tz) -> Option<Tz> {
        let mut candidates = vec![default];
        candidates.extend(self.fixed());
        candidates.extend(POPULOUS);
        candidates.extend(TZ_VARIANTS);
        candidates.into_iter().find(|zone| self.fits(*zone))
    }

    /// The zone of a single offset in whole hours. Their names count westwards.
    fn fixed(&self) -> Option<Tz> {
        let (_, offset) = *self.0.first()?;
        let alone = self.0.iter().all(|(_, other)| *other == offset);
        let name = match offset / 3600 {
            0 => "UTC".to_owned(),
            hours => format!("Etc/GMT{:+}", -hours),
        };
        name.parse().ok().filter(|_| alone && offset % 3600 == 0)
    }
}
