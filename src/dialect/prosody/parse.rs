//! Requests of a conference server: who sends them, and what they say.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpMessage, HttpRequest, web};
use chrono::{DateTime, TimeDelta, Utc};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::credential::{Bearer, Credential, CredentialKind};
use crate::http::fault::Fault;
use crate::reservation::{MailOwner, Node};

/// The largest body, in bytes. A name of 1023 bytes and a JID of 3071, all escaped, have 12.4 KB.
const MAX_BODY: usize = 16 * 1024;

/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// The credential of the conference server.
///
/// # Errors
/// `Unauthorized` where there is none.
pub(super) fn credential(request: &HttpRequest) -> Result<Credential, Fault> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer: Bearer = header.and_then(|header| header.parse().ok()).ok_or(Fault::Unauthorized)?;
    bearer.credential(CredentialKind::Server).map_err(|_| Fault::Unauthorized)
}

/// What a conference server says when a room is first joined.
///
/// Its `start_time`, the moment of its first attempt on its own clock, decides nothing: it only tells
/// how far that clock is off.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OpeningForm {
    pub node: Node,
    pub mail_owner: MailOwner,
    pub first_asked: Option<DateTime<Utc>>,
}

/// The fields as text, after the first decoding.
#[derive(Debug, Default, PartialEq, Deserialize)]
struct Fields {
    name: Option<String>,
    #[serde(default)]
    mail_owner: Option<String>,
    #[serde(default)]
    start_time: Option<String>,
}

impl OpeningForm {
    /// Reads the body of a request.
    ///
    /// # Errors
    /// Where it is too large, too slow, of another type, or says no name.
    pub async fn read(request: &HttpRequest, payload: web::Payload) -> Result<Self, Fault> {
        let body = tokio::time::timeout(BODY_TIMEOUT, payload.to_bytes_limited(MAX_BODY));
        let body = body.await.map_err(|_| Fault::BodyTooSlow)?;
        let body = body.map_err(|_| Fault::BodyTooLarge)?.map_err(|_| Fault::Malformed)?;
        Self::parse(request.content_type(), &body)
    }

    fn parse(content_type: &str, body: &[u8]) -> Result<Self, Fault> {
        let fields = match content_type.to_ascii_lowercase().as_str() {
            "application/x-www-form-urlencoded" => form(body)?,
            // Only an object: serde would take an array for the fields in their order.
            "application/json" if body.trim_ascii_start().starts_with(b"{") => {
                serde_json::from_slice(body).map_err(|_| Fault::Malformed)?
            }
            "application/json" => return Err(Fault::Malformed),
            _ => return Err(Fault::UnsupportedType),
        };
        let name = fields.name.filter(|name| !name.is_empty()).ok_or(Fault::NameMissing)?;
        Ok(Self {
            node: name.parse().map_err(|_| Fault::NameTooLong)?,
            mail_owner: fields.mail_owner.unwrap_or_default().parse().map_err(|_| Fault::BadOwner)?,
            first_asked: fields
                .start_time
                .and_then(|time| DateTime::parse_from_rfc3339(&time).ok())
                .map(|time| time.to_utc()),
        })
    }
}

/// How far ahead of ours the clock of a server must be that first asked at `first_asked`: nothing,
/// where that is the time it takes to ask again for a while.
///
/// Source: Prosody ends rooms by its own clock, and repeats the same body for as long as it is told
/// to, 36 s with the settings that we recommend.
pub(super) fn clock_offset(first_asked: DateTime<Utc>, now: DateTime<Utc>) -> Option<TimeDelta> {
    const AHEAD: TimeDelta = TimeDelta::seconds(5);
    const BEHIND: TimeDelta = TimeDelta::minutes(-3);
    let offset = first_asked - now;
    (offset > AHEAD || offset < BEHIND).then_some(offset)
}

/// The fields of a form. Unlike the usual decoders this one replaces nothing: a name has to be
/// echoed byte for byte, so one that is not UTF-8 is an error, and so is a field that comes twice.
fn form(body: &[u8]) -> Result<Fields, Fault> {
    let body = std::str::from_utf8(body).map_err(|_| Fault::Malformed)?;
    let mut fields = Fields::default();
    for pair in body.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let field = match decode(key)?.as_ref() {
            "name" => &mut fields.name,
            "mail_owner" => &mut fields.mail_owner,
            "start_time" => &mut fields.start_time,
            _ => continue,
        };
        if field.replace(decode(value)?.into_owned()).is_some() {
            return Err(Fault::Malformed);
        }
    }
    Ok(fields)
}

fn decode(text: &str) -> Result<Cow<'_, str>, Fault> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| Fault::Malformed)?;
        return Ok(Cow::Owned(decoded.into_owned()));
    }
    percent_decode_str(text).decode_utf8().map_err(|_| Fault::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORM: &str = "application/x-www-form-urlencoded";

    fn node(body: &str) -> Result<String, Fault> {
        OpeningForm::parse(FORM, body.as_bytes()).map(|form| form.node.as_str().to_owned())
    }

    #[test]
    fn fields_come_in_any_order_with_lower_case_escapes() {
        let one = "name=%5bacme%5dstandup&mail_owner=a%40meet.test&start_time=2026-11-20T22%3a03%3a49.000Z";
        let other = "start_time=2026-11-20T22%3a03%3a49.000Z&mail_owner=a%40meet.test&name=%5bacme%5dstandup";
        let read = OpeningForm::parse(FORM, one.as_bytes()).unwrap();
        assert_eq!(read.node.as_str(), "[acme]standup");
        assert_eq!(read.mail_owner.as_str(), "a@meet.test");
        assert_eq!(OpeningForm::parse(FORM, other.as_bytes()), Ok(read));
    }

    #[test]
    fn a_clock_is_off_where_asking_again_can_t_explain_it() {
        let now = "2026-11-20T22:03:49Z".parse().unwrap();
        let offset = |seconds| clock_offset(now + TimeDelta::seconds(seconds), now);
        for fine in [0, 5, -1, -60, -180] {
            assert_eq!(offset(fine), None, "{fine}");
        }
        assert_eq!(offset(6), Some(TimeDelta::seconds(6)));
        assert_eq!(offset(-181), Some(TimeDelta::seconds(-181)));
    }

    #[test]
    fn a_time_that_can_t_be_read_is_no_reason_to_refuse() {
        let read =
            |time: &str| OpeningForm::parse(FORM, format!("name=x&start_time={time}").as_bytes()).unwrap();
        assert!(read("2026-11-20T22%3a03%3a49.000Z").first_asked.is_some());
        for time in ["", "soon", "0", "9999999999-01-01T00%3a00%3a00Z"] {
            assert_eq!(read(time).first_asked, None, "{time}");
        }
    }

    #[test]
    fn a_name_is_decoded_once_and_not_touched_otherwise() {
        assert_eq!(node("name=gr%25c3%25bc%25c3%259fe%2520raum").unwrap(), "gr%c3%bc%c3%9fe%20raum");
        assert_eq!(node("name=GRU%CC%88n+x%2by").unwrap(), "GRU\u{308}n x+y");
    }

    #[test]
    fn what_can_not_be_echoed_byte_for_byte_is_refused() {
        assert_eq!(node("name=%ff"), Err(Fault::Malformed));
        assert_eq!(node("name=a&name=b"), Err(Fault::Malformed));
    }

    #[test]
    fn a_request_without_a_name_says_so() {
        for body in ["", "name", "name=", "nom=x", "mail_owner=x"] {
            assert_eq!(node(body), Err(Fault::NameMissing), "{body}");
        }
    }

    #[test]
    fn json_is_read_too() {
        let read = OpeningForm::parse("application/json", br#"{"name":"x","mail_owner":null,"more":1}"#);
        assert_eq!(read.unwrap().node.as_str(), "x");
        for (body, fault) in
            [("{", Fault::Malformed), (r#"{"name":1}"#, Fault::Malformed), ("{}", Fault::NameMissing)]
        {
            assert_eq!(OpeningForm::parse("application/json", body.as_bytes()), Err(fault), "{body}");
        }
    }

    #[test]
    fn another_type_is_refused() {
        for kind in ["", "text/plain", "multipart/form-data"] {
            assert_eq!(OpeningForm::parse(kind, b"name=x"), Err(Fault::UnsupportedType), "{kind}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>, json: bool) {
            _ = OpeningForm::parse(if json { "application/json" } else { FORM }, &body);
        }

        #[test]
        fn every_name_that_is_encoded_is_read_back(name in "\\PC{1,200}") {
            let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
            prop_assert_eq!(node(&format!("name={encoded}")).unwrap(), name);
        }
    }
}
