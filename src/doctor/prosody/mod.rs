//! Prosody's configuration: what will not work, and how to mend it.
//!
//! Source: what each setting does was read in jitsi-meet's `mod_reservations.lua`,
//! `mod_muc_max_occupants.lua`, `mod_persistent_lobby.lua`, and seen on Prosody 0.12.

mod request;
mod rooms;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use self::request::{credential, options, patience, prefix};
use self::rooms::{lobby, rooms};
use super::finding::{Check, Finding, Findings};
use crate::credential::{Credential, CredentialHash, CredentialKind};
use crate::prosody::GUARD_MODULE;
use crate::prosody::config::{ProsodyConfig, small_file};
use crate::prosody::snippet::{HOST_MODULES, REPLACE};
use crate::reservation::BaseUrl;

/// A VirtualHost that asks Frontdesk: where, and as whom.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The configuration's file, and the host.
    pub about: String,
    /// The host.
    pub host: String,
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
    for (host, name) in config.hosts_with(REPLACE).filter(|(_, name)| !name.starts_with("reservations_")) {
        whole.error(
            Check::Placeholder,
            format!("{name} of {host} is still a placeholder"),
            format!("write what belongs there instead of {REPLACE}"),
        );
    }
    guests(config, &asking, all);
    let ask = |host| {
        let about = format!("{file}, VirtualHost {host}");
        asker(config, host, about.clone(), &mut Findings::about(about, all))
    };
    let askers: Vec<Asker> = asking.into_iter().map(ask).collect();
    let credentials: BTreeSet<_> =
        askers.iter().filter_map(|asker| Some(asker.credential.as_ref()?.hash())).collect();
    if credentials.len() > 1 {
        Findings::about(&file, all).warn(
            Check::CredentialShared,
            "the VirtualHosts of one Prosody have several credentials: to Frontdesk it is several servers, which take rooms from each other",
            "one credential per Prosody: set reservations_api_headers once, above the first VirtualHost",
        );
    }
    askers
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
    tokens(config, host, found);
    let prefix = prefix(config, host, found);
    let credential = credential(config, host, found);
    patience(config, host, found);
    options(config, host, found);
    rooms(config, host, focus.as_deref(), found);
    lobby(config, host, found);
    guard(config, host, found);
    breakout(config, host, found);
    Asker { about, host: host.to_owned(), prefix, credential }
}

/// Tokens that anybody can sign.
fn tokens(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    if config.text(host, "authentication").as_deref() != Some("token") {
        return;
    }
    let secret =
        config.text(host, "app_secret").filter(|secret| !matches!(secret.as_str(), "" | "<no value>"));
    let keys = ["asap_key_server", "cache_keys_url"].iter().any(|name| config.text(host, name).is_some());
    let by_keys =
        config.text(host, "signature_algorithm").is_some_and(|algorithm| algorithm.starts_with("RS"));
    if secret.is_none() && !(keys && by_keys) && !config.is_true(host, "allow_empty_token", false) {
        found.error(
            Check::Tokens,
            "the secret that tokens are checked with is empty: anybody can make one",
            "set app_secret; or, with public keys, signature_algorithm = \"RS256\"",
        );
    }
}

/// Breakout rooms have random names, which nobody books.
fn breakout(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    let rooms = config.text(host, "breakout_rooms_muc").unwrap_or_else(|| format!("breakout.{host}"));
    let is_used = config.virtual_hosts().any(|host| config.modules(host).contains("muc_breakout_rooms"));
    if is_used && !config.components("muc").any(|muc| muc == rooms) {
        found.warn(
            Check::Breakout,
            format!("breakout rooms opened from here are asked about, and refused: there is no Component \"{rooms}\" \"muc\""),
            "breakout_rooms_muc = \"…\", as the Component of breakout rooms is written",
        );
    }
    if !config.is_true(host, "reservations_skip_breakout_rooms", true) {
        found.warn(
            Check::Breakout,
            "breakout rooms are asked about too, and their names are random: all are refused",
            "take reservations_skip_breakout_rooms = false away",
        );
    }
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

/// Where a tenant's moderators come by token: whether Prosody makes them, and nobody else.
pub fn moderators(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    let Some(muc) =
        config.text(host, "main_muc").filter(|muc| config.modules(muc).contains("token_affiliation"))
    else {
        found.warn(
            Check::Moderators,
            "the tenant's moderators come by room token, but no component loads \"token_affiliation\": nobody becomes one",
            "load jitsi-contrib's token_affiliation in the Component of meetings; or `frontdesk tenant set NAME --moderators automatic`",
        );
        return;
    };
    if config.is_true(&muc, "wait_for_host_disable_auto_owners", false) {
        found.ok(Check::Moderators, "room tokens make moderators");
    } else {
        found.warn(
            Check::Moderators,
            "everybody who is signed in becomes a moderator, not only who has a token for it",
            format!("wait_for_host_disable_auto_owners = true in Component \"{muc}\" \"muc\", and enable-auto-owner = false in Jicofo"),
        );
    }
}

/// Where tokens are for any audience: whether Prosody, where it checks any, takes those.
pub fn audiences(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    if config.text(host, "authentication").as_deref() != Some("token") {
        return;
    }
    // Without the list, any is accepted.
    let accepted = config.option(host, "asap_accepted_audiences");
    if accepted.is_none_or(|accepted| accepted.list().iter().any(|audience| audience == "*")) {
        found.ok(Check::Audiences, "ProCONF's tokens, which are for any audience, are accepted");
    } else {
        found.warn(
            Check::Audiences,
            "tokens of apps that speak ProCONF are for the audience \"*\", which asap_accepted_audiences lacks: all are refused",
            "add \"*\" to asap_accepted_audiences, as `frontdesk prosody-config --tokens` writes it; in docker-jitsi-meet to JWT_ACCEPTED_AUDIENCES",
        );
    }
}

/// Where rooms are private: whether Prosody lets those past the lobby who have a token.
pub fn private_rooms(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
    let muc = config.text(host, "main_muc");
    if muc.is_some_and(|muc| config.modules(&muc).contains("token_lobby_bypass")) {
        found.ok(Check::PrivateRooms, "who has a token walks past the lobby of a private room");
    } else {
        found.warn(
            Check::PrivateRooms,
            "apps that speak Metered make private rooms, but no component loads \"token_lobby_bypass\": everybody waits in their lobbies",
            "load jitsi-contrib's token_lobby_bypass in the Component of meetings",
        );
    }
}

/// Whether people may come to meetings over a host: those of Jicofo, bridges and recorders know only their own accounts.
fn is_door(config: &ProsodyConfig, host: &str) -> bool {
    let modules = config.modules(host);
    let open_to_all = matches!(
        config.text(host, "authentication").unwrap_or_default().as_str(),
        "anonymous" | "jitsi-anonymous" | "token"
    );
    let for_people = ["bosh", "websocket", "muc_lobby_rooms", "conference_duration"];
    // Jitsi's dial-in gateway: `jigasi.…`.
    let is_gateway = modules.contains("muc_password_check");
    config.is_true(host, "enabled", true)
        && !is_gateway
        && (open_to_all || for_people.iter().any(|module| modules.contains(*module)))
}

/// VirtualHosts over which people come to meetings unasked.
fn guests(config: &ProsodyConfig, asking: &[&str], all: &mut Vec<Finding>) {
    let guarded = asking.iter().any(|host| config.modules(host).contains("reservations_guard"));
    for host in config.virtual_hosts().filter(|host| !asking.contains(host)) {
        if !is_door(config, host) {
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
    let names = HOST_MODULES.iter().map(|(module, _)| *module).filter(|module| wanted.contains(*module));
    for module in names.chain(["muc_max_occupants"]) {
        let file = format!("mod_{module}.lua");
        match paths.iter().map(|path| path.join(&file)).find(|path| path.is_file()) {
            None => found.error(
                Check::Modules,
                format!("{file} is in none of plugin_paths"),
                "put it there; Prosody starts without it, and says so in its log only",
            ),
            Some(path)
                if module == "reservations_guard"
                    && small_file(&path)
                        .is_ok_and(|text| text.trim_ascii() != GUARD_MODULE.trim().as_bytes()) =>
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
        let holds = small_file(file)
            .is_ok_and(|text| String::from_utf8_lossy(&text).contains(CredentialKind::Server.prefix()));
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
