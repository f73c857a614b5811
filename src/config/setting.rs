//! One setting: which layer it is taken from, and its value.
//!
//! Not in here: the types of values (`value`).

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::{
    SettingDoc,
    problem::{Found, Origin, Problem},
    reader::{Raw, Reader},
    value::Value,
};

/// A setting that was declared and not read yet.
#[must_use]
pub(super) struct Setting<'a> {
    reader: &'a mut Reader,
    doc: SettingDoc,
    other_variable: Option<&'static str>,
}

/// What one layer has: from where, the text, and whether that is a secret's file's name.
type Layered = (Origin, Result<SecretString, Found>, bool);

impl<'a> Setting<'a> {
    pub(super) const fn new(reader: &'a mut Reader, doc: SettingDoc) -> Self {
        Self { reader, doc, other_variable: None }
    }

    /// Names a variable without our prefix that is read where ours is not set.
    pub(super) const fn or_variable(mut self, name: &'static str) -> Self {
        self.other_variable = Some(name);
        self
    }

    /// The value. A bad one is noted, and the default handed out in its place.
    pub(super) fn parse<T: Value>(self) -> T {
        let default = self.doc.default.and_then(T::parse);
        let value = self.parse_optional();
        value.or(default).expect("a setting's own default is a good value")
    }

    /// The value, if any layer has one. A bad one is noted.
    pub(super) fn parse_optional<T: Value>(mut self) -> Option<T> {
        let secret = self.doc.secret;
        self.reader.expect(&self.doc.key, T::EXPECTED);
        let (origin, found) = self.strongest()?;
        let found = match found {
            Ok(text) => match T::parse(text.expose_secret()) {
                Some(value) => return Some(value),
                None if secret => Found::Secret,
                None => Found::Text(text.expose_secret().to_owned()),
            },
            Err(found) => found,
        };
        self.reader.problems.push(Problem::BadValue { origin, expected: T::EXPECTED, found });
        None
    }

    /// Takes the setting out of all layers, and hands out the strongest.
    fn strongest(&mut self) -> Option<Raw> {
        let SettingDoc { key, variable, .. } = self.doc.clone();
        let flag = self.layer(&key, "_file", Reader::take_flag);
        let ours = self.layer(&variable, "_FILE", Reader::take_variable);
        let others = self.other_variable.and_then(|name| self.layer(name, "_FILE", Reader::take_variable));
        let file = self.layer(&key, "_file", Reader::take_key);
        let (origin, found, in_a_file) = flag.or(ours).or(others).or(file)?;
        match found {
            Ok(path) if in_a_file => self.read_secret(origin, Path::new(path.expose_secret())),
            Err(found) if in_a_file => {
                self.reader.problems.push(Problem::BadValue { origin, expected: PathBuf::EXPECTED, found });
                None
            }
            found => Some((origin, found)),
        }
    }

    /// What one layer has under `name`, or for a secret under `name` and `suffix`.
    fn layer(
        &mut self,
        name: &str,
        suffix: &str,
        take: fn(&mut Reader, &str) -> Option<Raw>,
    ) -> Option<Layered> {
        let direct = take(self.reader, name);
        let in_a_file = self.doc.secret.then(|| take(self.reader, &format!("{name}{suffix}"))).flatten();
        if let (Some((first, _)), Some((second, _))) = (&direct, &in_a_file) {
            let both = Problem::Both { first: first.clone(), second: second.clone() };
            self.reader.problems.push(both);
        }
        let direct = direct.map(|(origin, text)| (origin, text, false));
        direct.or(in_a_file.map(|(origin, text)| (origin, text, true)))
    }

    /// The contents of a secret's file, without one newline at the end.
    fn read_secret(&mut self, origin: Origin, path: &Path) -> Option<Raw> {
        match std::fs::read_to_string(path).map(SecretString::from) {
            Ok(text) => {
                let text = text.expose_secret();
                let text = text.strip_suffix('\n').unwrap_or(text);
                Some((origin, Ok(text.strip_suffix('\r').unwrap_or(text).into())))
            }
            Err(source) => {
                self.reader.problems.push(Problem::unreadable(&origin, path, source));
                None
            }
        }
    }
}
