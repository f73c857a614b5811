//! The configuration file: TOML flattened to dotted keys, with their lines.
//!
//! Not in here: what the keys mean and which exist (`reader`).

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::problem::{Origin, Problem};

/// The keys of a configuration file; none if there is no file.
#[derive(Debug, Default)]
pub(super) struct ConfigFile {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

/// One key's value, which may be a secret, and its line.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) value: Result<SecretString, &'static str>,
}

impl ConfigFile {
    /// Reads the file at `path`, which `origin` names. No file is fine if nobody does.
    ///
    /// # Errors
    /// The file cannot be read, or is not TOML.
    pub(super) fn read(origin: &Origin, path: &Path) -> Result<Self, Vec<Problem>> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) if *origin == Origin::DefaultPath && error.kind() == io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            Err(source) => Err(vec![Problem::unreadable(origin, path, source)]),
        }
    }

    /// Parses the text of the file at `path`.
    ///
    /// # Errors
    /// Every syntax error that the parser can tell apart.
    fn parse(path: &Path, text: &str) -> Result<Self, Vec<Problem>> {
        let (table, mut errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            let mut file = Self { path: path.to_owned(), entries: BTreeMap::new() };
            file.flatten("", table.get_ref(), text);
            return Ok(file);
        }
        let start = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
        errors.sort_by_key(start);
        let problem = |error: &toml::de::Error| {
            let (line, column) = position(text, start(error));
            let message = error.message().to_owned();
            Problem::Syntax { path: path.to_owned(), line, column, message }
        };
        Err(errors.iter().map(problem).collect())
    }

    fn flatten(&mut self, prefix: &str, table: &DeTable<'_>, text: &str) {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) if !inner.is_empty() => {
                    self.flatten(&format!("{key}."), inner, text);
                }
                scalar => {
                    let (line, _) = position(text, Spanned::span(name).start);
                    self.entries.insert(key, Entry { line, value: scalar_text(scalar) });
                }
            }
        }
    }

    /// Takes a key's value out; what is left in the end is unknown.
    pub(super) fn take(&mut self, key: &str) -> Option<(Origin, Entry)> {
        let entry = self.entries.remove(key)?;
        Some((self.origin(key, entry.line), entry))
    }

    /// The keys that nobody took, in the file's order. A section that exists may be empty.
    pub(super) fn unknown(&self, known: &[&str]) -> Vec<(&str, Origin)> {
        let is_section = |key: &str, entry: &Entry| {
            let holds = |name: &&str| name.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
            entry.value.as_ref().is_err_and(|kind| *kind == "table") && known.iter().any(holds)
        };
        let mut unknown: Vec<_> =
            self.entries.iter().filter(|(key, entry)| !is_section(key, entry)).collect();
        unknown.sort_by_key(|(_, entry)| entry.line);
        unknown.into_iter().map(|(key, entry)| (key.as_str(), self.origin(key, entry.line))).collect()
    }

    fn origin(&self, key: &str, line: usize) -> Origin {
        Origin::Key { path: self.path.clone(), line, key: key.to_owned() }
    }
}

/// The value as it would stand in a variable, or the name of a kind that could not.
fn scalar_text(value: &DeValue<'_>) -> Result<SecretString, &'static str> {
    match value {
        DeValue::String(text) => Ok(text.as_ref().into()),
        DeValue::Integer(number) => Ok(number.to_string().into()),
        DeValue::Float(number) => Ok(number.to_string().into()),
        DeValue::Boolean(flag) => Ok(flag.to_string().into()),
        DeValue::Datetime(time) => Ok(time.to_string().into()),
        DeValue::Array(_) => Err("array"),
        DeValue::Table(_) => Err("table"),
    }
}

/// Line and column (in characters) of a byte offset, both counted from 1.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
