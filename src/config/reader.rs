//! The layers of the configuration, and what is declared about it.
//!
//! Problems are collected, never thrown. Not in here: which layer wins
//! (`setting`), the declarations (`settings`) and the TOML syntax (`file`).

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use secrecy::SecretString;

use super::{
    SettingDoc,
    file::ConfigFile,
    problem::{ConfigError, Found, Origin, Problem, nearest},
    setting::Setting,
};

/// What each variable of ours starts with.
pub(super) const PREFIX: &str = "FRONTDESK_";

/// Names the configuration file.
const CONFIG_VARIABLE: &str = "FRONTDESK_CONFIG";

/// Reads settings one by one, from the strongest layer that has them.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) flags: BTreeMap<&'static str, String>,
    pub(super) variables: BTreeMap<String, OsString>,
    pub(super) file: ConfigFile,
    pub(super) problems: Vec<Problem>,
    pub(super) declared: Vec<SettingDoc>,
}

/// A value's text as a layer has it, or what stands there instead.
pub(super) type Raw = (Origin, Result<SecretString, Found>);

impl Reader {
    /// Declares a setting that always has a value.
    pub(super) fn setting(
        &mut self,
        key: &'static str,
        default: &'static str,
        help: &'static str,
    ) -> Setting<'_> {
        self.declare(SettingDoc::new(key, Some(default), help, false))
    }

    /// Declares a setting that may be left out.
    pub(super) fn optional(&mut self, key: &'static str, help: &'static str) -> Setting<'_> {
        self.declare(SettingDoc::new(key, None, help, false))
    }

    /// Declares a setting that may be left out, is never shown, and may stand in a file of its own.
    pub(super) fn secret(&mut self, key: &'static str, help: &'static str) -> Setting<'_> {
        self.declare(SettingDoc::new(key, None, help, true))
    }

    fn declare(&mut self, doc: SettingDoc) -> Setting<'_> {
        self.declared.push(doc.clone());
        if doc.secret {
            self.declared.push(doc.in_a_file());
        }
        Setting::new(self, doc)
    }

    /// Notes what the value of a declared setting is.
    pub(super) fn expect(&mut self, key: &str, value: &'static str) {
        if let Some(doc) = self.declared.iter_mut().find(|doc| doc.key == key) {
            doc.value = value;
        }
    }

    /// Finds and parses the configuration file; what is wrong with it is noted.
    pub(super) fn open_file(&mut self, flag: Option<&Path>, default_path: &Path) {
        let variable = self.variables.remove(CONFIG_VARIABLE).filter(|path| !path.is_empty());
        let (origin, path) = match (flag, &variable) {
            (Some(path), _) => (Origin::Flag("config".to_owned()), path),
            (None, Some(path)) => (Origin::Variable(CONFIG_VARIABLE.to_owned()), Path::new(path)),
            (None, None) => (Origin::DefaultPath, default_path),
        };
        match ConfigFile::read(&origin, path) {
            Ok(file) => self.file = file,
            Err(problems) => self.problems.extend(problems),
        }
    }

    /// Adds what no declaration asked for.
    ///
    /// # Errors
    /// Every problem found since the start.
    pub(super) fn finish(mut self) -> Result<(), ConfigError> {
        let keys: Vec<&str> = self.declared.iter().map(|doc| doc.key.as_str()).collect();
        let mut variables: Vec<&str> = self.declared.iter().map(|doc| doc.variable.as_str()).collect();
        variables.push(CONFIG_VARIABLE);
        let is_ours = |name: &&String| name.starts_with(PREFIX) && !is_kubernetes_link(name);
        let flags = self.flags.keys().map(|key| (Origin::Flag(flag(key)), None));
        let ours = self.variables.keys().filter(is_ours);
        let ours = ours.map(|name| (Origin::Variable(name.clone()), nearest(name, &variables)));
        let file = self.file.unknown(&keys).into_iter().map(|(key, origin)| (origin, nearest(key, &keys)));
        let unknown = flags.chain(ours).chain(file);
        let unknown = unknown.map(|(origin, nearest)| Problem::Unknown { origin, nearest });
        self.problems.extend(unknown);
        if self.problems.is_empty() { Ok(()) } else { Err(ConfigError::new(self.problems)) }
    }

    pub(super) fn take_flag(&mut self, key: &str) -> Option<Raw> {
        let text = self.flags.remove(key)?;
        Some((Origin::Flag(flag(key)), Ok(text.into())))
    }

    /// An empty variable counts as none: compose files cannot leave one out.
    pub(super) fn take_variable(&mut self, name: &str) -> Option<Raw> {
        let text = self.variables.remove(name).filter(|text| !text.is_empty())?;
        let text = text.into_string().map(SecretString::from).map_err(|_| Found::NotUnicode);
        Some((Origin::Variable(name.to_owned()), text))
    }

    pub(super) fn take_key(&mut self, key: &str) -> Option<Raw> {
        let (origin, entry) = self.file.take(key)?;
        Some((origin, entry.value.map_err(Found::Kind)))
    }
}

/// `database.desk_connections` is `--database-desk-connections` on the command line.
fn flag(key: &str) -> String {
    key.replace(['.', '_'], "-")
}

/// Kubernetes puts such variables into every container beside a Service named
/// `frontdesk`: `FRONTDESK_SERVICE_HOST`, `FRONTDESK_PORT_8080_TCP_ADDR`, …
///
/// Source: Kubernetes, "Discovering services", environment variables.
fn is_kubernetes_link(name: &str) -> bool {
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    let is_port =
        name.strip_prefix("PORT_").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    is_port
        || name == "PORT"
        || name == "SERVICE_HOST"
        || name == "SERVICE_PORT"
        || name.starts_with("SERVICE_PORT_")
}
