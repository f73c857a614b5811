//! What an operator puts into Prosody, ready to paste.
//!
//! Source: settings are read by `mod_reservations.lua`, `mod_muc_max_occupants.lua` and
//! `token/util.lib.lua` of jitsi-meet. A file that Prosody includes starts in the global scope, so
//! settings in a file of their own hold for every VirtualHost, guests' too; a list such as
//! `modules_enabled` would be replaced rather than added to, so modules are named where they are.

use std::fmt::Write as _;

use super::verification::Verification;
use crate::reservation::BaseUrl;

/// What stands where the operator has to put something else.
pub const REPLACE: &str = "REPLACE-ME";

/// The modules that the VirtualHost of meetings needs, and what for.
pub const HOST_MODULES: [(&str, &str); 4] = [
    ("reservations", "asks Frontdesk"),
    ("reservations_guard", "closes the ways past it"),
    ("muc_lobby_rooms", "the lobby"),
    ("persistent_lobby", "keeps the lobby while the room is empty"),
];

/// How Jitsi was installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Target {
    /// By Debian packages: `jitsi-meet-prosody`.
    Debian,
    /// By docker-jitsi-meet.
    Docker,
}

/// What the settings are made from.
#[derive(Debug, Clone)]
pub struct Setup<'a> {
    /// How Jitsi was installed.
    pub target: Target,
    /// Prosody's VirtualHost of meetings.
    pub host: &'a str,
    /// Where Prosody reaches Frontdesk.
    pub url: &'a BaseUrl,
    /// What operators call this Prosody, if it has been added.
    pub server: Option<&'a str>,
    /// Its credential in clear, if there is one.
    pub credential: Option<&'a str>,
    /// How it checks room tokens, if it does.
    pub tokens: Option<Verification<'a>>,
}

/// A setting, and why.
pub(super) struct Setting {
    pub name: &'static str,
    /// As Lua.
    pub value: String,
    pub why: &'static str,
}

impl Setup<'_> {
    /// The text: comments say what to do with it. It holds the credential.
    #[must_use]
    pub fn render(&self) -> String {
        match self.target {
            Target::Debian => self.debian(),
            Target::Docker => self.docker(),
        }
    }

    fn debian(&self) -> String {
        let Self { host, .. } = self;
        let mut modules = String::new();
        for (module, why) in HOST_MODULES {
            _ = writeln!(modules, "--            {:<24} -- {why}", format!("{module:?};"));
        }
        let token_edits = match self.tokens {
            None => "",
            Some(_) => {
                "--
--        authentication = \"token\"           -- instead of \"jitsi-anonymous\", in the VirtualHost
--        \"token_verification\";              -- in modules_enabled of the Component
--        \"token_affiliation\";               -- there too, where tokens make moderators; of jitsi-contrib
"
            }
        };
        format!(
            "{title}
--
-- 1. This text is a file of its own. It holds a credential, so only root and Prosody may read it:
--      install -m 640 -o root -g prosody THIS-FILE /etc/prosody/conf.d/frontdesk.cfg.lua
-- 2. Put the module that closes the ways past the check beside Jitsi's own:
--      frontdesk prosody-config --guard-module >/usr/share/jitsi-meet/prosody-plugins/mod_reservations_guard.lua
-- 3. In /etc/prosody/conf.avail/{host}.cfg.lua, add to the modules_enabled of VirtualHost \"{host}\":
{modules}--    and to the modules_enabled of Component \"conference.{host}\" \"muc\":
--            \"muc_max_occupants\";     -- the limit of people
--    Is there a VirtualHost for guests (\"guest.{host}\")? Add the first two modules to its modules_enabled
--    too, or guests pass the check by.
{token_edits}-- 4. systemctl restart prosody
-- 5. frontdesk doctor --prosody-config /etc/prosody/prosody.cfg.lua

{settings}",
            title = self.title(),
            settings = lua(&self.file_settings()),
        )
    }

    fn docker(&self) -> String {
        let modules = "reservations,reservations_guard,persistent_lobby";
        let tokens = self.tokens.map_or_else(String::new, |tokens| tokens.variables());
        let common = format!(
            "XMPP_MODULES={modules}
ENABLE_LOBBY=1
MAX_PARTICIPANTS=500
{tokens}"
        );
        format!(
            "{title}
--
-- First, either way: put the module that closes the ways past the check where Prosody looks for it:
--   frontdesk prosody-config --guard-module >~/.jitsi-meet-cfg/prosody/prosody-plugins-custom/mod_reservations_guard.lua
-- Then choose one of two ways, recreate the container (docker compose up -d --force-recreate prosody), and look
-- at the configuration that it made of that (in images before stable-11146 it is /config):
--   docker compose exec -T prosody tar -C /run/prosody -cf - config | tar -xf - && chmod -R o+rX config
--   docker compose --project-directory FRONTDESKS-FOLDER run --rm --volume \"$PWD/config:/prosody-config:ro\" \\
--       frontdesk doctor --prosody-config /prosody-config/prosody.cfg.lua
--
-- Leave PROSODY_RESERVATION_ENABLED unset: it would leave guests (ENABLE_GUESTS) out. Have you set XMPP_MODULES or
-- XMPP_CONFIGURATION already? Join the lists with a comma. Where tokens make moderators, jitsi-contrib's
-- token_affiliation belongs into XMPP_MUC_MODULES.

-- ==== One way: everything in docker-jitsi-meet's .env (it holds the credential: chmod 600 .env)
-- With guests, this needs images from stable-10532 on: in older ones XMPP_CONFIGURATION is not for guests.
-- The list is split at every comma, so no value may have one.
--[==[
{common}XMPP_CONFIGURATION='{configuration}'
]==]

-- ==== The other way: this in .env …
--[==[
{common}]==]
-- … and this whole text as ~/.jitsi-meet-cfg/prosody/config/conf.d/zz-frontdesk.cfg.lua

{settings}",
            title = self.title(),
            configuration = in_one_line(&self.docker_settings()),
            settings = lua(&self.docker_file_settings()),
        )
    }

    fn title(&self) -> String {
        let which = self.server.map_or_else(String::new, |name| format!(", conference server {name:?}"));
        format!(
            "-- Frontdesk for Prosody, VirtualHost {host:?}{which}.
--
-- One credential per Prosody: by it Frontdesk tells which server holds a room. Two that share one would
-- both open the room, and split the meeting.",
            host = self.host
        )
    }

    fn settings(&self) -> Vec<Setting> {
        let credential = self.credential.unwrap_or(REPLACE);
        let set = |name, value: &str, why| Setting { name, value: value.to_owned(), why };
        let mut settings = vec![
            set(
                "reservations_api_prefix",
                &quoted(self.url.as_str()),
                "Frontdesk, as this Prosody reaches it.",
            ),
            set(
                "reservations_api_headers",
                &format!("{{ [\"Authorization\"] = {} }}", quoted(&format!("Bearer {credential}"))),
                "The credential of this Prosody. Keep it to yourself.",
            ),
            set(
                "reservations_api_timeout",
                "20",
                "Seconds. Frontdesk answers within 2; what takes longer is refused, and not asked again.",
            ),
            set(
                "reservations_api_retry_count",
                "12",
                "Where Frontdesk or its database is away, every 3 s: outlives the failover of a database.",
            ),
            set("reservations_api_retry_delay", "3", "Seconds."),
            set(
                "reservations_enable_max_occupants",
                "true",
                "What appointments say holds only with these three.",
            ),
            set("reservations_enable_lobby_support", "true", ""),
            set("reservations_enable_password_support", "true", ""),
        ];
        settings.extend(self.tokens.iter().flat_map(Verification::settings));
        settings
    }

    /// Where meetings, lobbies and breakout rooms are.
    fn components(&self, meetings: &str) -> [Setting; 3] {
        let component = |name: &str| quoted(&format!("{name}.{}", self.host));
        let why = "Where meetings are. Guests' VirtualHost needs to know, too.";
        [
            Setting { name: "main_muc", value: component(meetings), why },
            Setting { name: "lobby_muc", value: component("lobby"), why: "" },
            Setting { name: "breakout_rooms_muc", value: component("breakout"), why: "" },
        ]
    }

    fn file_settings(&self) -> Vec<Setting> {
        let mut settings = self.settings();
        settings.extend(self.components("conference"));
        settings.push(Setting {
            name: "muc_tombstones",
            value: "false".to_owned(),
            why: "Otherwise a room that had breakout rooms can't be opened again after its end.",
        });
        settings.push(Setting {
            name: "muc_max_occupants",
            value: "500".to_owned(),
            why: "Has to be more than 0, or the limits of appointments are ignored too.",
        });
        settings.push(Setting {
            name: "muc_access_whitelist",
            value: format!("{{ {} }}", quoted(&format!("focus@auth.{}", self.host))),
            why: "Jicofo takes nobody's place.",
        });
        settings
    }

    /// Docker's own variables set what is about tokens, as far as there are any.
    fn docker_settings(&self) -> Vec<Setting> {
        let mut settings = Setup { tokens: None, ..self.clone() }.settings();
        settings.extend(self.tokens.iter().flat_map(Verification::further_settings));
        settings
    }

    /// In a file, which older images need for guests: also what their VirtualHost is not told.
    fn docker_file_settings(&self) -> Vec<Setting> {
        let mut settings = self.docker_settings();
        settings.extend(self.components("muc"));
        settings
    }
}

/// The settings as a file of Prosody's.
fn lua(settings: &[Setting]) -> String {
    let mut text = String::new();
    for Setting { name, value, why } in settings {
        if !why.is_empty() {
            _ = writeln!(text, "-- {why}");
        }
        _ = writeln!(text, "{name} = {value}");
    }
    text
}

/// The settings as docker-jitsi-meet takes them: in one line, split at every comma, between single
/// quotes in a file of variables.
fn in_one_line(settings: &[Setting]) -> String {
    let escaped = |value: &str| value.replace(',', "\\044").replace('\'', "\\039");
    settings.iter().map(|s| format!("{}={}", s.name, escaped(&s.value))).collect::<Vec<_>>().join(",")
}

/// A string of Lua's.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            // Two of them would end the comment that the text may stand in.
            ']' => quoted.push_str("\\093"),
            c if c.is_control() => _ = write!(quoted, "\\u{{{:x}}}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
