//! The sources of settings: flags, environment and file, in layers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::{Table, Value};

use super::error::{ConfigErrors, ValueOrigin};

/// Environment variables as a value, so that tests do not change those of the process.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Returns the environment of this process, without variables that are not UTF-8.
    pub fn of_process() -> Self {
        std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect()
    }

    /// Returns the value of a variable. An empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns all variables.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the variables of sections, `WIGWAG_<SECTION>__…`. Others that start with `WIGWAG_` may belong to a client, or
    /// be service variables of Kubernetes.
    pub(super) fn in_sections<'a>(
        &'a self,
        is_section: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        let of_section = move |name: &str| {
            let section =
                name.strip_prefix("WIGWAG_").and_then(|rest| rest.split_once("__")).map(|(section, _)| section);
            section.is_some_and(|section| is_section(&section.to_ascii_lowercase()))
        };
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str())).filter(move |(name, _)| of_section(name))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(pairs: [(&str, &str); N]) -> Self {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// Returns the environment variable of a setting: `WIGWAG_SESSION__GRACE_MS` for `session.grace_ms`.
pub fn variable_of(key: &str) -> String {
    format!("WIGWAG_{}", key.replace('.', "__").to_ascii_uppercase())
}

/// Returns the key of a variable, whether or not there is such a setting.
pub(super) fn key_of(variable: &str) -> String {
    variable.trim_start_matches("WIGWAG_").replace("__", ".").to_ascii_lowercase()
}

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) origin: ValueOrigin,
}

/// Settings by dotted key. A later layer overrides earlier ones.
#[derive(Debug, Default)]
pub(super) struct Layers(pub(super) BTreeMap<String, Given>);

impl Layers {
    /// Adds the table of a file. `shape` is the table of all settings, which distinguishes sections from values.
    pub(super) fn add_table(&mut self, table: Table, shape: &Table, origin: &ValueOrigin) {
        for (key, value) in flatten(table, Some(shape)) {
            self.0.insert(key, Given { value, origin: origin.clone() });
        }
    }

    /// Adds text from the environment or a flag, parsed as the type of the setting's default.
    pub(super) fn add_text(&mut self, key: &str, text: &str, default: Option<&Value>, origin: ValueOrigin) {
        self.0.insert(key.to_owned(), Given { value: parse_text(text, default), origin });
    }
}

/// Returns the dotted keys of a table with their values. A table that is not a section in `shape` is a value.
pub(super) fn flatten(table: Table, shape: Option<&Table>) -> Vec<(String, Value)> {
    let mut flat = Vec::new();
    for (name, value) in table {
        match (value, shape.map(|shape| shape.get(&name))) {
            (Value::Table(inner), None) => prefixed(&mut flat, &name, flatten(inner, None)),
            (Value::Table(inner), Some(Some(Value::Table(shape)))) => {
                prefixed(&mut flat, &name, flatten(inner, Some(shape)));
            }
            (value, _) => flat.push((name, value)),
        }
    }
    flat
}

fn prefixed(flat: &mut Vec<(String, Value)>, section: &str, inner: Vec<(String, Value)>) {
    flat.extend(inner.into_iter().map(|(name, value)| (format!("{section}.{name}"), value)));
}

/// Parses text as a string if the setting is one; otherwise, and if it is a list or table, as TOML.
fn parse_text(text: &str, default: Option<&Value>) -> Value {
    let is_text = matches!(default, None | Some(Value::String(_)));
    if is_text && !text.starts_with(['[', '{']) {
        return Value::String(text.to_owned());
    }
    let parsed = toml::from_str::<Table>(&format!("value = {text}")).ok().and_then(|mut t| t.remove("value"));
    parsed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Inserts a value into nested tables, creating them as needed.
pub(super) fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// Reads a configuration file.
pub(super) fn read_file(path: &PathBuf) -> Result<Table, ConfigErrors> {
    let fail = |allowed: String| {
        let mut errors = ConfigErrors::default();
        errors.add(&format!("--config {}", path.display()), "", allowed);
        errors
    };
    let text = std::fs::read_to_string(path).map_err(|error| fail(format!("the file cannot be read: {error}")))?;
    text.parse::<Table>().map_err(|error| {
        // The parser's `Display` quotes the line, which may contain a credential.
        let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        fail(format!("not valid TOML at line {line}: {}", error.message()))
    })
}
