//! Settings that were renamed. The old name is accepted for one release, with a warning, and refused afterwards with the new
//! one in the message.

use toml::{Table, Value};

use super::source::{flatten, insert, variable_of};

/// A setting or a section with its former name.
struct Renamed {
    old: &'static str,
    new: &'static str,
    /// The version that refuses the old name: the second minor version after the last one in which it was the only name.
    refused_since: &'static str,
}

const RENAMED: &[Renamed] = &[Renamed { old: "dialects", new: "compat", refused_since: "0.3.0" }];

impl Renamed {
    fn is_accepted(&self) -> bool {
        numbers(env!("CARGO_PKG_VERSION")) < numbers(self.refused_since)
    }

    /// Returns the new name of a key of this section, or of this setting.
    fn new_key(&self, key: &str) -> Option<String> {
        with_prefix(key, self.old, self.new)
    }

    /// Returns the old name of a key.
    fn old_key(&self, key: &str) -> Option<String> {
        with_prefix(key, self.new, self.old)
    }

    fn found(&self, old: &str, new: String) -> OldName {
        OldName { old: old.to_owned(), new, refused_since: self.refused_since }
    }
}

/// Returns `key` with `to` in place of `from`, if it is that or inside of it.
fn with_prefix(key: &str, from: &str, to: &str) -> Option<String> {
    let rest = key.strip_prefix(from)?;
    (rest.is_empty() || rest.starts_with('.')).then(|| format!("{to}{rest}"))
}

/// Returns the numbers of a version. Those of a pre-release are not compared.
fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).take(3).collect()
}

fn accepted() -> impl Iterator<Item = &'static Renamed> {
    RENAMED.iter().filter(|renamed| renamed.is_accepted())
}

/// Returns the present name of a setting that may be given under an old one.
pub(super) fn current(key: &str) -> String {
    accepted().find_map(|renamed| renamed.new_key(key)).unwrap_or_else(|| key.to_owned())
}

/// Returns the variables of a setting's old names.
pub(super) fn old_variables(key: &str) -> impl Iterator<Item = String> {
    accepted().filter_map(|renamed| renamed.old_key(key)).map(|old| variable_of(&old))
}

/// Returns whether a section, in lower case, has this old name.
pub(super) fn is_old_section(name: &str) -> bool {
    RENAMED.iter().any(|renamed| renamed.old == name)
}

/// Renames the settings of a file. One that is given under both names keeps the value of the new one.
pub(super) fn rename(table: &mut Table) {
    for renamed in accepted() {
        for (old, value) in take(table, renamed.old) {
            let Some(new) = renamed.new_key(&old) else { continue };
            if !has(table, &new) {
                insert(table, &new, value);
            }
        }
    }
}

/// A setting that was given under an old name.
pub(super) struct OldName {
    /// The key, variable or flag that was given.
    pub(super) old: String,
    /// The name to use instead.
    pub(super) new: String,
    /// The version that refuses the old name.
    pub(super) refused_since: &'static str,
}

/// Returns the old names among the keys of a file, the variables and the flags.
pub(super) fn old_names(file: &Table, variables: &[&str], flags: &[&str]) -> Vec<OldName> {
    let mut found = Vec::new();
    for renamed in accepted() {
        let of_file: Vec<String> = take(&mut file.clone(), renamed.old).into_iter().map(|(key, _)| key).collect();
        for key in of_file.iter().map(String::as_str).chain(flags.iter().copied()) {
            found.extend(renamed.new_key(key).map(|new| renamed.found(key, new)));
        }
        for name in variables {
            let (old, new) = (variable_of(renamed.old), variable_of(renamed.new));
            let rest = name.strip_prefix(&old).filter(|rest| rest.is_empty() || rest.starts_with("__"));
            found.extend(rest.map(|rest| renamed.found(name, format!("{new}{rest}"))));
        }
    }
    found
}

/// Returns the remedy for a setting, or a whole section, under a name that is no longer accepted.
pub(super) fn remedy(key: &str) -> Option<String> {
    let renamed = RENAMED.iter().find(|renamed| renamed.new_key(key).is_some())?;
    let (old, new) = (renamed.old, renamed.new_key(key)?);
    Some(if key == old {
        format!("{old} was renamed to {new}: rename the section to [{new}]")
    } else {
        format!("{old} was renamed to {}: set {new} ({})", renamed.new, variable_of(&new))
    })
}

/// Removes a setting or a section, and returns its settings.
fn take(table: &mut Table, key: &str) -> Vec<(String, Value)> {
    let removed = match key.split_once('.') {
        None => table.remove(key),
        Some((section, rest)) => match table.get_mut(section) {
            Some(Value::Table(inner)) => inner.remove(rest),
            _ => None,
        },
    };
    match removed {
        Some(Value::Table(inner)) => {
            flatten(inner, None).into_iter().map(|(name, value)| (format!("{key}.{name}"), value)).collect()
        }
        Some(value) => vec![(key.to_owned(), value)],
        None => Vec::new(),
    }
}

fn has(table: &Table, key: &str) -> bool {
    match key.split_once('.') {
        None => table.contains_key(key),
        Some((section, rest)) => table.get(section).and_then(Value::as_table).is_some_and(|inner| has(inner, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_names_are_settings_and_the_old_ones_are_not() {
        let shape = Table::try_from(super::super::Config::default()).expect("a table");
        for Renamed { old, new, refused_since } in RENAMED {
            assert!(has(&shape, new) && !has(&shape, old), "{old}");
            assert_eq!(numbers(refused_since).len(), 3, "{old}");
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(numbers("0.9.1") < numbers("0.10.0") && numbers("0.3.0-rc.1") == numbers("0.3.0"));
    }

    #[test]
    fn only_whole_names_are_replaced() {
        assert_eq!(with_prefix("old.peerjs", "old", "new").as_deref(), Some("new.peerjs"));
        assert_eq!(with_prefix("old", "old", "new").as_deref(), Some("new"));
        assert_eq!(with_prefix("older.peerjs", "old", "new"), None);
    }

    #[test]
    fn the_remedy_for_a_refused_name_has_the_new_one() {
        let old = RENAMED[0].old;
        let of_section = remedy(old).expect("renamed");
        assert!(of_section.ends_with("was renamed to compat: rename the section to [compat]"), "{of_section}");
        let of_key = remedy(&format!("{old}.peerjs")).expect("renamed");
        assert!(of_key.contains("compat.peerjs (WIGWAG_COMPAT__PEERJS)"), "{of_key}");
        assert_eq!(remedy("compat.peerjs"), None);
    }
}
