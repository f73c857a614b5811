//! Jitsi's web application: what in its configuration leads past Prosody.

use std::borrow::Cow;
use std::path::Path;

use regex::{Captures, Regex};

use super::finding::{Check, Finding, Findings};
use crate::prosody::config::small_file;

/// Requests by HTTP go to Jicofo, past Prosody.
pub fn examine(path: &Path, all: &mut Vec<Finding>) {
    let mut found = Findings::about(path.display().to_string(), all);
    match small_file(path).map(|text| String::from_utf8_lossy(&text).into_owned()) {
        Ok(text) => found.require(
            Check::ConferenceRequest,
            !without_comments(&text).contains("conferenceRequestUrl"),
            "people ask Prosody, not Jicofo by HTTP",
            "conferenceRequestUrl is set: requests go to Jicofo by HTTP, past Prosody and Frontdesk",
            "take conferenceRequestUrl away",
        ),
        Err(error) => {
            found.error(Check::ConferenceRequest, error.to_string(), "name a file that can be read");
        }
    }
}

/// JavaScript without its comments. What looks like one in a string is none.
fn without_comments(text: &str) -> Cow<'_, str> {
    let pattern = r#""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|//[^\n]*|(?s:/\*.*?\*/)"#;
    let pattern = Regex::new(pattern).expect("it is a good pattern");
    pattern.replace_all(text, |found: &Captures<'_>| {
        let found = &found[0];
        if found.starts_with('/') { String::new() } else { found.to_owned() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_in_a_comment_is_not_set_and_one_behind_an_address_is() {
        let is_set = |text: &str| without_comments(text).contains("conferenceRequestUrl");
        for unset in [
            "// conferenceRequestUrl: 'x'",
            "a /* conferenceRequestUrl */ b",
            "x: 'http://y' // conferenceRequestUrl",
        ] {
            assert!(!is_set(unset), "{unset}");
        }
        for set in [
            "conferenceRequestUrl: 'x'",
            "bosh: '//m/http-bind', conferenceRequestUrl: 'x'",
            "a: 'it\\'s // ', conferenceRequestUrl",
        ] {
            assert!(is_set(set), "{set}");
        }
    }
}
