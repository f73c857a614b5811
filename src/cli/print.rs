//! What commands print.

use std::error::Error;
use std::fmt::Arguments;
use std::io::{self, BufWriter, Write as _};
use std::slice;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Done;
use crate::reservation::plain;
use crate::telemetry::with_sources;

/// How a command prints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// JSON instead of text.
    pub json: bool,
}

impl Output {
    /// Prints one thing.
    pub fn one(self, thing: &impl Serialize) -> Done {
        let value = serde_json::to_value(thing)?;
        if self.json {
            say(format_args!("{value:#}"));
        } else {
            say(format_args!("{}", blocks(slice::from_ref(&value))));
        }
        Ok(())
    }

    /// Prints one thing, and below it those of its fields that are files, as they are: to be copied into one.
    pub fn one_with_files<const N: usize>(self, thing: &impl Serialize, files: [&str; N]) -> Done {
        let mut value = serde_json::to_value(thing)?;
        if self.json {
            return self.one(&value);
        }
        let files =
            files.map(|name| (name, value.as_object_mut().and_then(|fields| fields.shift_remove(name))));
        self.one(&value)?;
        for (name, text) in files {
            if let Some(Value::String(text)) = text {
                say(format_args!("\n{name}\n{}", text.trim_end()));
            }
        }
        Ok(())
    }

    /// Says what to do next; only to people.
    pub fn hint(self, text: &str) {
        if !self.json {
            say(format_args!("\n{text}"));
        }
    }

    /// Prints several things of a kind.
    pub fn list(self, things: &[impl Serialize]) -> Done {
        let value = serde_json::to_value(things)?;
        if self.json {
            say(format_args!("{value:#}"));
            return Ok(());
        }
        match value.as_array() {
            Some(things) if !things.is_empty() => say(format_args!("{}", blocks(things))),
            _ => say(format_args!("none")),
        }
        Ok(())
    }
}

/// Things as lines of names and values, all in the same columns; what is absent is left out.
fn blocks(things: &[Value]) -> String {
    let names = things.iter().filter_map(Value::as_object).flat_map(there).map(|(name, _)| name.len());
    let width = names.max().unwrap_or(0);
    things.iter().map(|thing| block(thing, width)).collect::<Vec<_>>().join("\n\n")
}

fn there(fields: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    fields.iter().filter(|(_, value)| !value.is_null())
}

/// A thing, its values after names of such a width. Of several things below one name each has a line.
fn block(value: &Value, width: usize) -> String {
    let Value::Object(fields) = value else {
        return text(value);
    };
    let lines = there(fields).map(|(name, value)| match value {
        Value::Array(things) if things.iter().any(Value::is_object) => {
            let things: Vec<String> = things.iter().map(text).collect();
            format!("{name:width$}  {}", things.join(&format!("\n{:width$}  ", "")))
        }
        value => format!("{name:width$}  {}", text(value)),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn text(value: &Value) -> String {
    match value {
        // What people wrote must not drive the terminal.
        Value::String(text) => plain(text),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            there(fields).map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

/// Prints a line. Nobody may be listening any more, as in `frontdesk … | head`: that is no failure.
pub(super) fn say(line: Arguments<'_>) {
    _ = writeln!(io::stdout(), "{line}");
}

/// Prints things as JSON, one per line. Here it is a failure where they can't be written: somebody keeps them.
pub(super) fn lines(things: impl Iterator<Item = impl Serialize>) -> Done {
    let mut output = BufWriter::new(io::stdout().lock());
    for thing in things {
        serde_json::to_writer(&mut output, &thing)?;
        output.write_all(b"\n")?;
    }
    Ok(output.flush()?)
}

/// Prints a file as it is. It is a failure where it can't be written: somebody keeps it.
pub(super) fn file(text: &str) -> Done {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    Ok(output.flush()?)
}

/// Prints an error with its sources.
pub(super) fn complain(error: &dyn Error) {
    _ = writeln!(io::stderr(), "frontdesk: {}", with_sources(error));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_column_is_as_wide_as_the_widest_name_that_is_shown() {
        let app = json!({ "id": 1, "name": "office", "credential_expires_at": null });
        assert_eq!(blocks(slice::from_ref(&app)), "id    1\nname  office");
        let timetable = json!({ "id": 2, "expires_at": "2026-12-01" });
        assert_eq!(
            blocks(&[app, timetable]),
            "id          1\nname        office\n\nid          2\nexpires_at  2026-12-01"
        );
    }
}
