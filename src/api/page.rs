//! Lists in pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::body::ReadQuery;
use super::field::{Field, FromJson, Reading, Unknown, is_usual, text, wrong};
use super::problem::{FieldError, Problem};
use crate::store::Cursor;
use crate::store::occurrences::DatePlace;

/// How many a page has, where nothing is said.
const USUAL: i64 = 50;

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageView<T> {
    data: Vec<T>,
    /// What to send as `cursor` for the next page; null on the last one.
    next_cursor: Option<String>,
}

impl<T> PageView<T> {
    /// A list that is short enough for one page.
    #[must_use]
    pub fn whole(data: Vec<T>) -> Self {
        Self { data, next_cursor: None }
    }
}

/// Where a page begins and how long it is.
#[derive(Debug, Clone)]
pub struct Paging<P = Cursor> {
    /// After which one; `None` for the beginning.
    pub after: Option<P>,
    /// The most it may have.
    pub limit: i64,
}

/// How many a page is to have, in a query: at most `MOST`.
#[derive(Debug, Clone, Copy)]
pub struct Limit<const MOST: i64 = 200>(i64);

impl<const MOST: i64> Limit<MOST> {
    /// How many.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

/// A place in a list, as bytes of a cursor.
pub trait Place: Copy {
    /// The place.
    fn to_bytes(self) -> Vec<u8>;

    /// The place that was written so.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl<P: Place> Paging<P> {
    /// What a query says about the page.
    pub(super) fn of<const MOST: i64>(
        reading: &mut Reading,
        cursor: Field<After<P>>,
        limit: Field<Limit<MOST>>,
    ) -> Self {
        Self {
            after: reading.present("cursor", cursor).map(|After(place)| place),
            limit: reading.present("limit", limit).map_or(USUAL, |limit| limit.0),
        }
    }

    /// How many to ask the database for: one more than the page has, to see whether there is a next one.
    #[must_use]
    pub fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// The page of what was fetched.
    #[must_use]
    pub fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        place: impl Fn(&R) -> P,
        view: impl Fn(&R) -> T,
    ) -> PageView<T> {
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next_cursor = rows.last().filter(|_| more).map(|last| write(place(last)));
        PageView { data: rows.iter().map(view).collect(), next_cursor }
    }
}

impl Place for Cursor {
    fn to_bytes(self) -> Vec<u8> {
        [&self.at.timestamp_micros().to_be_bytes()[..], self.id.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (at, id) = bytes.split_first_chunk()?;
        Some(Self { at: moment(*at)?, id: Uuid::from_slice(id).ok()? })
    }
}

impl Place for DatePlace {
    fn to_bytes(self) -> Vec<u8> {
        let place = Cursor { at: self.starts, id: self.appointment.into() };
        [&place.to_bytes()[..], &self.original_start.timestamp_micros().to_be_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (place, original_start) = bytes.split_last_chunk()?;
        let Cursor { at, id } = Cursor::from_bytes(place)?;
        Some(Self { starts: at, appointment: id.into(), original_start: moment(*original_start)? })
    }
}

fn moment(micros: [u8; 8]) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(i64::from_be_bytes(micros)).filter(is_usual)
}

/// A cursor as clients see it: opaque text.
fn write(place: impl Place) -> String {
    URL_SAFE_NO_PAD.encode(place.to_bytes())
}

/// The place that a cursor in a query means.
#[derive(Debug, Clone, Copy)]
pub struct After<P = Cursor>(P);

impl<P: Place> FromJson for After<P> {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let read = |text: &str| P::from_bytes(&URL_SAFE_NO_PAD.decode(text).ok()?);
        read(text(&value)?).map(Self).ok_or_else(|| wrong("this is no `next_cursor` of a page"))
    }
}

impl<const MOST: i64> FromJson for Limit<MOST> {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let limit = text(&value)?.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        limit.map(Self).ok_or_else(|| wrong(format_args!("write a whole number from 1 to {MOST}")))
    }
}

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The `next_cursor` of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Field<After>,
    /// How many at the most; 50, where nothing is said.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Field<Limit>,
    #[serde(flatten)]
    #[param(ignore)]
    unknown: Unknown,
}

impl ReadQuery for Paging {
    type Raw = PageQuery;

    fn read(raw: PageQuery) -> Result<Self, Problem> {
        let mut reading = Reading::of_parameters();
        reading.refuse(&raw.unknown);
        let paging = Self::of(&mut reading, raw.cursor, raw.limit);
        Ok(reading.done(Some(paging))?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_place_is_read_back_and_nothing_else_is() {
        let place = Cursor {
            at: DateTime::from_timestamp_micros(1_795_255_200_123_456).unwrap(),
            id: Uuid::now_v7(),
        };
        assert_eq!(After::<Cursor>::from_json(json!(write(place))).unwrap().0, place);
        let date = DatePlace {
            starts: place.at,
            appointment: place.id.into(),
            original_start: DateTime::from_timestamp_micros(1_795_255_200_000_001).unwrap(),
        };
        assert_eq!(After::<DatePlace>::from_json(json!(write(date))).unwrap().0, date);
        for text in [
            String::new(),
            "x".to_owned(),
            format!("{}A", write(place)),
            URL_SAFE_NO_PAD.encode([0x80; 24]),
            write(date),
        ] {
            assert!(After::<Cursor>::from_json(json!(text)).is_err(), "{text}");
        }
        assert!(After::<DatePlace>::from_json(json!(write(place))).is_err(), "of another list");
    }

    #[test]
    fn a_page_names_the_next_one_only_if_there_is_one() {
        let paging = Paging::<Cursor> { after: None, limit: 2 };
        let place = |_: &i32| Cursor { at: DateTime::UNIX_EPOCH, id: Uuid::nil() };
        let page = |rows| paging.page(rows, place, |row| *row);
        assert_eq!((page(vec![1, 2]).data, page(vec![1, 2]).next_cursor), (vec![1, 2], None));
        assert_eq!(page(vec![1, 2, 3]).data, [1, 2]);
        assert!(page(vec![1, 2, 3]).next_cursor.is_some());
    }
}
