use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::credential::Credential;
use crate::doctor::Level;
use crate::prosody::snippet::{Setup, Target};

/// A host's file as Debian's packages leave it, in substance, with what the snippet tells to add.
const HOST: &str = r#"
plugin_paths = { "PLUGINS" }
muc_mapper_domain_base = "meet.test";

VirtualHost "meet.test"
    authentication = "jitsi-anonymous"
    modules_enabled = {
        "bosh";
        "muc_breakout_rooms";
        "reservations";
        "reservations_guard";
        "muc_lobby_rooms";
        "persistent_lobby";
    }
    lobby_muc = "lobby.meet.test"
    main_muc = "conference.meet.test"

VirtualHost "auth.meet.test"
    authentication = "internal_hashed"

Component "conference.meet.test" "muc"
    restrict_room_creation = true
    modules_enabled = { "muc_hide_all"; "muc_max_occupants"; }

Component "lobby.meet.test" "muc"
    restrict_room_creation = true

Component "breakout.meet.test" "muc"
    restrict_room_creation = true

Component "focus.meet.test" "client_proxy"
    target_address = "focus@auth.meet.test"
"#;

/// A Prosody on disk: its main file, the host's file and the snippet.
struct Set {
    folder: TempDir,
}

impl Set {
    fn new() -> Self {
        let set = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(set.path("conf.d")).unwrap();
        fs::create_dir(set.path("plugins")).unwrap();
        for module in ["reservations", "muc_lobby_rooms", "persistent_lobby", "muc_max_occupants"] {
            fs::write(set.path(&format!("plugins/mod_{module}.lua")), "").unwrap();
        }
        fs::write(set.path("plugins/mod_reservations_guard.lua"), GUARD_MODULE).unwrap();
        fs::write(
            set.path("prosody.cfg.lua"),
            "modules_enabled = { \"tls\" }\nInclude \"conf.d/*.cfg.lua\"\n",
        )
        .unwrap();
        set.write("meet", &HOST.replace("PLUGINS", &set.path("plugins").display().to_string()));
        let credential = Credential::generate(CredentialKind::Server).unwrap();
        let setup = Setup {
            target: Target::Debian,
            host: "meet.test",
            url: &"http://127.0.0.1:8180".parse().unwrap(),
            server: Some("prosody-1"),
            credential: Some(credential.expose()),
            tokens: None,
        };
        set.write("frontdesk", &setup.render());
        set
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(&format!("conf.d/{name}.cfg.lua"));
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o640)).unwrap();
    }

    /// With `from` replaced by `to`, in whichever file it stands.
    fn with(self, from: &str, to: &str) -> Self {
        let mut there = false;
        for name in ["meet", "frontdesk"] {
            let text = fs::read_to_string(self.path(&format!("conf.d/{name}.cfg.lua"))).unwrap();
            there |= text.contains(from);
            self.write(name, &text.replace(from, to));
        }
        assert!(there, "`{from}` stands nowhere");
        self
    }

    fn examine(&self) -> (Vec<Finding>, Vec<Asker>) {
        let config = ProsodyConfig::read(&self.path("prosody.cfg.lua")).unwrap();
        let mut all = Vec::new();
        let askers = examine(&config, &mut all);
        (all, askers)
    }

    /// What is not as it should be.
    fn complaints(&self) -> Vec<(Check, Level)> {
        let (all, _) = self.examine();
        all.into_iter().filter(|f| f.level > Level::Skipped).map(|f| (f.check, f.level)).collect()
    }
}

#[test]
fn what_the_snippet_tells_to_do_leaves_nothing_to_complain_about() {
    let set = Set::new();
    let (all, askers) = set.examine();
    assert_eq!(set.complaints(), [], "{all:#?}");
    assert_eq!(askers.len(), 1);
    assert_eq!(askers[0].prefix.as_ref().unwrap().as_str(), "http://127.0.0.1:8180");
    assert!(askers[0].credential.is_some());
    assert!(all.iter().any(|finding| finding.check == Check::Modules && finding.level == Level::Ok));
}

#[test]
fn every_known_trap_is_found() {
    use Check::*;
    use Level::{Error, Warning};
    /// What is written, what stands there instead, and what is to be found.
    type Trap<'a> = (&'a str, &'a str, &'a [(Check, Level)]);
    let traps: &[Trap<'_>] = &[
        ("\"reservations\";", "", &[(Reservations, Error)]),
        ("muc_mapper_domain_base", "not_that", &[(Focus, Error)]),
        ("reservations_api_prefix =", "x =", &[(ApiPrefix, Error)]),
        ("http://127.0.0.1:8180", "127.0.0.1:8180/", &[(ApiPrefix, Error)]),
        ("http://127.0.0.1:8180", "http://REPLACE-ME", &[(ApiPrefix, Error)]),
        ("reservations_api_headers =", "x =", &[(Credential, Error)]),
        ("Bearer fd_server_", "Bearer fd_app_", &[(Credential, Error)]),
        ("Bearer fd_server_", "Basic fd_server_", &[(Credential, Error)]),
        ("Bearer fd_server_", "Bearer REPLACE-ME", &[(Credential, Error)]),
        ("reservations_api_timeout = 20", "reservations_api_timeout = 1", &[(Timeout, Error)]),
        ("reservations_api_retry_count = 12", "", &[(Retries, Warning)]),
        ("reservations_api_retry_count = 12", "reservations_api_retry_count = 6", &[(Retries, Warning)]),
        ("reservations_api_retry_count = 12", "reservations_api_retry_count = 10", &[]),
        ("Bearer fd_server_", "Bearer …fd_server_", &[(Credential, Error)]),
        ("muc_mapper_domain_base =", "focus_component = \"focus.meet.test\" x =", &[]),
        (
            "restrict_room_creation = true\n    modules",
            "restrict_room_creation = \"admin\"\n    modules",
            &[],
        ),
        ("reservations_api_retry_delay = 3", "reservations_api_retry_delay = 1", &[(Retries, Warning)]),
        (
            "reservations_api_timeout = 20",
            "reservations_api_should_retry_for_code = function (code) return true end",
            &[(Retries, Warning)],
        ),
        ("reservations_enable_max_occupants = true", "", &[(Options, Error)]),
        (
            "reservations_enable_lobby_support = true",
            "reservations_enable_lobby_support = false",
            &[(Options, Error)],
        ),
        ("reservations_enable_password_support = true", "", &[(Options, Error)]),
        ("main_muc =", "x =", &[(MainMuc, Error)]),
        ("Component \"conference.meet.test\"", "Component \"conferences.meet.test\"", &[(MainMuc, Error)]),
        ("restrict_room_creation = true\n    modules", "modules", &[(RoomCreation, Error)]),
        (
            "restrict_room_creation = true\n    modules",
            "restrict_room_creation = \"local\"\n    modules",
            &[(RoomCreation, Error)],
        ),
        ("\"muc_max_occupants\";", "", &[(Occupants, Error)]),
        ("muc_max_occupants = 500", "muc_max_occupants = 0", &[(Occupants, Error)]),
        ("muc_max_occupants = 500", "", &[(Occupants, Error)]),
        ("muc_tombstones = false", "", &[(Tombstones, Warning)]),
        ("muc_access_whitelist =", "x =", &[(Occupants, Warning)]),
        ("\"muc_lobby_rooms\";", "", &[(Lobby, Error)]),
        ("\"persistent_lobby\";", "", &[(Lobby, Error)]),
        ("lobby_muc =", "x =", &[(Lobby, Error)]),
        ("Component \"lobby.meet.test\"", "Component \"other.meet.test\"", &[(Lobby, Error)]),
        ("\"reservations_guard\";", "", &[(Guard, Error)]),
        (
            "muc_max_occupants = 500",
            "muc_max_occupants = 500 reservations_skip_breakout_rooms = false",
            &[(Breakout, Warning)],
        ),
        ("\"internal_hashed\"", "\"anonymous\"", &[(Guests, Warning)]),
        ("\"internal_hashed\"", "\"jitsi-anonymous\"", &[(Guests, Warning)]),
        ("\"internal_hashed\"", "\"cyrus\" modules_enabled = { \"bosh\" }", &[(Guests, Warning)]),
        ("\"internal_hashed\"", "\"token\" enabled = false", &[]),
        ("\"internal_hashed\"", "\"token\" modules_enabled = { \"bosh\"; \"muc_password_check\" }", &[]),
        ("\"jitsi-anonymous\"", "\"token\" app_secret = \"\"", &[(Tokens, Error)]),
        ("\"jitsi-anonymous\"", "\"token\" app_secret = \"<no value>\"", &[(Tokens, Error)]),
        ("\"jitsi-anonymous\"", "\"token\" app_secret = \"x\"", &[]),
        ("\"jitsi-anonymous\"", "\"token\" asap_key_server = \"https://x\"", &[(Tokens, Error)]),
        (
            "\"jitsi-anonymous\"",
            "\"token\" asap_key_server = \"https://x\" signature_algorithm = \"RS256\"",
            &[],
        ),
        ("\"jitsi-anonymous\"", "\"token\" app_secret = \"REPLACE-ME\"", &[(Placeholder, Error)]),
        ("breakout_rooms_muc =", "x =", &[]),
        ("Component \"breakout.meet.test\"", "Component \"other.meet.test\"", &[(Breakout, Warning)]),
    ];
    for (from, to, expected) in traps {
        assert_eq!(Set::new().with(from, to).complaints(), *expected, "`{from}` -> `{to}`");
    }
    let unguarded = Set::new().with("\"internal_hashed\"", "\"token\"").with("\"reservations_guard\";", "");
    assert_eq!(unguarded.complaints(), [(Guests, Error), (Guard, Error)]);
}

#[test]
fn values_may_be_written_as_text_and_options_per_host() {
    let set = Set::new()
        .with("muc_max_occupants = 500", "muc_max_occupants = \"500\"")
        .with("reservations_api_timeout = 20", "reservations_api_timeout = \"20\"")
        .with("\"focus@auth.meet.test\" }", "\"auth.meet.test\" }");
    assert_eq!(set.complaints(), []);
    let set =
        Set::new().with("    lobby_muc", "    reservations_enable_lobby_support = false\n    lobby_muc");
    assert_eq!(set.complaints(), [(Check::Options, Level::Error)], "the host's own setting counts");
}

#[test]
fn a_list_that_is_opened_again_replaces_the_first_one() {
    let set = Set::new();
    set.write("zz", "VirtualHost \"meet.test\"\n    modules_enabled = { \"reservations\" }");
    let checks: Vec<Check> = set.complaints().into_iter().map(|(check, _)| check).collect();
    assert_eq!(checks, [Check::Lobby, Check::Lobby, Check::Guard]);
}

#[test]
fn a_guests_host_with_the_modules_asks_too_and_needs_no_lobby_of_its_own() {
    let set = Set::new();
    set.write(
        "guest",
        "VirtualHost \"guest.meet.test\"\n    authentication = \"jitsi-anonymous\"\n    modules_enabled = { \"reservations\"; \"reservations_guard\" }",
    );
    assert_eq!(set.complaints(), []);
    assert_eq!(set.examine().1.len(), 2);
    // The lobby of other meetings is no good here.
    set.write(
        "guest",
        "VirtualHost \"other.test\"\n    main_muc = \"x\"\n    modules_enabled = { \"muc_lobby_rooms\" }",
    );
    let set = set.with("\"muc_lobby_rooms\";", "");
    assert!(set.complaints().contains(&(Check::Lobby, Level::Error)), "{:?}", set.complaints());
}

#[test]
fn missing_and_outdated_modules_are_found_where_they_are_looked_for() {
    let set = Set::new();
    fs::remove_file(set.path("plugins/mod_persistent_lobby.lua")).unwrap();
    fs::write(set.path("plugins/mod_reservations_guard.lua"), "-- old").unwrap();
    assert_eq!(set.complaints(), [(Check::Modules, Level::Warning), (Check::Modules, Level::Error)]);
    let elsewhere = Set::new().with("plugin_paths = { \"", "plugin_paths = { \"/nowhere");
    let (all, _) = elsewhere.examine();
    assert!(all.iter().any(|finding| finding.check == Check::Modules && finding.level == Level::Skipped));
}

#[test]
fn a_credential_that_everybody_may_read_is_found() {
    let set = Set::new();
    let file = set.path("conf.d/frontdesk.cfg.lua");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(set.complaints(), [(Check::CredentialReadable, Level::Warning)]);
}

#[test]
fn one_prosody_with_two_credentials_is_found() {
    let set = Set::new();
    let other = Credential::generate(CredentialKind::Server).unwrap();
    set.write(
        "guest",
        &format!(
            "VirtualHost \"guest.meet.test\"\n    modules_enabled = {{ \"reservations\"; \"reservations_guard\" }}\n    \
             reservations_api_headers = {{ Authorization = \"Bearer {}\" }}",
            other.expose()
        ),
    );
    assert_eq!(set.complaints(), [(Check::CredentialShared, Level::Warning)]);
}

#[test]
fn two_prosodys_with_one_credential_are_found() {
    let (first, second) = (Set::new().examine().1, Set::new().examine().1);
    let mut all = Vec::new();
    shared_credentials(&[first.clone(), second], &mut all);
    assert_eq!(all, []);
    shared_credentials(&[first.clone(), first], &mut all);
    assert_eq!(all[0].check, Check::CredentialShared);
}

#[test]
fn moderators_by_token_need_the_module_that_makes_them() {
    let config = |set: &Set| ProsodyConfig::read(&set.path("prosody.cfg.lua")).unwrap();
    let level = |set: Set| {
        let mut all = Vec::new();
        moderators(&config(&set), "meet.test", &mut Findings::about("", &mut all));
        all[0].level
    };
    assert_eq!(level(Set::new()), Level::Warning);
    let loaded =
        || Set::new().with("\"muc_max_occupants\";", "\"muc_max_occupants\"; \"token_affiliation\";");
    assert_eq!(level(loaded()), Level::Warning, "everybody is one");
    let alone = "muc_max_occupants = 500 wait_for_host_disable_auto_owners = true";
    assert_eq!(level(loaded().with("muc_max_occupants = 500", alone)), Level::Ok);
}

#[test]
fn private_rooms_need_the_module_that_lets_tokens_past_the_lobby() {
    let level = |set: Set| {
        let mut all = Vec::new();
        let config = ProsodyConfig::read(&set.path("prosody.cfg.lua")).unwrap();
        private_rooms(&config, "meet.test", &mut Findings::about("", &mut all));
        all[0].level
    };
    assert_eq!(level(Set::new()), Level::Warning);
    let loaded = "\"muc_max_occupants\"; \"token_lobby_bypass\";";
    assert_eq!(level(Set::new().with("\"muc_max_occupants\";", loaded)), Level::Ok);
}

#[test]
fn tokens_for_any_audience_need_a_prosody_that_accepts_any() {
    let found = |authentication: &str, list: &str| {
        let set =
            Set::new().with("authentication = \"jitsi-anonymous\"", &format!("{authentication} {list}"));
        let config = ProsodyConfig::read(&set.path("prosody.cfg.lua")).unwrap();
        let mut all = Vec::new();
        audiences(&config, "meet.test", &mut Findings::about("", &mut all));
        all.iter().map(|finding| (finding.check, finding.level)).collect::<Vec<_>>()
    };
    let token = "authentication = \"token\"";
    for (list, level) in [
        ("", Level::Ok),
        ("asap_accepted_audiences = { \"jitsi\", \"*\" }", Level::Ok),
        ("asap_accepted_audiences = \"*\"", Level::Ok),
        ("asap_accepted_audiences = { \"jitsi\" }", Level::Warning),
        ("asap_accepted_audiences = {}", Level::Warning),
    ] {
        assert_eq!(found(token, list), [(Check::Audiences, level)], "{list}");
    }
    let anonymous = "authentication = \"jitsi-anonymous\"";
    assert_eq!(found(anonymous, "asap_accepted_audiences = { \"jitsi\" }"), [], "it looks at no token");
}

#[test]
fn no_finding_shows_a_credential() {
    let (all, askers) = Set::new().with("muc_max_occupants = 500", "").examine();
    let credential = askers[0].credential.as_ref().unwrap().expose().to_owned();
    assert!(!format!("{all:?}{askers:?}").contains(&credential));
}
