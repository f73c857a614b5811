//! What was found: one thing that was looked at, and how it is.

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// It could not be looked at; the message says why.
    Skipped,
    /// It works, but not as well as it could, or not always.
    Warning,
    /// It doesn't work.
    Error,
}

/// What is looked at: first Prosody's configuration, then the service over the network, then
/// Frontdesk's own state. The codes are stable; these sentences stand in `docs/doctor.md`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::Display, strum::EnumIter, strum::EnumMessage,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Check {
    /// Prosody's configuration can be read and evaluated.
    Configuration,
    /// A VirtualHost loads `reservations`; otherwise Frontdesk is never asked.
    Reservations,
    /// `focus_component` or `muc_mapper_domain_base` is set; otherwise the module switches itself off.
    Focus,
    /// `reservations_api_prefix` is Frontdesk's address; without it the module switches itself off.
    ApiPrefix,
    /// A conference server's credential is sent, and the service and the database know it.
    Credential,
    /// Each Prosody has a credential of its own; two that share one split a meeting.
    CredentialShared,
    /// Not everybody on the machine can read the credential.
    CredentialReadable,
    /// Nothing was left that says `REPLACE-ME`.
    Placeholder,
    /// Where people sign in with tokens, nobody can make his own: the secret is not empty, or keys are used.
    Tokens,
    /// Prosody waits long enough for an answer; what times out is never asked again.
    Timeout,
    /// Prosody asks again for longer than the failover of a database takes.
    Retries,
    /// `reservations_enable_max_occupants`, `…_lobby_support` and `…_password_support` are on; otherwise what appointments say is ignored.
    Options,
    /// `main_muc` names the component of meetings; otherwise nothing that was granted is applied.
    MainMuc,
    /// Only Jicofo may make rooms; otherwise people make them by joining, unasked.
    RoomCreation,
    /// `muc_max_occupants` is loaded and more than 0, and Jicofo takes nobody's place.
    Occupants,
    /// `muc_tombstones` is off; otherwise a room that had breakout rooms can't be opened again after its end.
    Tombstones,
    /// `muc_lobby_rooms` and `persistent_lobby` are loaded, and lobbies have a component.
    Lobby,
    /// No VirtualHost lets people in past the check.
    Guests,
    /// `reservations_guard` is loaded; otherwise oddly spelled requests get past the check.
    Guard,
    /// Breakout rooms are not asked about.
    Breakout,
    /// The modules are in Prosody's `plugin_paths`, and the guard is of this version.
    Modules,
    /// Where moderators come by token, Prosody makes them.
    Moderators,
    /// Where room tokens are for any audience, as ProCONF's are, Prosody accepts any (`asap_accepted_audiences`).
    Audiences,
    /// Where apps speak Metered's language, Prosody lets who has a token past the lobby (`token_lobby_bypass`).
    PrivateRooms,
    /// The web application does not go past Prosody (`conferenceRequestUrl`).
    ConferenceRequest,
    /// The service answers at its address.
    Service,
    /// The service says that it is ready.
    Ready,
    /// The service's clock agrees with this machine's.
    Clock,
    /// A room that nobody booked is refused with a sentence.
    Refusal,
    /// A booked room is granted, with all of its terms, in a form that Prosody takes.
    Grant,
    /// Asked again, as after a crash of Prosody, the answer is 409 and names the conference.
    Conflict,
    /// Read again, the conference has the same terms and the same end.
    Read,
    /// When everybody has left, the room is free again.
    Release,
    /// Every answer came within two seconds.
    AnswerTime,
    /// The database can be reached, and its schema is this version's.
    Database,
    /// PostgreSQL is a version that this Frontdesk was tried on.
    DatabaseVersion,
    /// It is the primary, and may be written to.
    DatabaseRole,
    /// Our user may read and write all tables, and change them in an upgrade.
    DatabasePermissions,
    /// `fsync`, `full_page_writes` and `synchronous_commit` are on.
    DatabaseDurability,
    /// It takes as many connections as one replica may open.
    DatabaseConnections,
    /// Its clock agrees with this machine's.
    DatabaseClock,
    /// The master keys can be read, by nobody else, and are the ones that its passwords are sealed under.
    Keys,
    /// There is a tenant, and a conference server that may ask for it.
    Tenants,
    /// Frontdesk's public address is set.
    PublicUrl,
    /// Each tenant has a meeting URL and a key, so that people get in by join links.
    JoinLinks,
    /// Tenants whose apps speak the language of another system have what its answers need: a meeting URL, a key, and for JioMeet's links a public address.
    Dialects,
    /// No two tenants have tokens that open each other's rooms: by the same key, with the same `sub`.
    TokenSubjects,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How it is.
    pub level: Level,
    /// Where: a host of Prosody's, an address, a file.
    pub about: String,
    /// What was found.
    pub message: String,
    /// How to mend it, where there is something to mend.
    pub remedy: Option<String>,
}

/// The findings so far, about one thing.
#[derive(Debug)]
pub struct Findings<'a> {
    about: String,
    all: &'a mut Vec<Finding>,
}

impl<'a> Findings<'a> {
    /// Findings about this.
    pub fn about(about: impl Into<String>, all: &'a mut Vec<Finding>) -> Self {
        Self { about: about.into(), all }
    }

    /// It is as it should be.
    pub fn ok(&mut self, check: Check, message: impl Into<String>) {
        self.add(check, Level::Ok, message.into(), None);
    }

    /// It could not be looked at.
    pub fn skipped(&mut self, check: Check, message: impl Into<String>) {
        self.add(check, Level::Skipped, message.into(), None);
    }

    /// It could be better.
    pub fn warn(&mut self, check: Check, message: impl Into<String>, remedy: impl Into<String>) {
        self.add(check, Level::Warning, message.into(), Some(remedy.into()));
    }

    /// It doesn't work.
    pub fn error(&mut self, check: Check, message: impl Into<String>, remedy: impl Into<String>) {
        self.add(check, Level::Error, message.into(), Some(remedy.into()));
    }

    /// It is as it should be, or else it doesn't work.
    pub fn require(&mut self, check: Check, fine: bool, ok: &str, message: &str, remedy: impl Into<String>) {
        if fine {
            self.ok(check, ok);
        } else {
            self.error(check, message, remedy);
        }
    }

    fn add(&mut self, check: Check, level: Level, message: String, remedy: Option<String>) {
        self.all.push(Finding { check, level, about: self.about.clone(), message, remedy });
    }
}
