//! Content lines (RFC 5545 section 3.1): unfolding and taking apart, putting together and folding.
//!
//! Source: the crate `icalendar` (0.17) was tried. It gives up a whole file for one bad line, drops what follows a
//! parameter such as `TZID=""` or a missing quote without a word, does not know RFC 6868, and writes line breaks in
//! addresses and quotes in parameters as they are, so that whoever chooses a name could add properties.

use std::fmt::Write as _;

/// The most octets of a written line, without its line break.
const MOST_OCTETS: usize = 75;

/// A content line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Where it begins in the file, counted from 1.
    pub(super) number: usize,
    /// In capitals.
    pub(super) name: String,
    /// Names in capitals, with their values.
    pub(super) parameters: Vec<(String, Vec<String>)>,
    /// As it was written: not unescaped.
    pub(super) value: String,
}

impl Line {
    /// The first value of a parameter, unless it is empty.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let (_, values) = self.parameters.iter().find(|(known, _)| known == name)?;
        values.first().map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether the parameter has that value, in whatever case.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.parameter(name).is_some_and(|written| written.eq_ignore_ascii_case(value))
    }

    /// Whether it is that property, and is not empty.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name && !self.value.trim().is_empty()
    }

    /// The value as text (RFC 5545 section 3.3.11).
    pub(super) fn text(&self) -> String {
        unescape(&self.value)
    }

    /// Takes an unfolded line apart; `None` where it is no content line.
    pub(super) fn parse(number: usize, text: &str) -> Option<Self> {
        let (name, mut rest) = text.split_at(text.find([':', ';'])?);
        let name = name.trim().to_ascii_uppercase();
        let is_name = |name: &str| {
            !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
        };
        if !is_name(&name) {
            return None;
        }
        let mut parameters = Vec::new();
        while let Some(after) = rest.strip_prefix(';') {
            // Some write a parameter without a value.
            let (name, after) = after.split_at(after.find(['=', ';', ':'])?);
            let name = name.trim().to_ascii_uppercase();
            let mut values = Vec::new();
            rest = after;
            while let Some(after) = rest.strip_prefix(if values.is_empty() { '=' } else { ',' }) {
                let (value, after) = parameter_value(after)?;
                values.push(value);
                rest = after;
            }
            parameters.push((name, values));
        }
        let value = rest.strip_prefix(':')?;
        Some(Self { number, name, parameters, value: value.to_owned() })
    }
}

/// The value at the beginning of the text, and the rest. A quote within a value stays what it is.
fn parameter_value(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, rest) = quoted.split_once('"')?;
        if rest.starts_with([',', ';', ':']) {
            return Some((uncaret(value), rest));
        }
    }
    let (value, rest) = text.split_at(text.find([',', ';', ':'])?);
    Some((uncaret(value), rest))
}

/// Undoes RFC 6868. What it does not know stays.
fn uncaret(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('^') {
        text.push_str(before);
        let (c, skipped) = match after.chars().next() {
            Some('n') => ('\n', 1),
            Some('\'') => ('"', 1),
            Some('^') => ('^', 1),
            _ => ('^', 0),
        };
        text.push(c);
        rest = &after[skipped..];
    }
    text + rest
}

/// Undoes the escapes of a text. What is none stays.
pub(super) fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.clone().next() } else { None }) {
            ('\\', Some(escaped @ ('\\' | ',' | ';' | ':' | '"'))) => {
                text.push(escaped);
                chars.next();
            }
            ('\\', Some('n' | 'N')) => {
                text.push('\n');
                chars.next();
            }
            (c, _) => text.push(c),
        }
    }
    text
}

/// The lines of a file, unfolded, each with the number of its first one.
///
/// Folds are undone before anybody asks for characters: some programs fold in the middle of one. Line ends may be CRLF,
/// LF or CR, and empty lines are passed over.
pub(super) fn unfold(file: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut lines: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut rest = file;
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
        match (line.split_first(), lines.last_mut()) {
            (Some((b' ' | b'\t', more)), Some((_, begun))) => begun.extend_from_slice(more),
            (None, _) => {}
            (Some(_), _) => lines.push((number, line.to_vec())),
        }
    }
    lines
}

/// Lines as they are written.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// Adds a line of which every part is known to be harmless.
    pub(super) fn raw(&mut self, line: &str) {
        let mut column = 0;
        for c in line.chars() {
            // The blank of a fold counts.
            if column + c.len_utf8() > MOST_OCTETS {
                self.0.push_str("\r\n ");
                column = 1;
            }
            self.0.push(c);
            column += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// Adds a text.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.raw(&format!("{name}:{}", escape(value)));
    }

    /// Adds an address. Name and parameters come from us.
    pub(super) fn uri(&mut self, name: &str, value: &str) {
        self.raw(&format!("{name}:{}", percent(value)));
    }

    /// What was added.
    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// A text with what has a meaning escaped.
fn escape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' | ';' | ',' => text.extend(['\\', c]),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' => text.push_str("\\n"),
            '\t' => text.push(c),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    text
}

/// A value for a parameter, in quotes where it needs some (RFC 5545 section 3.2, RFC 6868).
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    for c in value.chars() {
        match c {
            '^' => text.push_str("^^"),
            '"' => text.push_str("^'"),
            '\n' => text.push_str("^n"),
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    if text.contains([':', ';', ',']) { format!("\"{text}\"") } else { text }
}

/// An address with what can't be in one percent-encoded.
pub(super) fn percent(address: &str) -> String {
    let mut text = String::with_capacity(address.len());
    for byte in address.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Line {
        Line::parse(1, text).expect(text)
    }

    #[test]
    fn folds_are_undone_whatever_the_line_ends_and_even_within_a_character() {
        let folded = b"\xef\xbb\xbfA:caf\xc3\r\n \xa9\r\n\r\nB:1\n\t2\rC:3".as_slice();
        let lines: Vec<_> =
            unfold(folded).into_iter().map(|(at, line)| (at, String::from_utf8(line).unwrap())).collect();
        assert_eq!(lines, [(1, "A:café".to_owned()), (4, "B:12".to_owned()), (6, "C:3".to_owned())]);
    }

    #[test]
    fn a_line_is_taken_apart() {
        let line = parsed("attendee;CN=\"Doe; Ada: ^'x^'\";x=1,\"2,3\";RSVP;ROLE=CHAIR:mailto:a@b");
        assert_eq!(line.name, "ATTENDEE");
        assert_eq!(line.parameter("CN"), Some("Doe; Ada: \"x\""));
        assert_eq!(line.parameters[1], ("X".to_owned(), vec!["1".to_owned(), "2,3".to_owned()]));
        assert_eq!(line.parameter("RSVP"), None);
        assert!(line.has("ROLE", "chair"));
        assert_eq!(line.value, "mailto:a@b");
        assert_eq!(parsed("DTSTART;TZID=\"\":20260101").parameter("TZID"), None);
        for text in ["", "x", ":x", "a b:c", "A;B=\"c", "A;B=c", "A;B", ";A=b:c"] {
            assert_eq!(Line::parse(1, text), None, "{text}");
        }
    }

    #[test]
    fn escapes_are_undone_and_what_is_none_stays() {
        assert_eq!(unescape(r"a\, b\; c\\n \n\N\x \"), "a, b; c\\n \n\n\\x \\");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_no_line_is_long(text in "\\PC{0,200}", name in "\\PC{0,100}") {
            let mut lines = Lines::default();
            lines.raw(&format!("X;CN={}:{}", quoted(&name), escape(&text)));
            let written = lines.into_string();
            for line in written.split("\r\n") {
                prop_assert!(line.len() <= MOST_OCTETS);
            }
            let unfolded = unfold(written.as_bytes());
            prop_assert_eq!(unfolded.len(), 1);
            let line = parsed(std::str::from_utf8(&unfolded[0].1).unwrap());
            prop_assert_eq!(line.text(), text);
            prop_assert_eq!(line.parameter("CN").unwrap_or_default(), name.trim());
        }

        #[test]
        fn no_text_makes_a_line_of_its_own(text in any::<String>()) {
            let mut lines = Lines::default();
            lines.text("A", &text);
            lines.uri("B", &text);
            lines.raw(&format!("C;CN={}:", quoted(&text)));
            prop_assert_eq!(unfold(lines.into_string().as_bytes()).len(), 3);
        }
    }
}
