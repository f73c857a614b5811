//! Lists in pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::body::ReadQuery;
use super::field::{Field, FromJson, Reading, Unknown, is_usual, text, wrong};
use super::problem::{FieldError, Problem};
use crate::store::Cursor;

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
pub struct Paging {
    /// After which one; `None` for the beginning.
    pub after: Option<Cursor>,
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

impl Paging {
    /// What a query says about the page.
    pub(super) fn of<const MOST: i64>(
        reading: &mut Reading,
        cursor: Field<Cursor>,
        limit: Field<Limit<MOST>>,
    ) -> Self {
        Self {
            after: reading.present("cursor", cursor),
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
        place: impl Fn(&R) -> Cursor,
        view: impl Fn(&R) -> T,
    ) -> PageView<T> {
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next_cursor = rows.last().filter(|_| more).map(|last| write(place(last)));
        PageView { data: rows.iter().map(view).collect(), next_cursor }
    }
}

/// The cursor as clients see it: opaque text.
fn write(cursor: Cursor) -> String {
    let mut bytes = cursor.at.timestamp_micros().to_be_bytes().to_vec();
    bytes.extend(cursor.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

impl FromJson for Cursor {
    fn from_json(value: Value) -> Result<Self, Vec<FieldError>> {
        let read = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let (at, id) = bytes.split_first_chunk()?;
            let at = DateTime::from_timestamp_micros(i64::from_be_bytes(*at)).filter(is_usual)?;
            Some(Self { at, id: Uuid::from_slice(id).ok()? })
        };
        read(text(&value)?).ok_or_else(|| wrong("this is no `next_cursor` of a page"))
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
    cursor: Field<Cursor>,
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
        assert_eq!(Cursor::from_json(json!(write(place))).unwrap(), place);
        for text in
            [String::new(), "x".to_owned(), format!("{}A", write(place)), URL_SAFE_NO_PAD.encode([0x80; 24])]
        {
            assert!(Cursor::from_json(json!(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_page_names_the_next_one_only_if_there_is_one() {
        let paging = Paging { after: None, limit: 2 };
        let place = |_: &i32| Cursor { at: DateTime::UNIX_EPOCH, id: Uuid::nil() };
        let page = |rows| paging.page(rows, place, |row| *row);
        assert_eq!((page(vec![1, 2]).data, page(vec![1, 2]).next_cursor), (vec![1, 2], None));
        assert_eq!(page(vec![1, 2, 3]).data, [1, 2]);
        assert!(page(vec![1, 2, 3]).next_cursor.is_some());
    }
}
