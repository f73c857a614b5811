//! The components of a file: lines between `BEGIN` and `END`, and components within them.

use super::line::{Line, unfold};

/// Why a file can't be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is too large.
    #[error("a calendar file has at most {} bytes", super::MAX_BYTES)]
    TooLarge,
    /// It is something else.
    #[error("this is not an iCalendar file: it does not begin with `BEGIN:VCALENDAR`")]
    NotACalendar,
    /// It stops in the middle.
    #[error("the file is not complete: the `{name}` of line {line} has no end")]
    NotComplete {
        /// The component that was begun.
        name: String,
        /// Where.
        line: usize,
    },
    /// Begins and ends don't fit.
    #[error("line {line} ends a `{name}` that was not begun")]
    EndWithoutBegin {
        /// What was ended.
        name: String,
        /// Where.
        line: usize,
    },
    /// There is too much in each other.
    #[error("line {line} begins a component within {} others", super::MAX_DEPTH)]
    TooDeep {
        /// Where.
        line: usize,
    },
    /// There is too much.
    #[error("a calendar file has at most {} components", super::MAX_COMPONENTS)]
    TooManyComponents,
    /// It is not in UTF-8.
    #[error("line {line} is not UTF-8: save the file in that encoding")]
    NotUtf8 {
        /// Where.
        line: usize,
    },
}

/// A component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Component {
    /// In capitals.
    pub(super) name: String,
    /// Where it begins in the file.
    pub(super) line: usize,
    pub(super) lines: Vec<Line>,
    pub(super) within: Vec<Component>,
    /// The lines in it that are no content lines.
    pub(super) broken: Vec<(usize, String)>,
}

impl Component {
    fn new(name: String, line: usize) -> Self {
        Self { name, line, lines: Vec::new(), within: Vec::new(), broken: Vec::new() }
    }

    /// The first property of that name that is not empty.
    pub(super) fn first(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.is(name))
    }

    /// The properties of that name that are not empty.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.is(name))
    }
}

/// The calendars of a file. There is mostly one.
///
/// Works through the lines with a stack of its own, so that no nesting can exhaust the thread's.
pub(super) fn calendars(file: &[u8]) -> Result<Vec<Component>, FileError> {
    if file.len() > super::MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    let mut calendars = Vec::new();
    let mut open: Vec<Component> = Vec::new();
    let mut count = 0;
    for (number, bytes) in unfold(file) {
        let text = String::from_utf8(bytes).map_err(|_| FileError::NotUtf8 { line: number })?;
        let keyword = |keyword: &str| {
            let (name, value) = text.split_once(':')?;
            name.trim().eq_ignore_ascii_case(keyword).then(|| value.trim().to_ascii_uppercase())
        };
        if let Some(name) = keyword("BEGIN") {
            if open.is_empty() && name != "VCALENDAR" {
                return Err(FileError::NotACalendar);
            }
            count += 1;
            if count > super::MAX_COMPONENTS {
                return Err(FileError::TooManyComponents);
            }
            if open.len() == super::MAX_DEPTH {
                return Err(FileError::TooDeep { line: number });
            }
            open.push(Component::new(name, number));
        } else if let Some(name) = keyword("END") {
            let ended = open.pop().filter(|component| component.name == name);
            let ended = ended.ok_or(FileError::EndWithoutBegin { name, line: number })?;
            match open.last_mut() {
                Some(around) => around.within.push(ended),
                None => calendars.push(ended),
            }
        } else if let Some(component) = open.last_mut() {
            match Line::parse(number, &text) {
                Some(line) => component.lines.push(line),
                None => component.broken.push((number, text)),
            }
        } else if calendars.is_empty() && !text.trim().is_empty() {
            return Err(FileError::NotACalendar);
        }
    }
    match open.pop() {
        Some(Component { name, line, .. }) => Err(FileError::NotComplete { name, line }),
        None if calendars.is_empty() => Err(FileError::NotACalendar),
        None => Ok(calendars),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_tree() {
        let file = b"begin:vcalendar\nBEGIN:VEVENT\nUID:1\nno line\nSUMMARY:\nBEGIN:VALARM\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n\n";
        let calendars = calendars(file).expect("a calendar");
        let [calendar] = calendars.as_slice() else { panic!("{calendars:?}") };
        let event = &calendar.within[0];
        assert_eq!((event.name.as_str(), event.line, event.within.len()), ("VEVENT", 2, 1));
        assert_eq!(event.broken, [(4, "no line".to_owned())]);
        assert_eq!(event.first("UID").map(|line| line.value.as_str()), Some("1"));
        assert_eq!(event.first("SUMMARY"), None);
    }

    #[test]
    fn what_is_no_calendar_is_told() {
        let said = |file: &[u8]| calendars(file).expect_err("no calendar").to_string();
        let not = "this is not an iCalendar file: it does not begin with `BEGIN:VCALENDAR`";
        for file in ["", "<html>", "BEGIN:VCARD\nEND:VCARD\n", "UID:1\nBEGIN:VCALENDAR\nEND:VCALENDAR"] {
            assert_eq!(said(file.as_bytes()), not);
        }
        let open = "the file is not complete: the `VEVENT` of line 2 has no end";
        assert_eq!(said(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n"), open);
        let crossed = "line 3 ends a `VCALENDAR` that was not begun";
        assert_eq!(said(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n"), crossed);
        assert_eq!(
            said(b"BEGIN:VCALENDAR\nA:\xff\nEND:VCALENDAR"),
            "line 2 is not UTF-8: save the file in that encoding"
        );
    }

    #[test]
    fn a_file_has_bounds() {
        assert_eq!(calendars(&vec![b' '; super::super::MAX_BYTES + 1]), Err(FileError::TooLarge));
        let deep = "BEGIN:VCALENDAR\n".repeat(100_000);
        assert_eq!(calendars(deep.as_bytes()), Err(FileError::TooDeep { line: super::super::MAX_DEPTH + 1 }));
        let many = "BEGIN:VEVENT\nEND:VEVENT\n".repeat(super::super::MAX_COMPONENTS);
        let many = format!("BEGIN:VCALENDAR\n{many}END:VCALENDAR\n");
        assert_eq!(calendars(many.as_bytes()), Err(FileError::TooManyComponents));
    }
}
