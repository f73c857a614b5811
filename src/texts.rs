//! What people read, in their language: the texts of `texts/*.ftl`, one file for each language (Fluent).
//!
//! Not in here: refusals, which conference servers pass on (`reservation::wording`).

use std::sync::LazyLock;

use chrono::format::Locale;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use crate::reservation::Title;
use crate::reservation::wording::Language;

/// The texts of one language.
pub struct Texts {
    language: Language,
    locale: Locale,
    bundle: FluentBundle<FluentResource>,
}

static ENGLISH: LazyLock<Texts> = LazyLock::new(|| Texts::read(Language::En));
static GERMAN: LazyLock<Texts> = LazyLock::new(|| Texts::read(Language::De));

/// The texts of a language.
#[must_use]
pub fn texts(language: Language) -> &'static Texts {
    match language {
        Language::En => &ENGLISH,
        Language::De => &GERMAN,
    }
}

/// The file of a language.
fn file(language: Language) -> &'static str {
    match language {
        Language::En => include_str!("../texts/en.ftl"),
        Language::De => include_str!("../texts/de.ftl"),
    }
}

/// The first of some languages, such as `de-AT`, that there are texts in.
#[must_use]
pub fn wished(wishes: &[String]) -> Option<Language> {
    wishes.iter().find_map(|wish| wish.split('-').next()?.to_ascii_lowercase().parse().ok())
}

impl Texts {
    fn read(language: Language) -> Self {
        let name = <&str>::from(language).parse().expect("a language has a name");
        let resource = FluentResource::try_new(file(language).to_owned());
        let resource = resource.unwrap_or_else(|(_, errors)| panic!("the texts of `{language}`: {errors:?}"));
        let mut bundle = FluentBundle::new_concurrent(vec![name]);
        // Marks around what is put in would be read aloud, and stand in mails.
        bundle.set_use_isolating(false);
        bundle
            .add_resource(resource)
            .unwrap_or_else(|errors| panic!("the texts of `{language}`: {errors:?}"));
        let mut texts = Self { language, locale: Locale::POSIX, bundle };
        texts.locale = texts.text("locale").as_str().try_into().expect("the texts name a locale of chrono's");
        texts
    }

    /// The language.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// A text.
    #[must_use]
    pub fn text(&self, id: &str) -> String {
        self.format(id, None)
    }

    /// A text with something put in.
    #[must_use]
    pub fn with<'a, V: Into<FluentValue<'a>>>(
        &self,
        id: &str,
        put_in: impl IntoIterator<Item = (&'a str, V)>,
    ) -> String {
        let args = put_in.into_iter().fold(FluentArgs::new(), |mut args, (name, value)| {
            args.set(name, value);
            args
        });
        self.format(id, Some(&args))
    }

    /// The day of a moment there: `Tuesday, 1 December 2026`.
    #[must_use]
    pub fn day(&self, at: DateTime<Utc>, zone: Tz) -> String {
        self.moment("date-pattern", at, zone)
    }

    /// The time of a moment there: `09:00`.
    #[must_use]
    pub fn time(&self, at: DateTime<Utc>, zone: Tz) -> String {
        self.moment("time-pattern", at, zone)
    }

    fn moment(&self, pattern: &str, at: DateTime<Utc>, zone: Tz) -> String {
        at.with_timezone(&zone).format_localized(&self.text(pattern), self.locale).to_string()
    }

    /// What an appointment is called; `Your video appointment`, where it has no title.
    #[must_use]
    pub fn title(&self, title: Option<&Title>) -> String {
        let title = title.map(Title::as_str).filter(|title| !title.trim().is_empty());
        title.map_or_else(|| self.text("untitled"), ToOwned::to_owned)
    }

    /// Names, as they are told one after the other: `Ada, Bob and Cem`.
    #[must_use]
    pub fn list(&self, names: &[&str]) -> String {
        match names {
            [first @ .., before, last] => {
                let start: Vec<&str> = first.iter().chain([before]).copied().collect();
                format!("{} {} {last}", start.join(", "), self.text("and"))
            }
            [one] => (*one).to_owned(),
            [] => String::new(),
        }
    }

    /// A text that is not there is its id: a test sees to it that all are.
    fn format(&self, id: &str, args: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        self.bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use strum::VariantNames as _;

    use super::*;

    const ALL: [Language; 2] = [Language::En, Language::De];

    /// The texts of a file by their ids, with what is put into each.
    fn placeables(language: Language) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        let mut found: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let mut current = "";
        for line in file(language).lines().filter(|line| !line.starts_with('#')) {
            if let Some((id, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
                current = id;
                assert!(!found.contains_key(id), "`{id}` is there twice");
            }
            let names = line.split("{ $").skip(1).map(|rest| rest.split([' ', '}']).next().unwrap());
            found.entry(current).or_default().extend(names);
        }
        found.remove("");
        found
    }

    #[test]
    fn each_language_has_the_same_texts_with_the_same_put_in() {
        assert_eq!(Language::VARIANTS.len(), ALL.len());
        for language in ALL {
            assert_eq!(placeables(language), placeables(Language::En), "{language}");
            for id in placeables(language).keys() {
                assert!(texts(language).bundle.has_message(id), "`{id}` can't be read in {language}");
            }
        }
    }

    #[test]
    fn moments_are_written_as_people_write_them() {
        let at = "2026-12-01T08:05:00Z".parse().unwrap();
        let zone = Tz::Europe__Berlin;
        assert_eq!(texts(Language::En).day(at, zone), "Tuesday, 1 December 2026");
        assert_eq!(texts(Language::De).day(at, zone), "Dienstag, 1. Dezember 2026");
        assert_eq!(texts(Language::De).time(at, zone), "09:05");
    }

    #[test]
    fn numbers_and_names_are_told_in_words() {
        let english = texts(Language::En);
        assert_eq!(english.with("early-days", [("days", 1)]), "one day");
        assert_eq!(texts(Language::De).with("early-days", [("days", 3)]), "3 Tagen");
        assert_eq!(english.list(&["Ada"]), "Ada");
        assert_eq!(english.list(&["Ada", "Bob", "Cem"]), "Ada, Bob and Cem");
        assert_eq!(texts(Language::De).list(&["Ada", "Bob"]), "Ada und Bob");
    }

    #[test]
    fn what_is_put_in_stands_there_as_it_is() {
        let text = texts(Language::En).with("with", [("hosts", "{ $x } \u{202e}<b>")]);
        assert_eq!(text, "with { $x } \u{202e}<b>");
    }

    #[test]
    fn the_language_is_the_first_wish_that_there_is() {
        for (wishes, language) in [
            (&["de"][..], Some(Language::De)),
            (&["DE-ch", "en"], Some(Language::De)),
            (&["fr-FR", "en-GB", "de"], Some(Language::En)),
            (&["fr", "*"], None),
            (&[], None),
        ] {
            let wishes: Vec<String> = wishes.iter().map(ToString::to_string).collect();
            assert_eq!(wished(&wishes), language, "{wishes:?}");
        }
    }
}
