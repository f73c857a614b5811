use std::fs;

use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

use super::*;

/// A folder with a configuration file, and what else a start would find.
struct Start {
    folder: TempDir,
    overrides: Overrides,
    env: Vec<(OsString, OsString)>,
}

impl Start {
    fn new(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("frontdesk.toml"), toml).unwrap();
        Self { folder, overrides: Overrides::default(), env: Vec::new() }
    }

    fn flag(mut self, key: &'static str, value: &str) -> Self {
        self.overrides = self.overrides.set(key, Some(value));
        self
    }

    fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn load(self) -> Result<Config, ConfigError> {
        let default_path = self.folder.path().join("frontdesk.toml");
        load_with(&self.overrides, self.env.into_iter(), &default_path)
    }

    /// The problems, a sentence each, without the folder's name.
    fn problems(self) -> Vec<String> {
        let folder = format!("{}/", self.folder.path().display());
        let error = self.load().unwrap_err();
        error.problems().iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }
}

fn database(config: &Config) -> PgConnectOptions {
    config.database.url.as_ref().unwrap().connect_options()
}

#[test]
fn without_any_layer_the_defaults_hold() {
    let config =
        load_with(&Overrides::default(), std::iter::empty(), Path::new("/nowhere/at/all.toml")).unwrap();
    assert_eq!(config.listen, "127.0.0.1:8180".parse().unwrap());
    assert_eq!(config.data_dir, None);
    assert_eq!(config.language, Language::En);
    assert_eq!(config.master_key_file, None);
    assert_eq!(config.shutdown_timeout, Duration::from_secs(10));
    assert!(config.database.url.is_none());
    assert_eq!(config.database.desk_connections.get(), 16);
    assert_eq!(config.database.connections.get(), 8);
    assert!(config.database.migrate);
    assert_eq!(config.log.format, LogFormat::Text);
    assert_eq!(config.log.filter.as_str(), "info");
    assert_eq!(config.retention.conferences, Duration::from_hours(90 * 24));
    assert_eq!(config.retention.refusals, Duration::from_hours(30 * 24));
    assert_eq!(config.signing_keys.rotate_every, RotationPeriod::default());
    assert_eq!(config.signing_keys.max_age, MaxAge::default());
}

#[test]
fn keys_can_be_left_to_rotate_by_hand_but_not_served_for_no_time() {
    let keys = |settings: &str| Start::new(&format!("[signing_keys]\n{settings}"));
    let config = keys("rotate_every = 'off'\nmax_age = '1s'").load().unwrap();
    assert_eq!(config.signing_keys.rotate_every.get(), None);
    assert_eq!(config.signing_keys.max_age.get(), Duration::from_secs(1));
    assert_eq!(keys("rotate_every = '999ms'\nmax_age = '0s'").problems().len(), 2);
    assert_eq!(keys("rotate_every = 'never'\nmax_age = '25h'").problems().len(), 2);
    assert_eq!(keys("max_age = '1500ms'").problems().len(), 1);
}

#[test]
fn flags_beat_variables_beat_the_file_beats_defaults() {
    let toml = "listen = '127.0.0.1:1'\nlanguage = 'de'\n[database]\nconnections = 3\nmigrate = false\n[log]\nfilter = 'warn'";
    let config = Start::new(toml)
        .variable("FRONTDESK_LISTEN", "127.0.0.1:2")
        .variable("FRONTDESK_DATABASE_CONNECTIONS", "4")
        .variable("FRONTDESK_LOG_FILTER", "")
        .flag("listen", "127.0.0.1:3")
        .load()
        .unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.database.connections.get(), 4);
    assert_eq!(config.language, Language::De);
    assert!(!config.database.migrate);
    assert_eq!(config.log.filter.as_str(), "warn", "an empty variable counts as not set");
    assert_eq!(config.database.desk_connections.get(), 16);
}

#[test]
fn the_flag_for_the_file_beats_the_variable_and_both_must_exist() {
    let start = Start::new("");
    let (first, second) = (start.file("a.toml", "language = 'de'"), start.file("b.toml", "language = 'en'"));
    let mut start = start.variable("FRONTDESK_CONFIG", second);
    start.overrides = start.overrides.config_file(Some(first));
    assert_eq!(start.load().unwrap().language, Language::De);

    let problems = Start::new("").variable("FRONTDESK_CONFIG", "/nowhere/x.toml").problems();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("variable `FRONTDESK_CONFIG`: cannot read the file `/nowhere/x.toml`: "),
        "{problems:?}"
    );
}

#[test]
fn all_problems_are_reported_at_once() {
    let toml =
        "listen = 8180\nretention.refusal = '1d'\n[database]\ndesk_connections = [1]\n[log]\nformat = 'xml'";
    let problems = Start::new(toml)
        .variable("FRONTDESK_DATABASE_CONNECTIONS", "1001")
        .variable("FRONTDESK_RETENTION_CONFERENCES", "90")
        .variable("FRONTDESK_LOG_FILTRE", "info")
        .flag("shutdown_timeout", "soon")
        .flag("port", "1")
        .problems();
    insta::assert_snapshot!(problems.join("\n"), @r"
    file `frontdesk.toml`, line 1, key `listen`: expected an IP address and a port such as `127.0.0.1:8180` or `[::1]:8180`, found `8180`
    flag `--shutdown-timeout`: expected a duration such as `90s`, `10m`, `2h` or `90d`, at most 100 years, found `soon`
    file `frontdesk.toml`, line 4, key `database.desk_connections`: expected a whole number from 1 to 1000, found a TOML array
    variable `FRONTDESK_DATABASE_CONNECTIONS`: expected a whole number from 1 to 1000, found `1001`
    file `frontdesk.toml`, line 6, key `log.format`: expected `text` or `json`, found `xml`
    variable `FRONTDESK_RETENTION_CONFERENCES`: expected a duration such as `90s`, `10m`, `2h` or `90d`, at most 100 years, found `90`
    flag `--port`: there is no such setting
    variable `FRONTDESK_LOG_FILTRE`: there is no such setting; did you mean `FRONTDESK_LOG_FILTER`?
    file `frontdesk.toml`, line 2, key `retention.refusal`: there is no such setting; did you mean `retention.refusals`?
    ");
}

#[test]
fn the_report_lists_several_problems_and_says_one_in_a_line() {
    let several = Start::new("").flag("listen", "x").flag("language", "y").load().unwrap_err().to_string();
    assert!(several.starts_with("the configuration has 2 problems:\n  - flag `--listen`: "), "{several}");
    let one = Start::new("").flag("language", "y").load().unwrap_err().to_string();
    assert_eq!(one, "the configuration has a problem: flag `--language`: expected `en` or `de`, found `y`");
}

#[test]
fn an_unknown_key_names_the_nearest_known_one() {
    let toml = "lisen = 'x'\n[databse]\nurl = 'postgres://u:hunter2@h/d'\n[log]\n[zebra]\n[retention]\nquite_something_else = 1";
    let problems = Start::new(toml).variable("FRONTDESK_DATABASE_URL_FIEL", "x").problems();
    insta::assert_snapshot!(problems.join("\n"), @r"
    variable `FRONTDESK_DATABASE_URL_FIEL`: there is no such setting; did you mean `FRONTDESK_DATABASE_URL_FILE`?
    file `frontdesk.toml`, line 1, key `lisen`: there is no such setting; did you mean `listen`?
    file `frontdesk.toml`, line 3, key `databse.url`: there is no such setting; did you mean `database.url`?
    file `frontdesk.toml`, line 5, key `zebra`: there is no such setting
    file `frontdesk.toml`, line 7, key `retention.quite_something_else`: there is no such setting
    ");
}

#[test]
fn variables_that_kubernetes_makes_for_a_service_are_not_ours() {
    let names =
        ["PORT", "PORT_8180_TCP", "PORT_8180_TCP_ADDR", "SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP"];
    let start = names.iter().fold(Start::new(""), |start, name| {
        start.variable(&format!("FRONTDESK_{name}"), "tcp://10.0.0.1:80")
    });
    start.load().unwrap();
}

#[test]
fn every_syntax_error_names_file_line_and_column() {
    let problems =
        Start::new("listen = 'ä\n[log]\nformat == 1\n").variable("FRONTDESK_LANGUAGE", "fr").problems();
    insta::assert_snapshot!(problems.join("\n"), @r"
    file `frontdesk.toml`, line 1, column 12: invalid literal string, expected `'`
    file `frontdesk.toml`, line 3, column 9: extra `=`, expected nothing
    file `frontdesk.toml`, line 3, column 11: unexpected key or value, expected newline, `#`
    variable `FRONTDESK_LANGUAGE`: expected `en` or `de`, found `fr`
    ");
}

#[test]
fn no_secret_shows_in_an_error_or_in_debug() {
    let bad = ["mysql://u:hunter2@h/d", "postgres://u:hunter2@h:port/d", "hunter2"];
    for url in bad {
        let start = Start::new(&format!("[database]\nurl = '{url}'"));
        let secret_file = start.file("url", url);
        let from_file = start.load().unwrap_err();
        let from_env = Start::new("").variable("DATABASE_URL", url).load().unwrap_err();
        let from_flag = Start::new("").flag("database.url", url).load().unwrap_err();
        let start = Start::new("").variable("FRONTDESK_DATABASE_URL_FILE", secret_file);
        let from_secret_file = start.load().unwrap_err();
        for error in [from_file, from_env, from_flag, from_secret_file] {
            assert_eq!(error.problems().len(), 1);
            assert!(!format!("{error} {error:?} {error:#?}").contains("hunter2"), "{error:?}");
        }
    }
    let broken = Start::new("[database]\nurl = \"postgres://u:hunter2@h/d\nx").load().unwrap_err();
    assert!(!format!("{broken} {broken:?}").contains("hunter2"), "{broken}");
    let config = Start::new("").variable("DATABASE_URL", "postgres://u:hunter2@h/d").load().unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    for (text, database_name) in
        [("postgres://h/d\n", "d"), ("postgres://h/e\r\n", "e"), ("postgresql://h/f", "f")]
    {
        let start = Start::new("");
        let path = start.file("url", text);
        let config = start.variable("FRONTDESK_DATABASE_URL_FILE", path).load().unwrap();
        assert_eq!(database(&config).get_database(), Some(database_name));
    }
    let start = Start::new("");
    let path = start.file("url", "postgres://h/g\n");
    start.file("frontdesk.toml", &format!("[database]\nurl_file = '{}'", path.display()));
    assert_eq!(database(&start.load().unwrap()).get_database(), Some("g"));
}

#[test]
fn a_secret_and_its_file_exclude_each_other_in_one_layer_only() {
    let start = Start::new("[database]\nurl = 'postgres://h/a'\nurl_file = '/nowhere'");
    assert_eq!(
        start.problems(),
        [
            "file `frontdesk.toml`, line 2, key `database.url` and file `frontdesk.toml`, line 3, key `database.url_file` exclude each other: keep one of them"
        ]
    );
    let start =
        Start::new("").variable("DATABASE_URL", "postgres://h/a").variable("DATABASE_URL_FILE", "/nowhere");
    assert_eq!(start.problems().len(), 1);
    let start = Start::new("[database]\nurl_file = '/nowhere'").variable("DATABASE_URL", "postgres://h/a");
    assert_eq!(database(&start.load().unwrap()).get_database(), Some("a"));
}

#[test]
fn a_secret_s_file_that_cannot_be_read_is_a_problem() {
    let problems = Start::new("").variable("DATABASE_URL_FILE", "/nowhere/url").problems();
    assert!(
        problems[0].starts_with("variable `DATABASE_URL_FILE`: cannot read the file `/nowhere/url`: "),
        "{problems:?}"
    );
}

#[test]
fn a_secret_s_file_is_named_by_a_path() {
    let problems = Start::new("[database]\nurl_file = ['postgres://h/d']").problems();
    assert_eq!(
        problems,
        ["file `frontdesk.toml`, line 2, key `database.url_file`: expected a path, found a TOML array"]
    );
}

#[test]
fn our_own_variable_beats_database_url() {
    let start =
        Start::new("[database]\nurl = 'postgres://h/file'").variable("DATABASE_URL", "postgres://h/plain");
    let config = start.variable("FRONTDESK_DATABASE_URL", "postgres://h/ours").load().unwrap();
    assert_eq!(database(&config).get_database(), Some("ours"));
    let config = Start::new("[database]\nurl = 'postgres://h/file'")
        .variable("DATABASE_URL", "postgres://h/plain")
        .load()
        .unwrap();
    assert_eq!(database(&config).get_database(), Some("plain"));
}

#[test]
fn bytes_that_are_not_text_are_refused_by_name() {
    use std::os::unix::ffi::OsStringExt;
    let problems =
        Start::new("").variable("FRONTDESK_LANGUAGE", OsString::from_vec(vec![b'e', 0xff])).problems();
    assert_eq!(
        problems,
        ["variable `FRONTDESK_LANGUAGE`: expected `en` or `de`, found text that is not UTF-8"]
    );
}

#[test]
fn durations_take_seconds_to_days_and_need_a_unit() {
    for (text, seconds) in [("90s", 90), ("10m", 600), ("2h", 7_200), ("90d", 7_776_000), ("1h 30m", 5_400)] {
        let config = Start::new("").variable("FRONTDESK_SHUTDOWN_TIMEOUT", text).load().unwrap();
        assert_eq!(config.shutdown_timeout, Duration::from_secs(seconds));
    }
    for text in ["90", "-1s", "1000000y", "99999999999999999999d", "soon"] {
        assert_eq!(Start::new("").variable("FRONTDESK_SHUTDOWN_TIMEOUT", text).problems().len(), 1, "{text}");
    }
}

#[test]
fn the_documentation_has_each_setting_once_and_what_it_shows_can_be_set() {
    let settings = describe();
    let listed: Vec<String> = settings
        .iter()
        .map(|doc| format!("{} {} {}", doc.key, doc.variable, doc.default.unwrap_or("-")))
        .collect();
    insta::assert_snapshot!(listed.join("\n"), @r"
    listen FRONTDESK_LISTEN 127.0.0.1:8180
    public_url FRONTDESK_PUBLIC_URL -
    trusted_proxies FRONTDESK_TRUSTED_PROXIES -
    tls.certificate_file FRONTDESK_TLS_CERTIFICATE_FILE -
    tls.key_file FRONTDESK_TLS_KEY_FILE -
    data_dir FRONTDESK_DATA_DIR -
    language FRONTDESK_LANGUAGE en
    master_key_file FRONTDESK_MASTER_KEY_FILE -
    shutdown_timeout FRONTDESK_SHUTDOWN_TIMEOUT 10s
    database.url FRONTDESK_DATABASE_URL -
    database.url_file FRONTDESK_DATABASE_URL_FILE -
    database.desk_connections FRONTDESK_DATABASE_DESK_CONNECTIONS 16
    database.connections FRONTDESK_DATABASE_CONNECTIONS 8
    database.migrate FRONTDESK_DATABASE_MIGRATE true
    log.format FRONTDESK_LOG_FORMAT text
    log.filter FRONTDESK_LOG_FILTER info
    retention.conferences FRONTDESK_RETENTION_CONFERENCES 90d
    retention.refusals FRONTDESK_RETENTION_REFUSALS 30d
    signing_keys.rotate_every FRONTDESK_SIGNING_KEYS_ROTATE_EVERY 90d
    signing_keys.max_age FRONTDESK_SIGNING_KEYS_MAX_AGE 15m
    api.requests_per_minute FRONTDESK_API_REQUESTS_PER_MINUTE 600
    api.allowed_origins FRONTDESK_API_ALLOWED_ORIGINS -
    ");
    let start = settings.iter().fold(Start::new(""), |start, doc| match doc.default {
        Some(default) => start.variable(&doc.variable, default),
        None => start,
    });
    start.load().unwrap();
}

#[test]
fn a_certificate_and_its_key_come_together() {
    let problems = Start::new("tls.key_file = 'key.pem'").problems();
    assert_eq!(problems, ["`tls.key_file` needs `tls.certificate_file` beside it"]);
    let problems = Start::new("").variable("FRONTDESK_TLS_CERTIFICATE_FILE", "cert.pem").problems();
    assert_eq!(problems, ["`tls.certificate_file` needs `tls.key_file` beside it"]);
    let config = Start::new("tls.key_file = 'key.pem'\ntls.certificate_file = 'cert.pem'").load().unwrap();
    assert_eq!(config.tls.unwrap().key_file, PathBuf::from("key.pem"));
}

#[test]
fn trusted_proxies_are_addresses_and_networks() {
    let config = Start::new("trusted_proxies = '127.0.0.1, 10.0.0.0/8,fd00::/8'").load().unwrap();
    let networks: Vec<String> = config.trusted_proxies.networks().iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"]);
    for text in ["localhost", "10.0.0.0/33", "10.0.0.1,", "*"] {
        assert_eq!(Start::new("").variable("FRONTDESK_TRUSTED_PROXIES", text).problems().len(), 1, "{text}");
    }
}

#[test]
fn the_example_says_what_holds_anyway() {
    let is_setting = |line: &&str| !line.starts_with("# ") && !line.ends_with(" …");
    let example = example();
    let all_on: Vec<_> =
        example.lines().filter(is_setting).map(|line| line.trim_start_matches('#')).collect();
    assert_eq!(all_on.iter().filter(|line| line.contains(" = ")).count(), 13);
    let with = Start::new(&all_on.join("\n")).load().unwrap();
    let without = Start::new("").load().unwrap();
    assert_eq!(format!("{with:?}"), format!("{without:?}"));
    Start::new(&example).load().unwrap();
}
