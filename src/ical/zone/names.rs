//! The names of time zones: IANA's, those that programs put something before, and those of Windows.

use chrono_tz::{TZ_VARIANTS, Tz};
use windows_timezones::WindowsTimezone;

/// The time zone that the name alone tells.
///
/// Names of Windows stand for several zones: `default` where it is one of them, else the one that CLDR takes for the
/// whole world.
pub(super) fn by_name(name: &str, default: Tz) -> Option<Tz> {
    let name = name.trim_matches(['"', ' ', '\t']);
    iana(name).or_else(|| windows(name, default))
}

/// An IANA name in any case, also after a prefix, as in `/mozilla.org/20050126_1/Europe/Berlin`.
fn iana(name: &str) -> Option<Tz> {
    let name = name.replace(' ', "_");
    let mut rest = name.as_str();
    // No name of IANA has more than three parts.
    while rest.matches('/').count() > 2 {
        (_, rest) = rest.split_once('/')?;
    }
    loop {
        if let Some(zone) = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(rest)) {
            return Some(*zone);
        }
        (_, rest) = rest.split_once('/')?;
    }
}

/// A name of Windows, or what Windows shows for it, as in `(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna`.
fn windows(name: &str, default: Tz) -> Option<Tz> {
    // Windows has written GMT instead of UTC, and points instead of colons.
    let shown = |text: &str| text.split_once(')').map_or(text, |(_, cities)| cities).trim().to_lowercase();
    let wanted = shown(name);
    let is_it = |zone: &WindowsTimezone| {
        zone.name().eq_ignore_ascii_case(name) || shown(zone.description()) == wanted
    };
    let windows_of = |zone: Tz| WindowsTimezone::try_from(zone).ok();
    if windows_of(default).as_ref().is_some_and(is_it) {
        return Some(default);
    }
    TZ_VARIANTS.iter().filter_map(|zone| windows_of(*zone)).find(is_it).map(|zone| current(zone.into()))
}

/// What IANA calls a zone today. CLDR keeps the names that it once took.
fn current(zone: Tz) -> Tz {
    match zone {
        Tz::America__Buenos_Aires => Tz::America__Argentina__Buenos_Aires,
        Tz::America__Godthab => Tz::America__Nuuk,
        Tz::America__Indianapolis => Tz::America__Indiana__Indianapolis,
        Tz::Asia__Calcutta => Tz::Asia__Kolkata,
        Tz::Asia__Katmandu => Tz::Asia__Kathmandu,
        Tz::Asia__Rangoon => Tz::Asia__Yangon,
        Tz::Europe__Kiev => Tz::Europe__Kyiv,
        zone => zone,
    }
}
