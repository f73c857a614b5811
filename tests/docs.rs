//! The parts of `docs/` that follow from the code. `make docs` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::PathBuf;

use chrono::{TimeDelta, TimeZone as _, Utc};
use frontdesk::api::code::Code;
use frontdesk::config;
use frontdesk::doctor::Check;
use frontdesk::http::fault::Fault;
use frontdesk::reservation::wording::{Language, open_already};
use frontdesk::reservation::{NameError, Reason, Scope};
use regex::Regex;
use strum::{EnumMessage as _, IntoEnumIterator as _, VariantArray as _, VariantNames as _};

/// Holds a document to what the code says, between the two marks of that name.
fn hold(path: &str, name: &str, wanted: &str) {
    let (begin, end) =
        (format!("<!-- {name}: written by `make docs` -->\n"), format!("\n<!-- end of {name} -->"));
    let text = fs::read_to_string(path).unwrap();
    let (before, rest) = text.split_once(&begin).unwrap_or_else(|| panic!("{path} lacks `{begin}`"));
    let (found, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{path} lacks `{end}`"));
    if env::var_os("RENEW_DOCS").is_some() {
        fs::write(path, [before, &begin, wanted, &end, after].concat()).unwrap();
    } else {
        assert!(found == wanted, "{path} is not what the code says any more: run `make docs`");
    }
}

/// A Markdown table; no cell may end its column early.
fn table(head: [&str; 2], rows: impl Iterator<Item = [String; 2]>) -> String {
    let rows = rows.map(|[left, right]| format!("\n| {} | {} |", left, right.replace('|', "\\|")));
    format!("| {} | {} |\n|---|---|{}", head[0], head[1], rows.collect::<String>())
}

#[test]
fn the_settings_are_those_of_the_code() {
    let rows = config::describe().into_iter().map(|setting| {
        let default = setting.default.map_or_else(|| "none".to_owned(), |default| format!("`{default}`"));
        let form = setting.form().map_or_else(String::new, |form| format!("Value: {form}.<br>"));
        let mut help = setting.help.chars();
        let help: String = help.next().into_iter().flat_map(char::to_uppercase).chain(help).collect();
        [
            format!("`{}`<br>`{}`", setting.key, setting.variable),
            format!("{help}.<br>{form}Default: {default}"),
        ]
    });
    hold("docs/settings.md", "settings", &table(["key in the file, variable", "what it is"], rows));
    hold("docs/settings.md", "example", &format!("```toml\n{}```", config::example()));
}

#[test]
fn the_checks_of_the_doctor_are_those_of_the_code() {
    let rows = Check::iter()
        .map(|check| [format!("`{check}`"), check.get_documentation().unwrap_or_default().to_owned()]);
    hold("docs/doctor.md", "checks", &table(["code", "what has to be so"], rows));
}

#[test]
fn the_scopes_are_those_of_the_code() {
    let rows = Scope::iter()
        .map(|scope| [format!("`{scope}`"), scope.get_documentation().unwrap_or_default().to_owned()]);
    hold("docs/operations.md", "scopes", &table(["scope", "what it allows"], rows));
}

#[test]
fn each_problem_of_the_api_has_a_page() {
    let rows = Code::VARIANTS.iter().map(|code| {
        let meaning = format!("{} ({})", code.title(), code.status().as_u16());
        [format!("[`{code}`]({code}.md)"), meaning]
    });
    hold("docs/problems/README.md", "problems", &table(["code", "meaning, and status of the answer"], rows));
    let pages = Code::VARIANTS.iter().map(|code| (PathBuf::from(format!("docs/problems/{code}.md")), code));
    let pages: BTreeMap<_, _> = pages.map(|(path, code)| (path, page(*code))).collect();
    let renew = env::var_os("RENEW_DOCS").is_some();
    for (path, wanted) in &pages {
        if renew {
            fs::write(path, wanted).unwrap();
        }
        let found = fs::read_to_string(path).unwrap_or_default();
        assert!(found == *wanted, "{} is not what the code says: run `make docs`", path.display());
    }
    for path in fs::read_dir("docs/problems").unwrap().map(|entry| entry.unwrap().path()) {
        let known = pages.contains_key(&path) || path.ends_with("README.md");
        if !known && renew {
            fs::remove_file(&path).unwrap();
        }
        assert!(known || renew, "{} is about no problem: run `make docs`", path.display());
    }
}

/// What there is to say about a problem.
fn page(code: Code) -> String {
    let (title, status, help) = (code.title(), code.status(), code.help());
    format!(
        "<!-- written by `make docs` -->\n# {title}\n\nCode `{code}`, status {status}.\n\n{help}\n\n[All problems](README.md)\n"
    )
}

/// Every Markdown file of ours, with its text.
fn documents() -> BTreeMap<PathBuf, String> {
    let in_folder = |folder: &str| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = [".", "docs", "docs/problems", "migrations"].into_iter().flat_map(in_folder);
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    files.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
}

#[test]
fn links_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#:]*)(?:#([^)]*))?\)").unwrap();
    for (path, text) in documents() {
        for found in link.captures_iter(&text) {
            let target = path.parent().unwrap().join(&found[1]);
            let target = if found[1].is_empty() { path.clone() } else { target };
            assert!(target.exists(), "{}: {}", path.display(), &found[0]);
            let Some(wanted) = found.get(2) else { continue };
            let text = fs::read_to_string(target).unwrap();
            let mut headings = text.lines().filter(|line| line.starts_with('#'));
            let there = headings.any(|line| anchor(line.trim_start_matches('#').trim()) == wanted.as_str());
            assert!(there, "{}: {}", path.display(), &found[0]);
        }
    }
}

/// One of each sentence about a room, seen on the morning of 2 December 2026.
fn reasons() -> Vec<Reason> {
    let at = Utc.with_ymd_and_hms(2026, 12, 2, 8, 50, 0).unwrap();
    let later = Some(at + TimeDelta::days(1));
    let names = [NameError::Empty, NameError::TooLong, NameError::Control];
    let names = names.into_iter().chain([NameError::NotPrepared, NameError::Tenant]).map(Reason::BadName);
    let rooms = [
        Reason::UnknownRoom,
        Reason::TooEarly { opens_at: at },
        Reason::Over { reopens_at: None },
        Reason::Over { reopens_at: later },
        Reason::Cancelled { reopens_at: None },
        Reason::Cancelled { reopens_at: later },
        Reason::OccurrenceCancelled { reopens_at: later },
        Reason::TenantUnknown,
        Reason::TenantDisabled,
        Reason::NotYourTenant,
        Reason::Capacity,
        Reason::LiveElsewhere { respelled: false },
        Reason::LiveElsewhere { respelled: true },
        Reason::ServerDrained,
    ];
    rooms.into_iter().chain(names).collect()
}

#[test]
fn every_reason_stands_in_the_document_with_its_sentences() {
    let text = fs::read_to_string("docs/reasons.md").unwrap();
    let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let documented: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let codes = Reason::VARIANTS.iter().chain(Fault::VARIANTS).copied().chain(["open_already"]).collect();
    assert_eq!(documented, codes);

    let now = Utc.with_ymd_and_hms(2026, 12, 2, 7, 0, 0).unwrap();
    let reasons = reasons();
    let shown: BTreeSet<&str> = reasons.iter().map(Reason::code).collect();
    assert_eq!(shown, Reason::VARIANTS.iter().copied().collect());
    for language in [Language::En, Language::De] {
        let told = reasons.iter().map(|reason| reason.message(language, chrono_tz::Europe::Berlin, now));
        let told = told.chain([open_already(language).to_owned()]);
        let told =
            told.chain([Fault::Unauthorized, Fault::Unavailable].map(|f| f.message(language).to_owned()));
        for sentence in told {
            assert!(plain.contains(&sentence), "docs/reasons.md lacks “{sentence}”");
        }
    }
}
