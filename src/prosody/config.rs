//! Prosody's configuration, evaluated: which hosts there are, with which settings and modules.
//!
//! It is a program in Lua, so it is run, as Prosody runs it. Not in here: keeping it from doing harm
//! (`confined`).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use mlua::{HookTriggers, Lua, LuaOptions, StdLib, VmState};
use mlua::{Table, Value as LuaValue};
use serde::{Deserialize, Serialize};

/// What runs the configuration.
const EVALUATOR: &str = include_str!("config.lua");

/// How many instructions a configuration may take, and how many bytes.
const INSTRUCTIONS: u32 = 50_000_000;
const MEMORY: usize = 64 << 20;

/// The most bytes in a file.
const MAX_FILE: u64 = 4 << 20;

/// How many values all settings may have together: a table may lie in a table many times.
const MAX_VALUES: usize = 100_000;

/// How deep tables may lie in tables.
const DEPTH: usize = 8;

/// The settings above the first host.
const GLOBAL: &str = "*";

/// A Prosody configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProsodyConfig {
    /// The main file.
    pub path: PathBuf,
    /// All files that were read.
    pub files: Vec<PathBuf>,
    hosts: BTreeMap<String, BTreeMap<String, Value>>,
}

/// A setting's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// A list, and what has a name in it.
    Table(Vec<Value>, BTreeMap<String, Value>),
    /// A function, or what else only Lua has.
    Opaque,
}

/// It can't be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum ProsodyConfigError {
    /// The main file is not there, or not for us to read.
    #[error("cannot read Prosody's configuration `{}`", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Lua stopped.
    #[error("Prosody's configuration can't be evaluated: {0}")]
    Evaluation(String),
    /// It wanted more time or memory than a configuration should.
    #[error("the evaluation of Prosody's configuration was stopped ({0})")]
    Stopped(std::process::ExitStatus),
}

/// The message, which names file and line; what follows is a traceback of the evaluator.
impl From<mlua::Error> for ProsodyConfigError {
    fn from(error: mlua::Error) -> Self {
        let text = match &error {
            mlua::Error::CallbackError { cause, .. } => cause.to_string(),
            other => other.to_string(),
        };
        let first = text.lines().next().unwrap_or_default();
        // What Lua quotes of the configuration may be a credential.
        let first = first.split(" near ").next().unwrap_or_default();
        Self::Evaluation(
            first.trim_start_matches("runtime error: ").trim_start_matches("syntax error: ").to_owned(),
        )
    }
}

impl ProsodyConfig {
    /// Evaluates the configuration whose main file this is, with all that it includes. Only files below the main file's folder are
    /// read: a program that somebody else wrote must not come by what only we may read, and have us call an address with it.
    ///
    /// # Errors
    /// Where a file can't be read, or is no Lua, or wants more than a configuration should.
    pub fn read(path: &Path) -> Result<Self, ProsodyConfigError> {
        // On its own first: an error from inside Lua would bury the reason.
        let unreadable = |source| ProsodyConfigError::Unreadable { path: path.to_owned(), source };
        small_file(path).map_err(unreadable)?;
        let main = path.canonicalize().map_err(unreadable)?;
        let below = Rc::new(Below(main.parent().unwrap_or(&main).to_owned()));
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::UTF8 | StdLib::OS;
        let lua = Lua::new_with(libraries, LuaOptions::default())?;
        lua.set_memory_limit(MEMORY)?;
        lua.set_hook(HookTriggers::new().every_nth_instruction(INSTRUCTIONS), |_, _| {
            Err::<VmState, _>(mlua::Error::runtime("it takes too long"))
        })?;
        let files = Rc::new(RefCell::new(Vec::new()));
        let (noted, readable) = (Rc::clone(&files), Rc::clone(&below));
        let read = lua.create_function(move |lua, path: String| {
            let text = readable
                .small_file(Path::new(&path))
                .map_err(|error| mlua::Error::runtime(format!("{path}: {error}")))?;
            noted.borrow_mut().push(PathBuf::from(path));
            lua.create_string(text)
        })?;
        let expand = lua.create_function(move |_, pattern: String| {
            below.expand(&pattern).map_err(|error| mlua::Error::runtime(format!("{pattern}: {error}")))
        })?;
        let main = path.to_string_lossy().into_owned();
        let hosts: Table = lua.load(EVALUATOR).set_name("=config").call((main, read, expand))?;
        let (mut all, mut left) = (BTreeMap::new(), MAX_VALUES);
        for pair in hosts.pairs::<String, Table>() {
            let (host, options) = pair?;
            all.insert(host, named(&options, DEPTH, &mut left));
        }
        Ok(Self { path: path.to_owned(), files: files.take(), hosts: all })
    }

    /// The VirtualHosts.
    pub fn virtual_hosts(&self) -> impl Iterator<Item = &str> {
        self.hosts_of(|options| options.contains_key("defined") && !options.contains_key("component_module"))
    }

    /// The components that are run by that module, such as `muc`.
    pub fn components(&self, module: &str) -> impl Iterator<Item = &str> {
        self.hosts_of(move |options| {
            options.get("component_module").and_then(Value::as_text).is_some_and(|by| by == module)
        })
    }

    fn hosts_of(&self, which: impl Fn(&BTreeMap<String, Value>) -> bool) -> impl Iterator<Item = &str> {
        self.hosts.iter().filter(move |(_, options)| which(options)).map(|(host, _)| host.as_str())
    }

    /// A host's setting, or else the global one.
    #[must_use]
    pub fn option(&self, host: &str, name: &str) -> Option<&Value> {
        let of = |host: &str| self.hosts.get(host).and_then(|options| options.get(name));
        of(host).or_else(|| of(GLOBAL))
    }

    /// The hosts with settings in whose text, or in a table's, it stands.
    pub fn hosts_with<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.hosts.iter().flat_map(move |(host, options)| {
            let holds = options.iter().filter(move |(_, value)| value.holds(text));
            holds.map(move |(name, _)| (host.as_str(), name.as_str()))
        })
    }

    /// A host's setting that is text; a number is read as text.
    #[must_use]
    pub fn text(&self, host: &str, name: &str) -> Option<String> {
        self.option(host, name).and_then(Value::as_text)
    }

    /// A host's setting that is a number; text is read as one.
    #[must_use]
    pub fn number(&self, host: &str, name: &str) -> Option<f64> {
        match self.option(host, name)? {
            Value::Number(number) => Some(*number),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Whether a host's setting counts as true in Lua; `default` where it is not set.
    #[must_use]
    pub fn is_true(&self, host: &str, name: &str, default: bool) -> bool {
        self.option(host, name).map_or(default, |value| *value != Value::Bool(false))
    }

    /// A host's modules: its own and, for a VirtualHost, the global ones. Those that Prosody loads
    /// unasked are not in it.
    ///
    /// Source: Prosody, `core/modulemanager.lua`.
    #[must_use]
    pub fn modules(&self, host: &str) -> BTreeSet<String> {
        let own = |host: &str, name: &str| -> BTreeSet<String> {
            let list = self.hosts.get(host).and_then(|options| options.get(name));
            list.into_iter().flat_map(Value::list).collect()
        };
        let is_component =
            self.hosts.get(host).is_some_and(|options| options.contains_key("component_module"));
        let mut modules = if is_component { BTreeSet::new() } else { own(GLOBAL, "modules_enabled") };
        modules.retain(|module| !own(GLOBAL, "modules_disabled").contains(module));
        modules.extend(own(host, "modules_enabled"));
        modules.retain(|module| !own(host, "modules_disabled").contains(module));
        modules
    }

    /// Where the modules are looked for, Prosody's own folder left out.
    #[must_use]
    pub fn plugin_paths(&self) -> Vec<PathBuf> {
        let paths = [self.option(GLOBAL, "plugin_paths"), self.option(GLOBAL, "installer_plugin_path")];
        paths.into_iter().flatten().flat_map(Value::list).map(PathBuf::from).collect()
    }
}

impl Value {
    /// Text, or a number as text.
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::Bool(_) | Self::Table(..) | Self::Opaque => None,
        }
    }

    /// The texts in a list; a text by itself is a list of one.
    #[must_use]
    pub fn list(&self) -> Vec<String> {
        match self {
            Self::Table(items, _) => items.iter().filter_map(Self::as_text).collect(),
            other => other.as_text().into_iter().collect(),
        }
    }

    fn holds(&self, text: &str) -> bool {
        match self {
            Self::Text(own) => own.contains(text),
            Self::Table(items, fields) => items.iter().chain(fields.values()).any(|value| value.holds(text)),
            Self::Bool(_) | Self::Number(_) | Self::Opaque => false,
        }
    }

    /// What has that name in a table, whatever its case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        let Self::Table(_, fields) = self else { return None };
        fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

fn named(table: &Table, depth: usize, left: &mut usize) -> BTreeMap<String, Value> {
    let pairs = table.pairs::<LuaValue, LuaValue>().filter_map(Result::ok);
    let named = pairs.filter_map(|(key, value)| match key {
        LuaValue::String(key) => Some((key.to_string_lossy(), self::value(&value, depth, left))),
        _ => None,
    });
    named.collect()
}

fn value(value: &LuaValue, depth: usize, left: &mut usize) -> Value {
    if *left == 0 {
        return Value::Opaque;
    }
    *left -= 1;
    match value {
        LuaValue::Boolean(flag) => Value::Bool(*flag),
        #[expect(clippy::cast_precision_loss, reason = "settings are small numbers")]
        LuaValue::Integer(number) => Value::Number(*number as f64),
        LuaValue::Number(number) => Value::Number(*number),
        LuaValue::String(text) => Value::Text(text.to_string_lossy()),
        LuaValue::Table(table) if depth > 0 => {
            let items = table.sequence_values::<LuaValue>().filter_map(Result::ok);
            let items = items.map(|item| self::value(&item, depth - 1, left)).collect();
            Value::Table(items, named(table, depth - 1, left))
        }
        _ => Value::Opaque,
    }
}

/// A file's contents. What is no file, or a very large one, is not read.
///
/// # Errors
/// Where it can't be read, or is no small file.
pub fn small_file(path: &Path) -> io::Result<Vec<u8>> {
    text_of(open_small(path)?)
}

fn open_small(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?;
    if !kind.is_file() || kind.len() > MAX_FILE {
        return Err(io::Error::other("it is no file of a few megabytes at the most"));
    }
    File::open(path)
}

fn text_of(file: File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut text)?;
    Ok(text)
}

/// The folder whose files a configuration may read.
struct Below(PathBuf);

impl Below {
    /// Where the file is that was opened is looked at, not where its path led a moment ago.
    fn small_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = open_small(path)?;
        self.check(&file)?;
        text_of(file)
    }

    fn check(&self, opened: &File) -> io::Result<()> {
        let place = fs::read_link(format!("/proc/self/fd/{}", opened.as_raw_fd()))?;
        if place.starts_with(&self.0) {
            return Ok(());
        }
        let folder = self.0.display();
        Err(io::Error::other(format!("it is outside of `{folder}`, and nothing else is read")))
    }

    /// The files that match, in the order of their names; only the last part may be a pattern.
    fn expand(&self, pattern: &str) -> io::Result<Vec<String>> {
        let (folder, name) = pattern.rsplit_once('/').unwrap_or((".", pattern));
        self.check(&File::open(folder)?)?;
        let matches = |file: &str| {
            let escaped = regex::escape(name).replace(r"\*", ".*").replace(r"\?", ".");
            !file.starts_with('.')
                && regex::Regex::new(&format!("^{escaped}$")).is_ok_and(|name| name.is_match(file))
        };
        let entries = fs::read_dir(folder)?.filter_map(Result::ok);
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut found: Vec<String> =
            names.filter(|name| matches(name)).map(|name| format!("{folder}/{name}")).collect();
        found.sort();
        Ok(found)
    }
}
