//! Prosody's configuration: what will not work, and how to mend it.
//!
//! Source: what each setting does was read in jitsi-meet's `mod_reservations.lua`,
//! `mod_muc_max_occupants.lua`, `mod_persistent_lobby.lua`, and seen on Prosody 0.12.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::finding::{Check, Finding, Findings};
use crate::credential::{Bearer, Credential, CredentialHash, CredentialKind};
use crate::prosody::GUARD_MODULE;
use crate::prosody::config::{ProsodyConfig, Value};
use crate::prosody::snippet::{HOST_MODULES, REPLACE};
use crate::reservation::BaseUrl;

/// How long Frontdesk or its database may be away, in seconds, before Prosody should give up: a
/// failover of PostgreSQL under Patroni takes 30 to 45 s with its defaults.
const PATIENCE: f64 = 30.0;

/// How long Frontdesk may take to answer, in seconds, with a margin for the network.
const ANSWER: f64 = 3.0;

/// A VirtualHost that asks Frontdesk: where, and as whom.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The configuration's file, and the host.
    pub about: String,
    /// `reservations_api_prefix`, as it stands there.
    pub prefix: Option<BaseUrl>,
    /// The credential it sends.
    pub credential: Option<Credential>,
}

/// Looks at one configuration; gives the hosts that ask.
pub fn examine(config: &ProsodyConfig, all: &mut Vec<Finding>) -> Vec<Asker> {
    let file = config.path.display().to_string();
    let asking: Vec<&str> =
        config.virtual_hosts().filter(|host| config.modules(host).contains("reservations")).collect();
    let mut whole = Findings::about(&file, all);
    if asking.is_empty() {
        whole.error(
            Check::Reservations,
            "no VirtualHost loads \"reservations\": Frontdesk is never asked",
            "add \"reservations\" to modules_enabled of the VirtualHost of meetings; `frontdesk prosody-config` shows the rest",
        );
        return Vec::new();
    }
    whole.ok(Check::Reservations, format!("asked about by {}", asking.join(", ")));
    modules(config, &asking, &mut whole);
    readable(config, &mut whole);
    guests(config, &asking, all);
    asking
        .into_iter()
        .map(|host| {
            let about = format!("{file}, VirtualHost {host}");
            let mut found = Findings::about(&about, all);
            asker(config, host, about, &mut found)
        })
        .collect()
}

/// Two Prosodys with one credential are one server to Frontdesk.
pub fn shared_credentials(configs: &[Vec<Asker>], all: &mut Vec<Finding>) {
    let mut holders: BTreeMap<CredentialHash, BTreeSet<usize>> = BTreeMap::new();
    for (index, askers) in configs.iter().enumerate() {
        for credential in askers.iter().filter_map(|asker| asker.credential.as_ref()) {
            holders.entry(credential.hash()).or_default().insert(index);
        }
    }
    if holders.values().any(|holders| holders.len() > 1) {
        Findings::about("all configurations", all).error(
            Check::CredentialShared,
            "two Prosodys have one credential: both open the same room, and the meeting is split",
            "give each its own: `frontdesk server add NAME`",
        );
    }
}

fn asker(config: &ProsodyConfig, host: &str, about: String, found: &mut Findings<'_>) -> Asker {
    let focus = config
        .text(host, "focus_component")
        .or_else(|| config.text(host, "muc_mapper_domain_base").map(|base| format!("focus.{base}")));
    found.require(
        Check::Focus,
        focus.is_some(),
        "the module knows which requests are for Jicofo",
        "neither focus_component nor muc_mapper_domain_base is set: the module switches itself off",
        format!("muc_mapper_domain_base = \"{host}\", above the first VirtualHost"),
    );
    let prefix = prefix(config, host, found);
    let credential = credential(config, host, found);
    patience(config, host, found);
    options(config, host, found);
    rooms(config, host, focus.as_deref(), found);
    lobby(config, host, found);
    guard(config, host, found);
    if !config.is_true(host, "reservations_skip_breakout_rooms", true) {
        found.warn(
            Check::Breakout,
            "breakout rooms are asked about too, and their names are random: all are refused",
            "take reservations_skip_breakout_rooms = false away",
        );
    }
    Asker { about, prefix, credential }
}

fn prefix(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) -> Option<BaseUrl> {
    let Some(text) = config.text(host, "reservations_api_prefix") else {
        found.error(
            Check::ApiPrefix,
            "reservations_api_prefix is not set: the module switches itself off",
            "reservations_api_prefix = \"http://…\", where this Prosody reaches Frontdesk",
        );
        return None;
    };
    match text.parse::<BaseUrl>() {
        Ok(url) if text.contains(REPLACE) => {
            found.error(
                Check::ApiPrefix,
                format!("`{url}` is a placeholder"),
                "write Frontdesk's address there",
            );
            None
        }
        Ok(url) => {
            found.ok(Check::ApiPrefix, format!("asks {url}"));
            Some(url)
        }
        Err(error) => {
            found.error(Check::ApiPrefix, format!("reservations_api_prefix is `{text}`"), error.to_string());
            None
        }
    }
}

fn credential(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) -> Option<Credential> {
    let remedy = "reservations_api_headers = { [\"Authorization\"] = \"Bearer fd_server_…\" }; `frontdesk server add-credential NAME` makes one";
    let header =
        config.option(host, "reservations_api_headers").and_then(|headers| headers.field("Authorization"));
    let Some(header) = header.and_then(Value::as_text) else {
        found.error(
            Check::Credential,
            "no Authorization header is sent: Frontdesk refuses everything",
            remedy,
        );
        return None;
    };
    if header.contains(REPLACE) || header.contains('…') {
        found.error(Check::Credential, "the credential is a placeholder", remedy);
        return None;
    }
    let parsed = header.parse::<Bearer>().and_then(|bearer| bearer.credential(CredentialKind::Server));
    // The credential itself is never shown.
    parsed
        .inspect_err(|_| {
            found.error(
                Check::Credential,
                "the Authorization header holds no conference server's credential",
                remedy,
            );
        })
        .ok()
}

fn patience(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    let timeout = config.number(host, "reservations_api_timeout").unwrap_or(20.0);
    found.require(
        Check::Timeout,
        timeout >= ANSWER,
        "waits long enough for an answer",
        &format!("reservations_api_timeout is {timeout} s; Frontdesk may take 2, and what times out is not asked again"),
        "reservations_api_timeout = 20",
    );
    let retries = config.number(host, "reservations_api_retry_count").unwrap_or(3.0);
    let delay = config.number(host, "reservations_api_retry_delay").unwrap_or(3.0);
    if retries * delay < PATIENCE {
        found.warn(
            Check::Retries,
            format!("gives up after {} s; the failover of a database takes 30 to 45 s", retries * delay),
            "reservations_api_retry_count = 12",
        );
    } else {
        found.ok(Check::Retries, format!("asks again for {} s", retries * delay));
    }
    if config.option(host, "reservations_api_should_retry_for_code").is_some() {
        found.warn(
            Check::Retries,
            "reservations_api_should_retry_for_code is set, and can't be judged from outside",
            "it has to say true for 503, and false for everything below 500",
        );
    }
}

fn options(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    for (name, what) in [
        ("reservations_enable_max_occupants", "limits of people"),
        ("reservations_enable_lobby_support", "lobbies"),
        ("reservations_enable_password_support", "passwords"),
    ] {
        found.require(
            Check::Options,
            config.is_true(host, name, false),
            &format!("{what} are applied"),
            &format!("{what} of appointments are ignored: {name} is not true"),
            format!("{name} = true"),
        );
    }
}

/// The component of meetings: its rooms, and who makes them.
fn rooms(config: &ProsodyConfig, host: &str, focus: Option<&str>, found: &mut Findings<'_>) {
    let Some(muc) = config.text(host, "main_muc") else {
        found.error(
            Check::MainMuc,
            "main_muc is not set: what was granted is applied to no room, and no end of a meeting is told",
            format!("main_muc = \"conference.{host}\""),
        );
        return;
    };
    if !config.components("muc").any(|component| component == muc) {
        found.error(
            Check::MainMuc,
            format!("there is no Component \"{muc}\" \"muc\""),
            "write main_muc as the Component is written",
        );
        return;
    }
    found.ok(Check::MainMuc, format!("meetings are in {muc}"));
    let jicofo = focus.and_then(|focus| config.text(focus, "target_address"));
    let restricted = config.option(&muc, "restrict_room_creation");
    if restricted.is_some_and(|by| *by == Value::Bool(true) || by.as_text().as_deref() == Some("admin")) {
        found.ok(Check::RoomCreation, "only Jicofo makes rooms");
    } else {
        found.error(
            Check::RoomCreation,
            format!("anybody may make a room in {muc} by joining it, without a question to Frontdesk"),
            format!("restrict_room_creation = true in Component \"{muc}\" \"muc\""),
        );
    }
    if config.modules(&muc).contains("muc_max_occupants") {
        let limit = config.number(&muc, "muc_max_occupants").unwrap_or(-1.0);
        found.require(
            Check::Occupants,
            limit > 0.0,
            "limits of people are kept",
            "muc_max_occupants is not more than 0: the module does nothing, and limits of appointments are ignored",
            "muc_max_occupants = 500",
        );
        let listed = config.option(&muc, "muc_access_whitelist").map(Value::list).unwrap_or_default();
        if let Some(jicofo) = jicofo
            && !listed.contains(&jicofo)
            && !jicofo.split_once('@').is_some_and(|(_, domain)| listed.iter().any(|one| one == domain))
        {
            found.warn(
                Check::Occupants,
                format!("Jicofo ({jicofo}) takes one place of each limit"),
                format!("muc_access_whitelist = {{ \"{jicofo}\" }}"),
            );
        }
    } else {
        found.error(
            Check::Occupants,
            format!("limits of people are ignored: {muc} does not load \"muc_max_occupants\""),
            format!("add \"muc_max_occupants\" to modules_enabled of Component \"{muc}\" \"muc\" (docker: MAX_PARTICIPANTS=500)"),
        );
    }
}

/// Lobby modules belong to the VirtualHost of meetings; guests' need not have them.
fn lobby(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    let main_muc = config.text(host, "main_muc");
    let hosts = || config.virtual_hosts().filter(|other| config.text(other, "main_muc") == main_muc);
    for module in ["muc_lobby_rooms", "persistent_lobby"] {
        let somewhere = hosts().any(|host| config.modules(host).contains(module));
        found.require(
            Check::Lobby,
            somewhere,
            &format!("{module} is loaded"),
            &format!("no VirtualHost of these meetings loads \"{module}\": lobbies of appointments are ignored"),
            format!("add \"{module}\" to modules_enabled of the VirtualHost of meetings (docker: ENABLE_LOBBY=1, XMPP_MODULES)"),
        );
    }
    let lobby_muc = hosts().find_map(|host| config.text(host, "lobby_muc"));
    let there =
        lobby_muc.as_ref().is_some_and(|muc| config.components("muc").any(|component| component == muc));
    found.require(
        Check::Lobby,
        there,
        "lobbies have a component",
        "lobby_muc is not set, or there is no such component",
        format!("lobby_muc = \"lobby.{host}\", and Component \"lobby.{host}\" \"muc\""),
    );
}

fn guard(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    found.require(
        Check::Guard,
        config.modules(host).contains("reservations_guard"),
        "requests that would get past the check are refused",
        "\"reservations_guard\" is not loaded: who spells a request in an odd way gets a room without password, lobby, limit and end, or without being asked about",
        "`frontdesk prosody-config --guard-module` prints the module; load it beside \"reservations\"",
    );
}

/// Where a tenant's moderators come by token: whether Prosody makes them.
pub fn moderators(config: &ProsodyConfig, found: &mut Findings<'_>) {
    let makes = config.components("muc").any(|muc| config.modules(muc).contains("token_affiliation"));
    if makes {
        found.ok(Check::Moderators, "room tokens make moderators");
    } else {
        found.warn(
            Check::Moderators,
            "the tenant's moderators come by room token, but no component loads \"token_affiliation\": nobody becomes one",
            "load jitsi-contrib's token_affiliation in the Component of meetings, and set wait_for_host_disable_auto_owners = true; or `frontdesk tenant set NAME --moderators automatic`",
        );
    }
}

/// VirtualHosts over which people come to meetings unasked.
fn guests(config: &ProsodyConfig, asking: &[&str], all: &mut Vec<Finding>) {
    let guarded = asking.iter().any(|host| config.modules(host).contains("reservations_guard"));
    for host in config.virtual_hosts().filter(|host| !asking.contains(host)) {
        let login = config.text(host, "authentication").unwrap_or_default();
        if !matches!(login.as_str(), "anonymous" | "jitsi-anonymous" | "token") {
            continue;
        }
        let mut found = Findings::about(format!("{}, VirtualHost {host}", config.path.display()), all);
        let remedy = "load \"reservations\" and \"reservations_guard\" there too, with the same settings and the same credential";
        if guarded {
            found.warn(
                Check::Guests,
                "who comes in over this host can join open rooms, but open none",
                remedy,
            );
        } else {
            found.error(
                Check::Guests,
                "who comes in over this host opens rooms without a question to Frontdesk",
                remedy,
            );
        }
    }
}

/// Whether the modules are where Prosody looks for them, as far as that can be seen from here.
fn modules(config: &ProsodyConfig, asking: &[&str], found: &mut Findings<'_>) {
    let paths: Vec<_> = config.plugin_paths().into_iter().filter(|path| path.is_dir()).collect();
    if paths.is_empty() {
        found.skipped(
            Check::Modules,
            "none of plugin_paths is on this machine, so modules can't be looked for",
        );
        return;
    }
    let wanted: BTreeSet<String> = asking.iter().flat_map(|host| config.modules(host)).collect();
    for (module, _) in HOST_MODULES.iter().filter(|(module, _)| wanted.contains(*module)) {
        let file = format!("mod_{module}.lua");
        match paths.iter().map(|path| path.join(&file)).find(|path| path.is_file()) {
            None => found.error(
                Check::Modules,
                format!("{file} is in none of plugin_paths"),
                "put it there; Prosody starts without it, and says so in its log only",
            ),
            Some(path)
                if *module == "reservations_guard"
                    && fs::read_to_string(&path).is_ok_and(|text| text.trim() != GUARD_MODULE.trim()) =>
            {
                found.warn(
                    Check::Modules,
                    format!("{} is of another version", path.display()),
                    "replace it by what `frontdesk prosody-config --guard-module` prints",
                );
            }
            Some(path) => found.ok(Check::Modules, path.display().to_string()),
        }
    }
}

/// Who may read the credential.
fn readable(config: &ProsodyConfig, found: &mut Findings<'_>) {
    for file in &config.files {
        let holds = fs::read_to_string(file).is_ok_and(|text| text.contains(CredentialKind::Server.prefix()));
        let open = fs::metadata(file).is_ok_and(|file| file.permissions().mode() & 0o004 != 0);
        if holds && open {
            found.warn(
                Check::CredentialReadable,
                format!("everybody on this machine may read {}, which holds the credential", file.display()),
                format!("chmod 640 {0}; chgrp prosody {0}", file.display()),
            );
        }
    }
}
