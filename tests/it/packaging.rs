//! What the Debian package says of the program it brings, and what the image is built from.

use std::fs;
use std::path::Path;

use frontdesk::config;
use toml::{Table, Value};

const SETTINGS: &str = include_str!("../../packaging/debian/frontdesk.toml");
const CHANGELOG: &str = include_str!("../../packaging/debian/changelog");

/// The file with every setting in force: `#listen = …` without its `#`.
fn uncommented() -> Table {
    let lines = SETTINGS.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n").parse().unwrap()
}

/// The keys with their values, as the documentation writes both.
fn flat(table: &Table) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let of_key = |(key, value): (&String, &Value)| match value {
        Value::Table(section) => {
            flat(section).into_iter().map(|(inner, value)| (format!("{key}.{inner}"), value)).collect()
        }
        value => vec![(key.clone(), text(value))],
    };
    table.iter().flat_map(of_key).collect()
}

#[test]
fn the_packaged_file_of_settings_names_each_with_its_default_and_its_meaning() {
    let written = flat(&uncommented());
    let known = config::describe();
    for (key, _) in &written {
        assert!(known.iter().any(|setting| setting.key == *key), "there is no setting `{key}`");
    }
    for setting in known {
        let value = written.iter().find(|(key, _)| *key == setting.key).map(|(_, value)| value.as_str());
        assert!(value.is_some(), "`{}` is missing", setting.key);
        if setting.default.is_some() {
            assert_eq!(value, setting.default, "{}", setting.key);
        }
        let meaning = format!("\n# {}\n", setting.help);
        assert!(SETTINGS.contains(&meaning), "`{}` is explained otherwise", setting.key);
    }
}

#[test]
fn the_packaged_changelog_begins_with_this_version() {
    let first = format!("frontdesk ({}-", env!("CARGO_PKG_VERSION"));
    assert!(CHANGELOG.starts_with(&first), "{first}");
}

#[test]
fn the_image_is_built_from_all_that_the_program_includes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let let_in = fs::read_to_string(root.join(".dockerignore")).unwrap();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            for included in text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let included = folder.join(included).canonicalize().unwrap();
                let top = included.strip_prefix(root).unwrap().iter().next().unwrap().to_str().unwrap();
                let line = format!("!{top}");
                assert!(let_in.lines().any(|known| known == line), "{} needs `{line}`", path.display());
            }
        }
    }
}
