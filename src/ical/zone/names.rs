//! The names of time zones: IANA's, those that programs put something before, and those of Windows.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono_tz::{TZ_VARIANTS, Tz};
use windows_timezones::WindowsTimezone;

/// IANA's names, in small letters.
static IANA: LazyLock<HashMap<String, Tz>> =
    LazyLock::new(|| TZ_VARIANTS.iter().map(|zone| (zone.name().to_lowercase(), *zone)).collect());

/// The names of Windows, and what it shows for them, in small letters.
static WINDOWS: LazyLock<HashMap<String, WindowsTimezone>> = LazyLock::new(|| {
    let all = TZ_VARIANTS.iter().filter_map(|zone| WindowsTimezone::try_from(*zone).ok());
    all.flat_map(|zone| [(zone.name().to_lowercase(), zone), (shown(zone.description()), zone)]).collect()
});

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
    let name = name.replace(' ', "_").to_lowercase();
    // No name of IANA has more than three parts.
    let parts: Vec<_> = name.rsplitn(4, '/').take(3).collect();
    (1..=parts.len()).rev().find_map(|count| {
        let name: Vec<_> = parts[..count].iter().rev().copied().collect();
        IANA.get(&name.join("/")).copied()
    })
}

/// A name of Windows, or what Windows shows for it, as in `(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna`.
fn windows(name: &str, default: Tz) -> Option<Tz> {
    let zone = WINDOWS.get(&name.to_lowercase()).or_else(|| WINDOWS.get(&shown(name)))?;
    let of_default = WindowsTimezone::try_from(default).ok();
    Some(if of_default == Some(*zone) { default } else { current((*zone).into()) })
}

/// What Windows shows, without the offset: it has written GMT instead of UTC there, and points instead of colons.
fn shown(text: &str) -> String {
    text.split_once(')').map_or(text, |(_, places)| places).trim().to_lowercase()
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
