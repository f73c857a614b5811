//! Patterns of Lua's that names of rooms match.

use std::str::FromStr;

/// A pattern of Lua's that names of rooms match as a whole: 1 to 200 characters, no controls, no captures, and at most one
/// of `*`, `+`, `-` and `?`.
///
/// Source: `Util:verify_room` matches it in Prosody's only thread, before it looks at the tenant. Each repetition
/// multiplies what that may take by the length of the name, which is up to its holder: with three, a name of 200 letters
/// takes seconds, and with twenty a server stands still.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct LuaPattern(String);

/// It can't be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LuaPatternError {
    /// It is empty, too long, or has controls.
    #[error("a pattern has 1 to {} characters, and no control characters", LuaPattern::MAX_CHARS)]
    Length,
    /// Prosody would raise an error.
    #[error(
        "this is no pattern of Lua's: a `%` or a `[` is not finished, or a repetition has nothing to repeat"
    )]
    Malformed,
    /// It would be another thing than a name that matches.
    #[error("a pattern can't have captures, `%b` or `%f`; before `(` and `)` write `%`")]
    Capture,
    /// Matching it could take for ever.
    #[error(
        "a pattern has one of `*`, `+`, `-` and `?` at the most: before one that is meant as it stands write `%`"
    )]
    Repetitions,
}

impl LuaPattern {
    /// The most characters.
    pub const MAX_CHARS: usize = 200;

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LuaPattern {
    type Err = LuaPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !(1..=Self::MAX_CHARS).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(LuaPatternError::Length);
        }
        check(text.strip_prefix('^').unwrap_or(text))?;
        Ok(Self(text.to_owned()))
    }
}

fn check(pattern: &str) -> Result<(), LuaPatternError> {
    let mut rest = pattern.chars();
    let mut repetitions = 0;
    let mut repeatable = false;
    while let Some(c) = rest.next() {
        match c {
            '%' => escaped(rest.next())?,
            '[' => set(&mut rest)?,
            '(' | ')' => return Err(LuaPatternError::Capture),
            '*' | '+' | '-' | '?' if !repeatable => return Err(LuaPatternError::Malformed),
            '*' | '+' | '-' | '?' => repetitions += 1,
            _ => {}
        }
        repeatable = !matches!(c, '*' | '+' | '-' | '?');
    }
    if repetitions > 1 { Err(LuaPatternError::Repetitions) } else { Ok(()) }
}

/// What comes after a `%`: a class, or a sign that is meant as it stands.
fn escaped(c: Option<char>) -> Result<(), LuaPatternError> {
    match c {
        Some('b' | 'f') => Err(LuaPatternError::Capture),
        Some(c) if "acdglpsuwxACDGLPSUWX".contains(c) || c.is_ascii_punctuation() => Ok(()),
        _ => Err(LuaPatternError::Malformed),
    }
}

/// The rest of a set, to its end. A `]` that comes first belongs to it.
fn set(rest: &mut std::str::Chars<'_>) -> Result<(), LuaPatternError> {
    let mut first = true;
    while let Some(c) = rest.next() {
        match c {
            '^' if first => continue,
            ']' if !first => return Ok(()),
            '%' => escaped(rest.next())?,
            _ => {}
        }
        first = false;
    }
    Err(LuaPatternError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_one_that_prosody_matches_quickly() {
        for good in ["ward%-%d+", "^ward.$", "[a-z%d]*", "[]x]", "[^]]+", "%%", "a%.b", ".-"] {
            assert_eq!(
                good.parse::<LuaPattern>().map(|pattern| pattern.as_str().to_owned()).as_deref(),
                Ok(good)
            );
        }
        let long = "a".repeat(201);
        for (bad, error) in [
            ("", LuaPatternError::Length),
            (long.as_str(), LuaPatternError::Length),
            ("a\n", LuaPatternError::Length),
            ("*", LuaPatternError::Malformed),
            ("^*", LuaPatternError::Malformed),
            ("%", LuaPatternError::Malformed),
            ("a%", LuaPatternError::Malformed),
            ("%z", LuaPatternError::Malformed),
            ("[a", LuaPatternError::Malformed),
            ("[]", LuaPatternError::Malformed),
            ("a**", LuaPatternError::Malformed),
            ("(a)", LuaPatternError::Capture),
            ("%bxy", LuaPatternError::Capture),
            ("%f[a]", LuaPatternError::Capture),
            (".-.-", LuaPatternError::Repetitions),
            ("a?a?", LuaPatternError::Repetitions),
        ] {
            assert_eq!(bad.parse::<LuaPattern>(), Err(error), "{bad}");
        }
    }
}
