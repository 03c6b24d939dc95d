//! Loads the configuration.
//!
//! serde stops at the first error. To report all of them, each value is first deserialized alone over the defaults. Invalid
//! ones are reported and left out, and the rest is deserialized and checked together.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::{Table, Value};

use super::error::{ConfigErrors, ValueOrigin};
use super::range::Range;
use super::source::{Environment, Given, Layers, flatten, insert, key_of, read_file, variable_of};
use super::{
    Config, admin, auth, compat, connections, cors, drain, http2, ice, log, networks, public_url, renamed,
    room_service, rooms, session, tls, users,
};

/// Settings from the command line.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The configuration file. `None`: that of the variable `WIGWAG_CONFIG`, if it is set.
    pub file: Option<PathBuf>,
    /// Settings with the flags that gave them; later ones override earlier ones.
    pub settings: Vec<Override>,
}

/// A setting from the command line.
#[derive(Clone, Debug)]
pub struct Override {
    /// The flag, for error messages.
    pub flag: String,
    /// The key of the setting, such as `session.grace_ms`.
    pub key: String,
    /// Its value as text.
    pub value: String,
}

impl Config {
    /// Loads the configuration: `overrides` over `environment` over the file over the defaults.
    ///
    /// # Errors
    ///
    /// All invalid settings at once. If the file cannot be read or parsed, only that.
    pub fn load(overrides: &Overrides, environment: &Environment) -> Result<Self, ConfigErrors> {
        let shape = Table::try_from(Self::default()).expect("every setting has a TOML form");
        let mut layers = Layers::default();

        if let Some(path) = file_of(overrides, environment) {
            let mut table = read_file(&path)?;
            renamed::rename(&mut table);
            layers.add_table(table, &shape, &ValueOrigin::File(path));
        }
        let settings = flatten(shape.clone(), None);
        for (key, default) in &settings {
            let mut names = std::iter::once(variable_of(key)).chain(renamed::old_variables(key));
            if let Some((text, name)) = names.find_map(|name| Some((environment.get(&name)?, name))) {
                layers.add_text(key, text, Some(default), ValueOrigin::Environment(name));
            }
        }
        add_port(&mut layers, environment);
        for Override { flag, key, value } in &overrides.settings {
            let key = renamed::current(key);
            let default = settings.iter().find(|(known, _)| *known == key).map(|(_, default)| default);
            layers.add_text(&key, value, default, ValueOrigin::Flag(flag.clone()));
        }

        for (name, text) in environment.in_sections(|name| shape.contains_key(name) || renamed::is_old_section(name)) {
            let is_of = |key: &str| variable_of(key) == name || renamed::old_variables(key).any(|old| old == name);
            if !settings.iter().any(|(key, _)| is_of(key)) {
                let key = renamed::current(&key_of(name));
                layers.add_text(&key, text, None, ValueOrigin::Environment(name.to_owned()));
            }
        }

        let mut config = assemble(layers, &settings)?;
        if config.node_name.is_empty() {
            config.node_name = generate_node_name();
        }
        Ok(config)
    }
}

/// Returns the configuration file, if there is one.
pub(super) fn file_of(overrides: &Overrides, environment: &Environment) -> Option<PathBuf> {
    overrides.file.clone().or_else(|| environment.get("WIGWAG_CONFIG").map(PathBuf::from))
}

/// Adds `PORT`, which hosting platforms set: the port only, at the IP address of the layers below.
fn add_port(layers: &mut Layers, environment: &Environment) {
    let Some(text) = environment.get("PORT") else { return };
    let mut listen = match layers.0.get("listen") {
        None => Config::default().listen,
        Some(given) => match given.value.as_str().and_then(|listen| listen.parse().ok()) {
            Some(listen) => listen,
            // Kept, to be reported with all other errors.
            None => return,
        },
    };
    let value = match text.parse() {
        Ok(port) => {
            listen.set_port(port);
            listen.to_string()
        }
        // Kept as well.
        Err(_) => text.to_owned(),
    };
    layers.add_text("listen", &value, None, ValueOrigin::Environment("PORT".to_owned()));
}

fn assemble(layers: Layers, settings: &[(String, Value)]) -> Result<Config, ConfigErrors> {
    let mut errors = ConfigErrors::default();
    let mut usable = Table::new();
    let mut origins = BTreeMap::new();
    for (key, Given { value, origin }) in layers.0 {
        match allowed_instead(&key, &value, settings) {
            Some(_) if origin == ValueOrigin::Environment("PORT".to_owned()) => {
                errors.add(&key, value, "a port number from 0 to 65535");
            }
            Some(allowed) => errors.add(&key, displayed(&key, &value, settings), allowed),
            None => insert(&mut usable, &key, value),
        }
        origins.insert(key, origin);
    }
    // Each value has been deserialized alone, so that together they can only fail `check`.
    let config = match Config::deserialize_table(usable) {
        Ok(config) => config,
        Err(error) => {
            errors.add("configuration", "", error);
            Config::default()
        }
    };
    config.check(&mut errors);
    for error in &mut errors.0 {
        error.origin = origins.get(&error.key).cloned();
    }
    errors.or(config)
}

impl Config {
    fn deserialize_table(table: Table) -> Result<Self, String> {
        table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
    }
}

/// Returns what is allowed for `key` if `value` is not.
fn allowed_instead(key: &str, value: &Value, settings: &[(String, Value)]) -> Option<String> {
    let Some((_, default)) = settings.iter().find(|(known, _)| known == key) else {
        return Some(
            renamed::remedy(key).unwrap_or_else(|| format!("there is no such setting; {}", neighbors(key, settings))),
        );
    };
    if let Some(range) = ranges().find(|range| range.key == key) {
        let fits = value.as_integer().is_some_and(|number| range.contains(number));
        return (!fits).then(|| range.to_string());
    }
    let mut alone = Table::new();
    insert(&mut alone, key, value.clone());
    let error = Config::deserialize_table(alone).err()?;
    Some(match key {
        "listen" => "an IP address and port, such as 127.0.0.1:8080 or [::1]:8080".to_owned(),
        "public_url" => public_url::ALLOWED.to_owned(),
        "room_service" => room_service::ALLOWED.to_owned(),
        "admin.listen" => admin::ALLOWED.to_owned(),
        "cors.allowed_origins" => format!("{error}; allowed is {}", cors::ALLOWED),
        "cors.allowed_hosts" => format!("{error}; allowed is {}", cors::ALLOWED_HOSTS),
        "auth.keys" => auth::ALLOWED_KEYS.to_owned(),
        "auth.certificates" => auth::ALLOWED_CERTIFICATES.to_owned(),
        "auth.issuers" => auth::ALLOWED_ISSUERS.to_owned(),
        "auth.webhook_when" => auth::ALLOWED_WEBHOOK_WHEN.to_owned(),
        "connections.trusted_proxies" | "deny.addresses" => format!("{error}; allowed is {}", networks::ALLOWED),
        "connections.proxy_protocol" => connections::ALLOWED_PROXY_PROTOCOL.to_owned(),
        "ice.servers" => ice::ALLOWED.to_owned(),
        "ice.provider" => ice::ALLOWED_PROVIDER.to_owned(),
        "http2.engine" => http2::ALLOWED_ENGINE.to_owned(),
        "tls.client_auth" => tls::ALLOWED_CLIENT_AUTH.to_owned(),
        "tls.min_version" => tls::ALLOWED_VERSION.to_owned(),
        "log.users" => log::ALLOWED_USERS.to_owned(),
        "log.format" => log::ALLOWED_FORMAT.to_owned(),
        _ if default.is_bool() => "true or false".to_owned(),
        _ if default.is_str() => "a string".to_owned(),
        _ => error,
    })
}

/// Returns the ranges of all numeric settings.
fn ranges() -> impl Iterator<Item = &'static Range> {
    [
        super::RANGES,
        auth::RANGES,
        session::RANGES,
        rooms::RANGES,
        users::RANGES,
        drain::RANGES,
        compat::RANGES,
        connections::RANGES,
        http2::RANGES,
        ice::RANGES,
    ]
    .into_iter()
    .flatten()
}

/// Lists the settings of the same section, or the sections.
fn neighbors(key: &str, settings: &[(String, Value)]) -> String {
    let section_of = |key: &str| key.rsplit_once('.').map_or("", |(section, _)| section).to_owned();
    let section = section_of(key);
    let names = |section: &str| -> Vec<String> {
        let inside = settings.iter().filter(|(known, _)| section_of(known) == section);
        inside.map(|(known, _)| known.rsplit('.').next().unwrap_or(known).to_owned()).collect()
    };
    let known = names(&section);
    if known.is_empty() || section.is_empty() {
        let mut sections: Vec<String> = settings.iter().map(|(known, _)| section_of(known)).collect();
        sections.dedup();
        sections.retain(|section| !section.is_empty());
        format!("outside sections there are {}; sections are {}", names("").join(", "), sections.join(", "))
    } else {
        format!("[{section}] has {}", known.join(", "))
    }
}

/// Returns the value for an error message; empty if it may be a credential, as under `auth.keys` and `ice` or in an unknown setting.
fn displayed(key: &str, value: &Value, settings: &[(String, Value)]) -> String {
    let plain =
        !key.starts_with("ice.") && !key.starts_with("auth.keys") && settings.iter().any(|(known, _)| known == key);
    if plain { value.to_string() } else { String::new() }
}

/// Returns `node-` and eight random hexadecimal digits, to distinguish nodes without a configured name.
fn generate_node_name() -> String {
    let mut bytes = [0u8; 4];
    // Without randomness the process id has to do: the name is only for people.
    if getrandom::fill(&mut bytes).is_err() {
        return format!("node-{}", std::process::id());
    }
    format!("node-{:08x}", u32::from_be_bytes(bytes))
}
