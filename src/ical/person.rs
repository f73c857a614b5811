//! People in calendars.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::line::Line;
use crate::reservation::{Email, PersonName, Role};

/// Somebody who organizes or attends an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What they are called.
    pub name: Option<PersonName>,
    /// Where they are reached.
    pub email: Option<Email>,
    /// What they are there. Who organizes an event is its host.
    pub role: Role,
}

impl Person {
    /// Reads an ORGANIZER or an ATTENDEE. Rooms, resources, and those of whom nothing can be read are `None`.
    pub(super) fn read(line: &Line) -> Option<Self> {
        if line.has("CUTYPE", "RESOURCE") || line.has("CUTYPE", "ROOM") {
            return None;
        }
        let name = line.parameter("CN").map(single_line);
        let email = address(&line.value).and_then(|text| text.parse().ok());
        // Some give an address of another kind as the value (RFC 7986 section 6.2).
        let email = email.or_else(|| line.parameter("EMAIL")?.parse().ok());
        let name: Option<PersonName> = name.and_then(|name| name.parse().ok());
        let role = match line.parameter("ROLE").map(str::to_ascii_uppercase).as_deref() {
            _ if line.name == "ORGANIZER" => Role::Host,
            Some("CHAIR") => Role::Host,
            Some("NON-PARTICIPANT") => Role::Observer,
            _ => Role::Participant,
        };
        (name.is_some() || email.is_some()).then_some(Self { name, email, role })
    }
}

/// What stands after `mailto:`.
fn address(value: &str) -> Option<Cow<'_, str>> {
    let value = value.trim();
    let (scheme, address) = value.split_at_checked("mailto:".len())?;
    let is_mail = scheme.eq_ignore_ascii_case("mailto:");
    let address = address.split('?').next().filter(|_| is_mail)?;
    percent_decode_str(address).decode_utf8().ok()
}

/// A text without controls, with one blank for each line break or tab.
pub(super) fn single_line(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let blank =
        |c| if matches!(c, '\n' | '\r' | '\t') { Some(' ') } else { Some(c).filter(|c| !c.is_control()) };
    text.chars().filter_map(blank).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(line: &str) -> Option<Person> {
        Person::read(&Line::parse(1, line).expect(line))
    }

    #[test]
    fn people_have_a_name_an_address_and_a_role() {
        let ada = person("ATTENDEE;CN=\"Lovelace, Ada\";ROLE=CHAIR:MAILTO:ada%2Bx@example.org").expect("Ada");
        assert_eq!(ada.name.as_ref().map(PersonName::as_str), Some("Lovelace, Ada"));
        assert_eq!(ada.email.as_ref().map(Email::as_str), Some("ada+x@example.org"));
        assert_eq!(ada.role, Role::Host);
        let role = |line| person(line).expect(line).role;
        assert_eq!(role("ATTENDEE;ROLE=NON-PARTICIPANT:mailto:a@example.org"), Role::Observer);
        assert_eq!(role("ATTENDEE;ROLE=OPT-PARTICIPANT:mailto:a@example.org"), Role::Participant);
        assert_eq!(role("ORGANIZER:mailto:a@example.org"), Role::Host);
    }

    #[test]
    fn an_address_may_stand_in_a_parameter() {
        let ada = person("ATTENDEE;EMAIL=ada@example.org:urn:uuid:1").expect("Ada");
        assert_eq!(ada.email.as_ref().map(Email::as_str), Some("ada@example.org"));
        assert_eq!(ada.name, None);
    }

    #[test]
    fn rooms_resources_and_nobody_are_left_out() {
        for line in [
            "ATTENDEE;CUTYPE=ROOM:mailto:a@example.org",
            "ATTENDEE;CUTYPE=resource;CN=Beamer:mailto:a@example.org",
            "ATTENDEE:mailto:",
            "ATTENDEE:é",
            "ATTENDEE:mailto:%ff",
        ] {
            assert_eq!(person(line), None, "{line}");
        }
    }
}
