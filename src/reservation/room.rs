//! Room names: as they come over the wire ([`Node`]), and as they are looked up ([`RoomKey`]).
//!
//! A node is echoed byte for byte. A key is what a person would call the room, so that
//! `/Grüße Raum`, `gr%c3%bc%c3%9fe%20raum` and `GRÜßE RAUM` are one.

use std::borrow::Cow;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use stringprep::nodeprep;
use unicode_normalization::UnicodeNormalization;

/// The most bytes that a node, and so a key, may have. Source: RFC 7622, section 3.3.
pub const MAX_BYTES: usize = 1023;

/// A room name as the conference server wrote it: the local part of the room's JID, at most
/// 1023 bytes, `room` or `[tenant]room`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node(String);

/// How usual a spelling is; the greater, the more usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Usualness {
    form: Form,
    plain: bool,
}

/// Who spells a room's name so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// Nobody who is honest.
    Odd,
    /// Native clients.
    Native,
    /// The web client.
    Web,
}

/// The canonical name of a room inside its tenant: percent-decoded, NFKC, lower-case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey(String);

/// The name of a tenant, as it stands in `[tenant]room`: 1 to 63 of `a-z 0-9 . _ -`, beginning
/// with a letter or a digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantName(String);

/// Why a name can't be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left of it.
    #[error("the name is empty")]
    Empty,
    /// More than 1023 bytes, written or decoded.
    #[error("the name is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// A control character (after percent-decoding).
    #[error("the name contains a control character")]
    Control,
    /// A node that XMPP itself would write otherwise, so that the room which opens is another one.
    #[error("the name is not in the form that XMPP gives it")]
    NotPrepared,
    /// A character that no room's address may have.
    #[error("a room's name can't contain an apostrophe: no conference server can open it")]
    Apostrophe,
    /// An address can't end with it.
    #[error("a room can't be called `.` or `..`: no address leads to it")]
    Dots,
    /// It begins with a tenant.
    #[error("name the tenant on its own: `[tenant]room` is how a conference server writes both")]
    TenantInside,
    /// Not a tenant's name.
    #[error("a tenant's name is 1 to 63 of a-z, 0-9, `.`, `_` and `-`, and begins with a letter or a digit")]
    Tenant,
}

impl Node {
    /// The node as it was received.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tenant that the node names, if it does, and the key of the room.
    ///
    /// # Errors
    /// Where the room's name can't be one, no tenant can be called so, or the conference server
    /// would open a room of another name than it asks for. Source: Prosody passes on the name as
    /// the client wrote it, but the room's own address goes through nodeprep. Who asks for `ｏpen`
    /// gets `open`, and none of the options that were granted: no password, no limit, no end. A name
    /// with upper-case ASCII letters is safe: Prosody accepts no answer for it.
    pub fn parts(&self) -> Result<(Option<TenantName>, RoomKey), NameError> {
        let (tenant, room) = self.split();
        let lower = self.0.bytes().all(|c| !c.is_ascii_uppercase());
        if lower && (fold(&self.0) != self.0 || nodeprep(&self.0).is_ok_and(|prepared| prepared != self.0)) {
            return Err(NameError::NotPrepared);
        }
        Ok((tenant.map(str::parse).transpose()?, room.parse()?))
    }

    /// Whether an honest client may have sent it: the web client, which percent-encodes a room's
    /// name, or a native one, which applies nodeprep. Any other spelling opens no room, or one
    /// beside it.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        self.form() != Form::Odd
    }

    /// How usual the spelling is among those of its room. To a conference server each spelling is
    /// a room of its own, and anybody may ask for any of them: so a less usual one must keep nobody
    /// out of a more usual one. `of_default_tenant` says whether a `[tenant]` in front of it would
    /// name the tenant that the server's rooms have anyway.
    #[must_use]
    pub fn usualness(&self, of_default_tenant: bool) -> Usualness {
        let needless_tenant = of_default_tenant && self.split().0.is_some();
        Usualness { form: self.form(), plain: !needless_tenant }
    }

    fn form(&self) -> Form {
        let (tenant, room) = self.split();
        let Ok(key) = room.parse::<RoomKey>() else { return Form::Odd };
        if tenant.is_some_and(|tenant| tenant != tenant.to_lowercase()) {
            return Form::Odd;
        }
        if room == key.web_form() {
            Form::Web
        } else if nodeprep(key.as_str()).is_ok_and(|prepared| prepared == room) {
            Form::Native
        } else {
            Form::Odd
        }
    }

    /// The tenant that it names, whatever the room is called.
    #[must_use]
    pub fn tenant(&self) -> Option<TenantName> {
        self.split().0.and_then(|tenant| tenant.parse().ok())
    }

    /// The room that people meant by it, also where none of that spelling may open. `None` where the name
    /// has no key at all.
    #[must_use]
    pub fn meant(&self) -> Option<RoomKey> {
        self.split().1.parse().ok()
    }

    /// Whether it is of the form `[tenant]room`.
    #[must_use]
    pub fn names_a_tenant(&self) -> bool {
        self.split().0.is_some()
    }

    /// Source: Jitsi's Prosody plugins take `[tenant]room` apart at the first `]`, and only if
    /// neither part is empty.
    fn split(&self) -> (Option<&str>, &str) {
        match self.0.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((tenant, room)) if !tenant.is_empty() && !room.is_empty() => (Some(tenant), room),
            _ => (None, &self.0),
        }
    }
}

impl FromStr for Node {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() {
            0 => Err(NameError::Empty),
            1..=MAX_BYTES => Ok(Self(text.to_owned())),
            _ => Err(NameError::TooLong),
        }
    }
}

/// What JavaScript's `encodeURIComponent` encodes.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Whether each `%` begins an escape. Source: where one doesn't, `decodeURIComponent` decodes none.
fn is_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|c| c.is_ascii_hexdigit()))
}

/// A name without the escapes of an address, if it has any.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    let decoded = if is_encoded(text) { percent_decode_str(text).decode_utf8().ok() } else { None };
    decoded.unwrap_or(Cow::Borrowed(text))
}

fn fold(text: &str) -> String {
    // Most names, whose forms are all the same.
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfkc().collect::<String>().to_lowercase().nfkc().collect()
}

impl RoomKey {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The room's name as the web client sends it: percent-encoded, in lower case.
    #[must_use]
    pub fn web_form(&self) -> String {
        utf8_percent_encode(&self.0, ENCODED).to_string().to_lowercase()
    }

    /// A key that was made earlier and stored. It is not made again: decoding twice would turn
    /// `%2541` into `a`.
    #[must_use]
    pub fn from_stored(key: String) -> Self {
        Self(key)
    }
}

impl FromStr for RoomKey {
    type Err = NameError;

    /// The key of a name in any of its forms: as a person writes it, as a URL has it, as a node.
    ///
    /// Source: the web client percent-decodes, applies NFKC and lower-cases before it encodes
    /// again, so a booking has to meet it there. (Nodeprep, which native clients go through,
    /// would forbid the space and merge rooms that Prosody keeps apart.) A name whose
    /// percent-decoding is not UTF-8 is taken as it stands.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_BYTES {
            return Err(NameError::TooLong);
        }
        let folded = fold(&decoded(text));
        if folded.trim().is_empty() {
            Err(NameError::Empty)
        } else if folded.len() > MAX_BYTES {
            Err(NameError::TooLong)
        } else if folded.chars().any(char::is_control) {
            Err(NameError::Control)
        } else {
            Ok(Self(folded))
        }
    }
}

impl TenantName {
    /// How the names of tenants begin that the doctor makes for a moment. Nobody else's may.
    pub const RESERVED: &str = "frontdesk-doctor-";

    /// The name, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.to_ascii_lowercase();
        let legal = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"._-".contains(&c);
        let first = name.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric());
        if first && name.len() <= 63 && name.bytes().all(legal) {
            Ok(Self(name))
        } else {
            Err(NameError::Tenant)
        }
    }
}

impl std::fmt::Display for RoomKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Display for TenantName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(node: &str) -> (Option<String>, String) {
        let (tenant, room) = node.parse::<Node>().unwrap().parts().unwrap();
        (tenant.map(|tenant| tenant.to_string()), room.to_string())
    }

    #[test]
    fn every_form_of_a_name_has_the_same_key() {
        for form in [
            "Grüße Raum",
            "gr%c3%bc%c3%9fe%20raum",
            "GR%C3%9C%C3%9FE RAUM",
            "Gru\u{308}ße Raum",
            "grüße raum",
        ] {
            assert_eq!(parts(form), (None, "grüße raum".to_owned()), "{form}");
        }
    }

    #[test]
    fn the_short_way_of_plain_names_leads_to_the_same_key() {
        for character in (0..0x80_u8).map(char::from) {
            let name = format!("A{character}");
            // A letter that is not plain makes it the long way.
            assert_eq!(format!("{}ß", fold(&name)), fold(&format!("{name}ß")));
        }
    }

    #[test]
    fn compatibility_forms_meet_what_the_web_client_sends() {
        let key = |name: &str| name.parse::<RoomKey>().unwrap();
        assert_eq!(key("ﬁnance"), key("finance"));
        assert_eq!(key("①"), key("1"));
    }

    #[test]
    fn a_name_that_xmpp_would_write_otherwise_is_refused() {
        for node in ["ｏpen", "gr\u{dc}n", "ｇr%c3%bcn", "①", "op\u{ad}en", "straße"] {
            let refused = node.parse::<Node>().unwrap().parts();
            assert_eq!(refused, Err(NameError::NotPrepared), "{node}");
        }
    }

    #[test]
    fn a_refused_name_says_which_room_was_meant() {
        let meant = |node: &str| node.parse::<Node>().unwrap().meant().map(|room| room.to_string());
        assert_eq!(meant("straße").as_deref(), Some("straße"));
        assert_eq!(meant("[no tenant]ＯPEN").as_deref(), Some("open"));
        assert_eq!(meant("[a\0b]open").as_deref(), Some("open"));
        assert_eq!((meant("a\0b"), meant("%20")), (None, None));
    }

    #[test]
    fn honest_clients_write_a_name_in_two_ways() {
        let usual = |node: &str| node.parse::<Node>().unwrap().is_usual();
        for node in
            ["plain", "gr%c3%bc%c3%9fe%20raum", "grün", "[acme]standup", "%ff", "100%25", "%f0%9f%8e%89"]
        {
            assert!(usual(node), "{node}");
        }
        let rank = |node: &str| node.parse::<Node>().unwrap().usualness(true);
        assert!(rank("gr%c3%bcn") > rank("grün"));
        assert!(rank("standup") > rank("[acme]standup"));
        assert!(rank("[acme]standup") > rank("%73tandup"));
        for node in ["PLAIN", "%70lain", "[ACME]standup", "grüße raum", "%C3%BC", "a b"] {
            assert!(!usual(node), "{node}");
        }
    }

    #[test]
    fn sharp_s_and_double_s_stay_two_rooms() {
        assert_ne!(parts("stra%c3%9fe"), parts("strasse"));
    }

    #[test]
    fn a_tenant_is_split_off_at_the_first_bracket() {
        assert_eq!(parts("[acme]standup"), (Some("acme".into()), "standup".into()));
        assert_eq!(parts("[ACME]a]b"), (Some("acme".into()), "a]b".into()));
    }

    #[test]
    fn brackets_without_both_parts_are_part_of_the_name() {
        for node in ["[acme]", "[]room", "[room", "x[acme]room"] {
            assert_eq!(parts(node), (None, node.to_owned()), "{node}");
        }
    }

    #[test]
    fn what_does_not_decode_to_utf8_is_taken_as_it_stands() {
        assert_eq!(parts("%FF%fe"), (None, "%ff%fe".to_owned()));
        assert_eq!(parts("100%"), (None, "100%".to_owned()));
        assert_eq!(parts("5%20%"), (None, "5%20%".to_owned()));
    }

    #[test]
    fn controls_emptiness_and_length_are_refused() {
        let refused = |name: &str| name.parse::<Node>().and_then(|node| node.parts()).unwrap_err();
        assert_eq!(refused(""), NameError::Empty);
        assert_eq!(refused("%20"), NameError::Empty);
        assert_eq!(refused("a%00b"), NameError::Control);
        assert_eq!(refused("a\u{85}b"), NameError::Control);
        assert_eq!(refused(&"x".repeat(1024)), NameError::TooLong);
        assert_eq!(refused("[no tenant]x"), NameError::Tenant);
        assert_eq!(parts(&"x".repeat(1023)).1.len(), 1023);
    }
}
