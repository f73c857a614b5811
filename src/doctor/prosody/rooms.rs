//! The rooms of meetings: who makes them, and what keeps their limits and lobbies.

use crate::doctor::finding::{Check, Findings};
use crate::prosody::config::{ProsodyConfig, Value};

/// The component of meetings: its rooms, and who makes them.
pub(super) fn rooms(config: &ProsodyConfig, host: &str, focus: Option<&str>, found: &mut Findings<'_>) {
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
    let breakouts = config.virtual_hosts().any(|host| config.modules(host).contains("muc_breakout_rooms"));
    if breakouts && config.is_true(&muc, "muc_tombstones", true) {
        found.warn(
            Check::Tombstones,
            "a room that had breakout rooms can't be opened again for 31 days after its end: Prosody keeps its tombstone, and doesn't ask",
            format!("muc_tombstones = false in Component \"{muc}\" \"muc\""),
        );
    } else {
        found.ok(Check::Tombstones, "rooms can be opened again after their end");
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
pub(super) fn lobby(config: &ProsodyConfig, host: &str, found: &mut Findings<'_>) {
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
