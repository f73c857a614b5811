//! A configuration file with every setting in it, to start from.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{SettingDoc, describe};

/// A TOML file with every setting, each switched off by a `#` and at its default.
#[must_use]
pub fn example() -> String {
    let mut text = String::from(
        "# Frontdesk's settings. Take the # away from what you change; what is left out has its default.\n",
    );
    let settings = describe();
    let (sections, top): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.key.contains('.'));
    for setting in top {
        entry(&mut text, &setting.key, setting);
    }
    let mut begun = BTreeSet::new();
    for setting in sections {
        let (section, key) = setting.key.split_once('.').unwrap_or(("", &setting.key));
        if begun.insert(section) {
            _ = write!(text, "\n[{section}]\n");
        }
        entry(&mut text, key, setting);
    }
    text
}

/// One setting. Of a section, all come together in the declarations.
fn entry(text: &mut String, key: &str, setting: &SettingDoc) {
    let is_bare = |text: &str| text.parse::<u32>().is_ok() || text.parse::<bool>().is_ok();
    let default = match setting.default {
        Some(default) if is_bare(default) => default.to_owned(),
        Some(default) => format!("{default:?}"),
        None => "…".to_owned(),
    };
    let form = setting.form().map_or_else(String::new, |form| format!(":\n# {form}"));
    _ = write!(text, "\n# {}{form}\n#{key} = {default}\n", setting.help);
}
