//! What is probably a mistake in the settings but no error.

use toml::Table;

use super::load::file_of;
use super::source::{Environment, flatten, read_file, variable_of};
use super::{Config, Overrides, renamed, renamed::OldName};

/// Variables of the clients, examples and tests of this repository.
const OF_CLIENTS: [&str; 5] = ["WIGWAG_URL", "WIGWAG_SERVER", "WIGWAG_ADDRESS", "WIGWAG_ECHO_", "WIGWAG_TEST_"];

impl Config {
    /// Returns a warning for each setting under a name that it had in the last release, for each variable that starts with
    /// `WIGWAG_` without being a setting, and for a `PORT` that a flag overrides. Unknown variables are not errors, since they
    /// may belong to other programs.
    ///
    /// A variable of an existing section, such as `WIGWAG_SESSION__GRACE`, is an error of [`Config::load`].
    pub fn warnings(overrides: &Overrides, environment: &Environment) -> Vec<String> {
        let shape = Table::try_from(Self::default()).expect("every setting has a TOML form");
        let names =
            |(key, _): &(String, _)| std::iter::once(variable_of(key)).chain(renamed::old_variables(key)).collect();
        let mut known: Vec<String> = flatten(shape.clone(), None).iter().flat_map::<Vec<_>, _>(names).collect();
        known.push("WIGWAG_CONFIG".to_owned());
        let is_section = |name: &str| shape.get(&name.to_ascii_lowercase()).is_some_and(toml::Value::is_table);
        let unknown = environment.iter().filter(|(name, value)| {
            let section =
                name.strip_prefix("WIGWAG_").and_then(|rest| rest.split_once("__")).map(|(section, _)| section);
            name.starts_with("WIGWAG_")
                && !known.iter().any(|known| known == name)
                && !section.is_some_and(is_section)
                && !OF_CLIENTS.iter().any(|client| name.starts_with(client))
                && !is_of_kubernetes(name, value)
        });
        let mut warnings: Vec<String> = unknown
            .map(|(name, _)| match nearest(name, &known) {
                Some(near) => format!("the environment variable {name} is not a setting: did you mean {near}?"),
                None => format!(
                    "the environment variable {name} is not a setting: wigwag-server print-config lists them, and \
                     session.grace_ms is WIGWAG_SESSION__GRACE_MS"
                ),
            })
            .collect();
        // A file that cannot be read is an error of `load`.
        let file = file_of(overrides, environment).and_then(|path| read_file(&path).ok()).unwrap_or_default();
        let variables: Vec<&str> = environment.iter().map(|(name, _)| name).collect();
        let flags: Vec<&str> = overrides.settings.iter().map(|setting| setting.key.as_str()).collect();
        let old_names = renamed::old_names(&file, &variables, &flags);
        warnings.extend(old_names.into_iter().map(|OldName { old, new, refused_since }| {
            format!("{old} was renamed to {new}: set that instead, version {refused_since} refuses the old name")
        }));
        if let Some(port) = environment.get("PORT")
            && let Some(flag) = overrides.settings.iter().rfind(|setting| setting.key == "listen")
        {
            warnings
                .push(format!("PORT={port} has no effect: {} sets listen, and flags override variables", flag.flag));
        }
        warnings
    }
}

/// Returns whether Kubernetes sets this variable in every container, for a service whose name starts with `wigwag`.
fn is_of_kubernetes(name: &str, value: &str) -> bool {
    let port = |text: &str| text.ends_with("_PORT") || text.contains("_PORT_");
    name.ends_with("_SERVICE_HOST")
        || (port(name) && ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme)))
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || ["_TCP", "_UDP", "_SCTP"].iter().any(|protocol| {
            [format!("{protocol}_PROTO"), format!("{protocol}_PORT"), format!("{protocol}_ADDR")]
                .iter()
                .any(|end| name.ends_with(end.as_str()))
        })
}

/// Returns the known name with the fewest changed letters, if those are few.
fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a String> {
    let near = known.iter().map(|known| (distance(name, known), known)).min_by_key(|(distance, _)| *distance)?;
    (near.0 <= 3).then_some(near.1)
}

/// The Levenshtein distance of two texts.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::super::Override;
    use super::*;

    fn warnings<const N: usize>(environment: [(&str, &str); N]) -> Vec<String> {
        Config::warnings(&Overrides::default(), &Environment::from(environment))
    }

    #[test]
    fn an_unknown_variable_is_named_with_the_nearest_setting() {
        for (name, near) in [
            ("WIGWAG_SESSION_GRACE_MS", "WIGWAG_SESSION__GRACE_MS"),
            ("WIGWAG_SESION__GRACE_MS", "WIGWAG_SESSION__GRACE_MS"),
            ("WIGWAG_LISTEN_", "WIGWAG_LISTEN"),
            ("WIGWAG_CONFG", "WIGWAG_CONFIG"),
        ] {
            let found = warnings([(name, "1")]);
            assert!(found.len() == 1 && found[0].contains(name) && found[0].contains(near), "{found:?}");
        }
        let found = warnings([("WIGWAG_SOMETHING_ELSE", "1")]);
        assert!(found.len() == 1 && found[0].contains("print-config"), "{found:?}");
    }

    #[test]
    fn settings_and_variables_of_other_programs_are_not_named() {
        let found = warnings([
            ("WIGWAG_SESSION__GRACE_MS", "1"),
            ("WIGWAG_CONFIG", "/etc/wigwag.toml"),
            ("WIGWAG_URL", "http://localhost:8080"),
            ("WIGWAG_ECHO_PASSPHRASE", "x"),
            ("WIGWAG_PORT", "tcp://10.0.0.1:8080"),
            ("WIGWAG_SERVER_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("WIGWAG_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ("WIGWAG_SERVICE_HOST", "10.0.0.1"),
            ("WIGWAG_SERVICE_PORT_HTTP", "8080"),
            ("HOME", "/root"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_port_that_a_flag_overrides_is_named() {
        let listen =
            Override { flag: "--listen".to_owned(), key: "listen".to_owned(), value: "127.0.0.1:9000".to_owned() };
        let overrides = Overrides { file: None, settings: vec![listen] };
        let found = Config::warnings(&overrides, &Environment::from([("PORT", "8000")]));
        assert!(found.len() == 1 && found[0].contains("PORT=8000") && found[0].contains("--listen"), "{found:?}");
    }
}
