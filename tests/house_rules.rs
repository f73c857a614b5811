//! The rules of the house, as far as they can be read off the source.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each part of `src` may import of ours. `main` and `cli` may import everything.
const IMPORTS: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("credential", &[]),
    ("metrics", &[]),
    ("seal", &[]),
    ("reservation", &["seal"]),
    ("ical", &["reservation"]),
    ("signing", &["reservation"]),
    ("token", &["reservation", "signing"]),
    ("config", &["reservation"]),
    ("telemetry", &["config"]),
    ("texts", &["reservation"]),
    ("store", &["credential", "reservation", "seal", "signing", "token"]),
    ("database", &["config", "store"]),
    ("refusal_log", &["database", "store"]),
    (
        "app",
        &[
            "clock",
            "config",
            "credential",
            "database",
            "metrics",
            "refusal_log",
            "reservation",
            "seal",
            "signing",
            "store",
        ],
    ),
    (
        "actions",
        &[
            "app",
            "clock",
            "config",
            "credential",
            "database",
            "ical",
            "metrics",
            "reservation",
            "seal",
            "signing",
            "store",
            "texts",
            "token",
        ],
    ),
    ("background", &["actions", "app", "config", "store"]),
    ("prosody", &["reservation"]),
    (
        "doctor",
        &["app", "clock", "config", "credential", "prosody", "reservation", "store", "telemetry", "token"],
    ),
    (
        "api",
        &[
            "actions",
            "app",
            "config",
            "credential",
            "database",
            "http",
            "ical",
            "reservation",
            "signing",
            "store",
            "telemetry",
            "token",
            "view",
        ],
    ),
    ("view", &["actions", "credential", "reservation", "seal", "signing", "store", "token"]),
    (
        "dialect",
        &[
            "actions",
            "api",
            "app",
            "credential",
            "http",
            "metrics",
            "reservation",
            "signing",
            "telemetry",
            "token",
            "view",
        ],
    ),
    ("join", &["actions", "app", "credential", "http", "reservation", "store", "telemetry", "texts"]),
    ("tls", &["config", "telemetry"]),
    ("http", &["actions", "app", "config", "reservation", "signing", "store", "telemetry"]),
    ("server", &["actions", "api", "app", "config", "dialect", "http", "join", "telemetry", "tls"]),
];

/// Where the checked macros, and with them SQL, may stand.
const SQL: &str = "src/store/";

/// Statements about connections and schemas, not about our tables.
const CONNECTION_SQL: [&str; 2] = ["src/database/pools.rs", "src/database/migrate.rs"];

const MOST_LINES: usize = 400;

/// Every Rust file below `folder`, with its text.
fn sources(folder: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(path.clone(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(found.len() > 1, "no sources in {folder}");
    found
}

/// The part of the house that a file belongs to: `store` for `src/store/tenants.rs`.
fn part(path: &Path) -> String {
    let first = path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The parts that a text names after `crate::`.
fn imported(text: &str) -> Vec<&str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap())
        .collect()
}

#[test]
fn imports_point_one_way() {
    let allowed: BTreeMap<_, _> = IMPORTS.iter().copied().collect();
    for (path, text) in sources("src") {
        let part = part(&path);
        if ["main", "lib", "cli"].contains(&part.as_str()) {
            continue;
        }
        let allowed = allowed.get(part.as_str()).unwrap_or_else(|| panic!("`{part}` is in no rule"));
        for import in imported(&text) {
            let fine = import == part || allowed.contains(&import);
            assert!(fine, "{} imports `{import}`", path.display());
        }
    }
}

#[test]
fn no_part_imports_what_imports_it() {
    let mut left: BTreeMap<_, _> = IMPORTS.iter().copied().collect();
    while !left.is_empty() {
        let free: Vec<_> =
            left.iter().filter(|(_, of)| !of.iter().any(|part| left.contains_key(part))).collect();
        let free: Vec<_> = free.into_iter().map(|(part, _)| *part).collect();
        assert!(!free.is_empty(), "a circle: {left:?}");
        left.retain(|part, _| !free.contains(part));
    }
}

#[test]
fn sql_stands_in_the_store() {
    for (path, text) in sources("src") {
        let name = path.to_str().unwrap();
        let has_macros =
            text.contains("sqlx::query!") || text.contains("query_as!") || text.contains("query_scalar!");
        assert!(!has_macros || name.starts_with(SQL), "{name} has a checked statement");
        let has_functions = text.contains("sqlx::query(")
            || text.contains("sqlx::query_as(")
            || text.contains("sqlx::query_as::<")
            || text.contains("sqlx::query_scalar(")
            || text.contains("sqlx::query_scalar::<")
            || text.lines().any(|line| line.starts_with("use sqlx::") && line.contains("query"));
        let private = name.starts_with("src/database/private/");
        let connection = CONNECTION_SQL.contains(&name) || private;
        assert!(!has_functions || connection, "{name} has a statement that nobody checks");
    }
}

#[test]
fn the_clock_is_read_in_one_place() {
    for (path, text) in sources("src") {
        let reads = text.contains("Utc::now()") || text.contains("SystemTime::now()");
        assert!(!reads || path.ends_with("clock.rs"), "{} reads the clock", path.display());
    }
    for (path, text) in sources("src/store") {
        let now = text.contains("now()") && !text.contains("clock_timestamp()");
        assert!(!now, "{} lets the database say what time it is", path.display());
    }
}

#[test]
fn files_are_small() {
    let all: BTreeMap<_, _> = ["src", "tests", "benches"].into_iter().flat_map(sources).collect();
    for (path, text) in &all {
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn every_file_of_tests_is_run() {
    for (path, _) in sources("tests/it") {
        let folder = path.parent().unwrap();
        // `mod.rs` is its folder's, and named in the folder above.
        let (name, above) = match path.file_stem().unwrap().to_str().unwrap() {
            "main" => continue,
            "mod" => (folder.file_name().unwrap().to_str().unwrap(), folder.parent().unwrap()),
            name => (name, folder),
        };
        let names = ["main.rs", "mod.rs"].iter().find_map(|file| fs::read_to_string(above.join(file)).ok());
        let named = names.is_some_and(|text| text.contains(&format!("mod {name};")));
        assert!(named, "{} is in no module", path.display());
    }
}

#[test]
fn every_file_says_what_it_is() {
    for (path, text) in ["src", "benches"].into_iter().flat_map(sources) {
        let submodule_of_tests = path.ends_with("tests.rs");
        assert!(text.starts_with("//!") || submodule_of_tests, "{} has no first words", path.display());
    }
}

#[test]
fn every_migration_says_why() {
    for entry in fs::read_dir("migrations").unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("-- why: "), "{} does not say why", path.display());
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    for (path, text) in sources("src") {
        for word in ["todo!(", "unimplemented!(", "FIXME", "XXX", "#[allow("] {
            assert!(!text.contains(word), "{} has `{word}`", path.display());
        }
    }
}
