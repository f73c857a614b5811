//! What can be wrong with a configuration, and how to say it.
//!
//! Not in here: finding the problems (`reader`). No message holds the value of
//! a secret or of an unknown key, which may be a secret under a misspelt name.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

/// Everything that is wrong with the configuration, all at once.
#[derive(Debug, thiserror::Error)]
#[error("{}", Report(problems))]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) const fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// The problems: the file, then each setting in order, then what is unknown.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The configuration file or the file of a secret cannot be read.
    #[error("{origin}: cannot read the file `{}`: {source}", path.display())]
    Unreadable {
        /// Who named the file.
        origin: Origin,
        /// The file.
        path: PathBuf,
        /// Why it cannot be read; text that is not UTF-8 included.
        source: io::Error,
    },
    /// The configuration file is not TOML.
    #[error("file `{}`, line {line}, column {column}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
        /// What the TOML parser expected.
        message: String,
    },
    /// A key, variable or flag that no setting declares.
    #[error("{origin}: there is no such setting{}", Hint(nearest.as_ref()))]
    Unknown {
        /// Where it stands.
        origin: Origin,
        /// The known name that looks most like it, if any does.
        nearest: Option<String>,
    },
    /// A value that its setting does not take.
    #[error("{origin}: expected {expected}, found {found}")]
    BadValue {
        /// Where it stands.
        origin: Origin,
        /// What the setting takes.
        expected: &'static str,
        /// What is there; never the value of a secret.
        found: Found,
    },
    /// A secret and the file of the same secret, both in one place.
    #[error("{first} and {second} exclude each other: keep one of them")]
    Both {
        /// The secret itself.
        first: Origin,
        /// The file that holds it.
        second: Origin,
    },
    /// Of two settings that need each other, only one.
    #[error("`{there}` needs `{missing}` beside it")]
    Half {
        /// The key that is set.
        there: &'static str,
        /// The key that is not, or has a bad value.
        missing: &'static str,
    },
}

impl Problem {
    pub(super) fn unreadable(origin: &Origin, path: &Path, source: io::Error) -> Self {
        Self::Unreadable { origin: origin.clone(), path: path.to_owned(), source }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line, without its dashes.
    Flag(String),
    /// An environment variable.
    Variable(String),
    /// A key of the configuration file.
    Key {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// With its sections, joined by dots.
        key: String,
    },
    /// The place where the configuration file is looked for unasked.
    DefaultPath,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag `--{name}`"),
            Self::Variable(name) => write!(f, "variable `{name}`"),
            Self::Key { path, line, key } => {
                write!(f, "file `{}`, line {line}, key `{key}`", path.display())
            }
            Self::DefaultPath => f.write_str("configuration"),
        }
    }
}

/// What stands where a value was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The value as it was written.
    Text(String),
    /// A TOML array or table.
    Kind(&'static str),
    /// Bytes that are not UTF-8.
    NotUnicode,
    /// The value of a secret, which is not shown.
    Secret,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "`{}`", text.escape_debug()),
            Self::Kind(kind) => write!(f, "a TOML {kind}"),
            Self::NotUnicode => f.write_str("text that is not UTF-8"),
            Self::Secret => f.write_str("something else (a secret, not shown)"),
        }
    }
}

struct Report<'a>(&'a [Problem]);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [only] => write!(f, "the configuration has a problem: {only}"),
            many => {
                write!(f, "the configuration has {} problems:", many.len())?;
                many.iter().try_for_each(|one| write!(f, "\n  - {one}"))
            }
        }
    }
}

struct Hint<'a>(Option<&'a String>);

impl fmt::Display for Hint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

/// The known name that takes the fewest edits from `name`, at most one in
/// three characters; case does not count.
pub(super) fn nearest(name: &str, known: &[&str]) -> Option<String> {
    let name = name.to_lowercase();
    let candidates = known.iter().map(|known| (edits(&name, &known.to_lowercase()), *known));
    let close = candidates.filter(|(edits, known)| *edits <= known.chars().count().div_ceil(3));
    close.min_by_key(|(edits, _)| *edits).map(|(_, known)| known.to_owned())
}

/// The Levenshtein distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
