//! Sentences with moments in them, which a page shows in the visitor's own time zone.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::texts::Texts;

/// Stand in a sentence for days and times until it is cut there. No text has them.
const DAY: &str = "\u{e000}";
const TIME: &str = "\u{e001}";
const STARTS: &str = "\u{e002}";
const ENDS: &str = "\u{e003}";
const LAST_DAY: &str = "\u{e004}";

/// Where they all are.
const MARKS: std::ops::RangeInclusive<char> = '\u{e000}'..='\u{e004}';

/// A part of a sentence.
#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    Moment {
        /// RFC 3339, in UTC.
        at: String,
        /// `day` or `time`.
        show: &'static str,
        /// As it is told to who runs no script: in the time zone of the appointment.
        told: String,
    },
}

/// A sentence without moments.
pub(super) fn plain(text: String) -> Vec<Piece> {
    vec![Piece::Text(text)]
}

/// A sentence whose `{ $day }` and `{ $time }` are that moment.
pub(super) fn at(texts: &Texts, id: &str, at: DateTime<Utc>, zone: Tz, organisation: &str) -> Vec<Piece> {
    let organisation = organisation.replace(|c| MARKS.contains(&c), "");
    let text = texts.with(id, [("day", DAY), ("time", TIME), ("organisation", &organisation)]);
    pieces(&text, |mark| moment(texts, at, zone, if mark == DAY { "day" } else { "time" }))
}

/// `09:00 to 10:00`; with the day of the end, where that is not soon; without an end, where there is none.
pub(super) fn range(
    texts: &Texts,
    starts: DateTime<Utc>,
    ends: Option<DateTime<Utc>>,
    zone: Tz,
) -> Vec<Piece> {
    let id = match ends {
        None => "when-from",
        Some(ends) if ends - starts < TimeDelta::days(1) => "when-until",
        Some(_) => "when-until-day",
    };
    let text = texts.with(id, [("starts", STARTS), ("last_day", LAST_DAY), ("ends", ENDS)]);
    let ends = ends.unwrap_or(starts);
    pieces(&text, |mark| match mark {
        STARTS => moment(texts, starts, zone, "time"),
        LAST_DAY => moment(texts, ends, zone, "day"),
        _ => moment(texts, ends, zone, "time"),
    })
}

/// The same in one text.
pub(super) fn told(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) | Piece::Moment { told: text, .. } => text.as_str(),
        })
        .collect()
}

fn moment(texts: &Texts, at: DateTime<Utc>, zone: Tz, show: &'static str) -> Piece {
    let told = if show == "day" { texts.day(at, zone) } else { texts.time(at, zone) };
    Piece::Moment { at: at.to_rfc3339_opts(SecondsFormat::Millis, true), show, told }
}

fn pieces(text: &str, moment: impl Fn(&str) -> Piece) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(place) = rest.find(|c| MARKS.contains(&c)) {
        let (before, after) = rest.split_at(place);
        let (mark, after) = after.split_at(DAY.len());
        pieces.push(Piece::Text(before.to_owned()));
        pieces.push(moment(mark));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    pieces
}
