//! Addresses that paths are put behind: of a Jitsi, where people meet, and of Frontdesk itself.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Position, Url};

use super::RoomName;

/// What a segment of a path keeps as it is (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An `http` or `https` address without a slash at its end: `https://meet.example.org` or
/// `https://example.org/meet`. No credentials, no query, no fragment; at most 500 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// It can't be such an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write an address such as https://meet.example.org, with no user, query or fragment, in at most {} bytes",
    BaseUrl::MAX_BYTES
)]
pub struct BaseUrlError;

impl BaseUrl {
    /// The most bytes.
    pub const MAX_BYTES: usize = 500;

    /// The address without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The host's name or IP address, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Its scheme, host and port: `https://meet.example.org`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// What its path ends in, decoded; `None` where it has no path.
    #[must_use]
    pub fn last_segment(&self) -> Option<String> {
        let last = self.0.path().trim_end_matches('/').rsplit('/').next().filter(|last| !last.is_empty())?;
        Some(percent_decode_str(last).decode_utf8().ok()?.into_owned())
    }

    /// The address of a room there, whatever characters it has.
    #[must_use]
    pub fn with_room(&self, room: &RoomName) -> String {
        format!("{}/{}", self.as_str(), utf8_percent_encode(&room.decoded(), SEGMENT))
    }

    /// What is called so there, of an address below this one: its next segment, decoded.
    #[must_use]
    pub fn segment_of(&self, address: &str) -> Option<String> {
        let address = Url::parse(address.trim()).ok()?;
        let below = address.as_str().strip_prefix(self.as_str())?.strip_prefix('/')?;
        let segment = below.split(['/', '?', '#']).next().filter(|segment| !segment.is_empty())?;
        Some(percent_decode_str(segment).decode_utf8().ok()?.into_owned())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| BaseUrlError)?;
        let bare =
            url.username().is_empty() && url.password().is_none() && url[Position::AfterPath..].is_empty();
        let web = matches!(url.scheme(), "http" | "https") && url.has_host();
        let short = url.as_str().len() <= Self::MAX_BYTES;
        // It stands in headers, where others separate.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
        let plain = url.host_str().unwrap_or_default().chars().all(is_plain);
        if bare && web && plain && short { Ok(Self(url)) } else { Err(BaseUrlError) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_its_usual_form() {
        for (text, read) in [
            ("https://Meet.Example.org/", "https://meet.example.org"),
            ("https://example.org/meet/", "https://example.org/meet"),
            ("http://127.0.0.1:8180", "http://127.0.0.1:8180"),
            ("http://[::1]:8180", "http://[::1]:8180"),
            ("https://example.org:443", "https://example.org"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().as_str(), read);
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_address_is_refused() {
        let long = format!("https://example.org/{}", "a".repeat(500));
        for text in [
            "",
            "meet.example.org",
            "//meet",
            "ftp://example.org",
            "https://",
            "https://u:p@example.org",
            "https://u@example.org",
            "https://example.org?x",
            "https://example.org#x",
            "mailto:a@example.org",
            "https://meet.example.org;sandbox",
            "https://a,b",
            "https://*.example.org",
            &long,
        ] {
            assert_eq!(text.parse::<BaseUrl>(), Err(BaseUrlError), "{text}");
        }
    }

    #[test]
    fn an_address_may_be_as_long_as_it_may_be() {
        let of = |bytes: usize| format!("https://x.org/{}", "a".repeat(bytes - "https://x.org/".len()));
        assert!(of(BaseUrl::MAX_BYTES).parse::<BaseUrl>().is_ok());
        assert!(of(BaseUrl::MAX_BYTES + 1).parse::<BaseUrl>().is_err());
    }

    #[test]
    fn a_room_is_one_segment_whatever_it_is_called() {
        let meet: BaseUrl = "https://meet.example.org/acme".parse().unwrap();
        let address = |room: &str| meet.with_room(&room.parse().unwrap());
        assert_eq!(address("standup"), "https://meet.example.org/acme/standup");
        assert_eq!(address("Grüße Raum/1?"), "https://meet.example.org/acme/Gr%C3%BC%C3%9Fe%20Raum%2F1%3F");
        // Written as an address has it: whoever follows it asks for the room that was booked.
        assert_eq!(address("gr%c3%bc%c3%9fe%20raum"), "https://meet.example.org/acme/gr%C3%BC%C3%9Fe%20raum");
        assert_eq!(address("100%"), "https://meet.example.org/acme/100%25");
        assert_eq!(meet.host(), "meet.example.org");
        assert_eq!(meet.last_segment().as_deref(), Some("acme"));
        assert_eq!("https://meet.example.org/".parse::<BaseUrl>().unwrap().last_segment(), None);
    }
}
