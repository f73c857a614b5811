//! Reading calendar files.

mod component;
mod details;
mod event;
mod problem;
#[cfg(test)]
mod tests;
mod times;

use std::collections::{BTreeMap, HashMap};

use chrono_tz::Tz;

use super::tree::{Component, FileError, calendars};
use super::zone::Zones;
use super::{MOST_EXCEPTIONS, MOST_NOTES};
use component::Read;
pub use event::{CalendarFile, Content, Dates, Details, Event, Exception, Ignored, Item, Version};
pub use problem::{Note, Noted, Problem, Wrong};

/// Reads a calendar file. Times without a time zone are in that of the calendar, or else in `default_zone`.
///
/// What is wrong with one event costs only that event. A file with several calendars is read as one.
///
/// # Errors
/// Where the file as a whole can't be read.
pub fn read(file: &[u8], default_zone: Tz) -> Result<CalendarFile, FileError> {
    let calendars = calendars(file)?;
    let text = |name: &str| calendars.iter().find_map(|calendar| Some(calendar.first(name)?.text()));
    let mut read = CalendarFile {
        name: text("NAME").or_else(|| text("X-WR-CALNAME")).map(|name| super::person::single_line(&name)),
        method: text("METHOD").map(|method| method.trim().to_ascii_uppercase()),
        items: Vec::new(),
        ignored: Ignored::default(),
    };
    let (mut groups, mut looked_at) = (Groups::default(), 0);
    for calendar in &calendars {
        let mut zones = Zones::new(calendar, default_zone, looked_at);
        let cancel =
            calendar.first("METHOD").is_some_and(|line| line.value.trim().eq_ignore_ascii_case("CANCEL"));
        for component in &calendar.within {
            match component.name.as_str() {
                "VEVENT" => groups.add(component, component::read(component, &mut zones, cancel)),
                "VTIMEZONE" => {}
                "VTODO" => read.ignored.todos += 1,
                "VJOURNAL" => read.ignored.journals += 1,
                "VFREEBUSY" => read.ignored.free_busy += 1,
                _ => read.ignored.others += 1,
            }
        }
        looked_at = zones.looked_at();
    }
    read.items = groups.all.into_iter().map(|(uid, reads)| item(uid, reads)).collect();
    Ok(read)
}

/// The VEVENTs by UID, in the order of the file. Those without one stand alone.
#[derive(Default)]
struct Groups {
    all: Vec<(Option<String>, Vec<Read>)>,
    places: HashMap<String, usize>,
}

impl Groups {
    fn add(&mut self, component: &Component, read: Read) {
        let uid = component.first("UID").map(|line| line.text().trim().to_owned());
        let place = uid.clone().map(|uid| *self.places.entry(uid).or_insert(self.all.len()));
        match place.and_then(|place| self.all.get_mut(place)) {
            Some((_, reads)) => reads.push(read),
            None => self.all.push((uid, vec![read])),
        }
    }
}

fn item(uid: Option<String>, reads: Vec<Read>) -> Item {
    let line = reads.first().map_or(1, |read| read.line);
    let (exceptions, mut masters): (Vec<_>, Vec<_>) = reads.into_iter().partition(|read| read.is_exception);
    // Of those that are equal, the last one in the file.
    masters.sort_by_key(|read| read.rank);
    let master = masters.pop();
    let mut older = masters.len();
    let mut notes = Vec::new();
    let content = content(master, exceptions, &mut older, &mut notes);
    if older > 0 {
        notes.push(Note { line, what: Noted::OlderVersions(older) });
    }
    let uid = uid.map(|uid| problem::cut(&uid, super::Uid::MAX_CHARS));
    Item { uid, line, content, notes }
}

fn content(
    master: Option<Read>,
    reads: Vec<Read>,
    older: &mut usize,
    notes: &mut Vec<Note>,
) -> Result<Content, Problem> {
    let master = master.map(|read| {
        notes.extend(read.notes);
        read.parsed
    });
    let master = master.transpose()?;
    let series = master.as_ref().and_then(|master| master.starts);
    let mut exceptions: BTreeMap<_, (component::Rank, Exception)> = BTreeMap::new();
    for read in reads {
        let (rank, line) = (read.rank, read.line);
        let exception = exception(read, series, notes)?;
        let newest = exceptions.get(&exception.of).is_none_or(|(known, _)| *known <= rank);
        *older += usize::from(exceptions.contains_key(&exception.of));
        if newest {
            exceptions.insert(exception.of, (rank, exception));
        }
        if exceptions.len() > MOST_EXCEPTIONS {
            let wrong = Wrong::TooManyExceptions;
            return Err(Problem { line, property: "RECURRENCE-ID", value: None, wrong });
        }
    }
    let exceptions: Vec<_> = exceptions.into_values().map(|(_, exception)| exception).collect();
    match (master, exceptions.first()) {
        (Some(master), _) => {
            let component::Parsed { version, length, recurrence, cancelled, details, .. } = master;
            let Some((starts, zone)) = series else { return Ok(Content::Cancellation(version)) };
            Ok(Content::Event(Box::new(Event {
                version,
                starts,
                length,
                zone,
                recurrence,
                cancelled,
                details,
                exceptions,
            })))
        }
        (None, Some(first)) => Ok(Content::Dates(Dates { uid: first.version.uid.clone(), exceptions })),
        (None, None) => Err(Problem::missing(1, "UID")),
    }
}

/// One date. A date that is told as a day has the time of its series, and else its own.
fn exception(
    read: Read,
    series: Option<(chrono::DateTime<chrono::Utc>, Tz)>,
    notes: &mut Vec<Note>,
) -> Result<Exception, Problem> {
    for note in read.notes {
        if notes.len() < MOST_NOTES && !notes.iter().any(|known| known.what == note.what) {
            notes.push(note);
        }
    }
    let parsed = read.parsed?;
    let of = parsed.of.and_then(|of| of.at(series.or(parsed.starts)));
    let of = of.ok_or_else(|| Problem::missing(read.line, "DTSTART"))?;
    let (starts, zone) = parsed.starts.unwrap_or((of, series.map_or(Tz::UTC, |(_, zone)| zone)));
    Ok(Exception {
        of,
        and_later: parsed.and_later,
        version: parsed.version,
        cancelled: parsed.cancelled,
        starts,
        length: parsed.length,
        zone,
        details: parsed.details,
    })
}
