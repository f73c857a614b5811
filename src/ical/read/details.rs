//! What an event is about, and who is expected: whatever is wrong there costs nobody the event.

use super::event::Details;
use super::problem::{Noted, cut};
use super::times::Times;
use crate::ical::person::single_line;
use crate::ical::tree::Component;
use crate::ical::{MAX_LOCATION_CHARS, MAX_URL_CHARS, MOST_URLS, Person};
use crate::reservation::{Description, Participant, Title};

/// Where programs keep the address of a meeting. Source: RFC 5545, RFC 7986, and what Google and Microsoft write.
const URLS: [&str; 6] = [
    "CONFERENCE",
    "X-GOOGLE-CONFERENCE",
    "X-MICROSOFT-SKYPETEAMSMEETINGURL",
    "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    "X-MICROSOFT-ONLINEMEETINGCONFLINK",
    "URL",
];

/// Reads what an event is about.
pub(super) fn read(event: &Component, times: &mut Times<'_, '_>) -> Details {
    let title = text(event, "SUMMARY", Title::MAX_CHARS, single_line, times);
    let description = text(event, "DESCRIPTION", Description::MAX_CHARS, lines, times);
    let location = text(event, "LOCATION", MAX_LOCATION_CHARS, single_line, times);
    let organizer = event.first("ORGANIZER").and_then(Person::read);
    Details {
        title: title.and_then(|text| text.parse().ok()),
        description: description.and_then(|text| text.parse().ok()),
        location,
        urls: urls(event, times),
        organizer,
        attendees: attendees(event, times),
    }
}

/// The text of a property, if something is left of it.
fn text(
    event: &Component,
    property: &'static str,
    most: usize,
    clean: fn(&str) -> String,
    times: &mut Times<'_, '_>,
) -> Option<String> {
    let line = event.first(property)?;
    let text = clean(&line.text());
    if text.chars().count() > most {
        times.note(line.number, Noted::Cut { property, most });
    }
    Some(cut(&text, most)).filter(|text| !text.is_empty())
}

fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

fn urls(event: &Component, times: &mut Times<'_, '_>) -> Vec<String> {
    let mut urls: Vec<String> = Vec::new();
    for (property, line) in URLS.into_iter().flat_map(|name| event.all(name).map(move |line| (name, line))) {
        // Some escape them as if they were texts.
        let url = single_line(&line.text());
        if url.is_empty() || url.chars().count() > MAX_URL_CHARS {
            times.note(line.number, Noted::ignored(property, &url));
        } else if urls.len() == MOST_URLS {
            times.note(line.number, Noted::LeftOut { property, most: MOST_URLS });
        } else if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls
}

fn attendees(event: &Component, times: &mut Times<'_, '_>) -> Vec<Person> {
    let mut people = Vec::new();
    for line in event.all("ATTENDEE") {
        let thing = line.has("CUTYPE", "ROOM") || line.has("CUTYPE", "RESOURCE");
        match Person::read(line) {
            Some(_) if people.len() == Participant::MOST => {
                times.note(line.number, Noted::LeftOut { property: "ATTENDEE", most: Participant::MOST });
            }
            Some(person) => people.push(person),
            None if thing => {}
            None => times.note(line.number, Noted::nobody(&line.value)),
        }
    }
    people
}
