//! The file of `[deny]`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use wigwag_hub::RoomName;
use wigwag_net::address::IpNetwork;
use wigwag_node::node::check_label;

/// The largest file, in bytes: about half a million addresses.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// The content of the file: the lists of `[deny]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DenyFile {
    /// Addresses and networks.
    pub addresses: Vec<IpNetwork>,
    /// User ids.
    pub users: Vec<String>,
    /// Rooms.
    pub rooms: Vec<String>,
    /// Users and rooms of other namespaces than the empty one.
    pub namespaces: BTreeMap<String, DenyNames>,
}

/// The users and rooms of one namespace that are not served.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DenyNames {
    /// User ids.
    pub users: Vec<String>,
    /// Rooms.
    pub rooms: Vec<String>,
}

/// Why the file cannot be used. Holds nothing of its content, which a log must not.
#[derive(Debug, thiserror::Error)]
pub enum DenyFileError {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is larger than the limit.
    #[error("the file is larger than {MAX_FILE} bytes: use networks in place of single addresses")]
    TooLarge,
    /// It is not TOML with these lists.
    #[error(
        "the file is not valid at line {0}: it must be TOML with the lists addresses (IP addresses and networks), users and \
         rooms, and tables namespaces.NAME with users and rooms, and nothing else"
    )]
    Invalid(usize),
    /// A name is not one of a user or a room.
    #[error("a name in the list {0} is not valid: it must be {1}")]
    Name(&'static str, &'static str),
}

/// A name that no user or room can have.
#[derive(Debug)]
pub(super) struct NameNotValid {
    /// The list that holds it.
    pub(super) list: &'static str,
    /// The name.
    pub(super) name: String,
    /// What is allowed.
    pub(super) allowed: &'static str,
}

impl DenyFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub fn read(path: &Path) -> Result<Self, DenyFileError> {
        Self::parse(&Self::read_text(path)?)
    }

    /// Reads the text of a file, whatever it says.
    ///
    /// # Errors
    ///
    /// When it cannot be read or is too large.
    pub fn read_text(path: &Path) -> Result<String, DenyFileError> {
        let mut text = String::new();
        File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MAX_FILE { Err(DenyFileError::TooLarge) } else { Ok(text) }
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub fn parse(text: &str) -> Result<Self, DenyFileError> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            DenyFileError::Invalid(line)
        })?;
        let checked = Self::check_names(&file.users, &file.rooms, &file.namespaces);
        checked.map_err(|error| DenyFileError::Name(error.list, error.allowed))?;
        Ok(file)
    }

    /// Checks names of users and rooms, and of namespaces.
    ///
    /// # Errors
    ///
    /// The first that no user or room can have.
    pub(super) fn check_names(
        users: &[String],
        rooms: &[String],
        namespaces: &BTreeMap<String, DenyNames>,
    ) -> Result<(), NameNotValid> {
        if let Some(name) = namespaces.keys().find(|name| name.is_empty() || !wigwag_token::is_namespace(name)) {
            let allowed = "1 to 64 characters of a-z, 0-9, - and _";
            return Err(NameNotValid { list: "namespaces", name: name.clone(), allowed });
        }
        for DenyNames { users, rooms } in namespaces.values() {
            Self::check_names(users, rooms, &BTreeMap::new())?;
        }
        if let Some(user) = users.iter().find(|user| user.is_empty() || check_label("user", user).is_err()) {
            let allowed = "1 to 128 bytes of UTF-8 without control characters";
            return Err(NameNotValid { list: "users", name: user.clone(), allowed });
        }
        if let Some(room) = rooms.iter().find(|room| RoomName::parse(room).is_err()) {
            let allowed = "the name of a room: 1 to 128 bytes of UTF-8 without control characters";
            return Err(NameNotValid { list: "rooms", name: room.clone(), allowed });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_these_lists_and_nothing_else() {
        let named = "[namespaces.team-1]\nusers = [\"eve\"]\n";
        let namespaces = DenyFile::parse(named).expect("a deny list").namespaces;
        assert_eq!(namespaces["team-1"], DenyNames { users: vec!["eve".to_owned()], rooms: Vec::new() });
        let text = "addresses = [\"192.0.2.1\", \"2001:db8::/32\"]\nusers = [\"ada\"]\nrooms = [\"lobby\"]\n";
        let file = DenyFile::parse(text).expect("a deny list");
        assert_eq!(
            (file.addresses.len(), &file.users[..], &file.rooms[..]),
            (2, &["ada".to_owned()][..], &["lobby".to_owned()][..])
        );
        assert_eq!(DenyFile::parse("").expect("an empty list"), DenyFile::default());
        for (bad, line) in
            [("users = [\"a\"]\naddress = []", 2), ("\n\naddresses = [\"192.0.2\"]", 3), ("[deny]\n", 1), ("x", 1)]
        {
            match DenyFile::parse(bad) {
                Err(DenyFileError::Invalid(found)) => assert_eq!(found, line, "{bad:?}"),
                other => panic!("{bad:?}: {other:?}"),
            }
        }
        for bad in [
            "[namespaces.A]",
            "[namespaces.\"\"]",
            "[namespaces.a]\nrooms = [\"\"]",
            "users = [\"\"]",
            "rooms = [\"\"]",
            "rooms = [\"a\\u0000\"]",
        ] {
            assert!(matches!(DenyFile::parse(bad), Err(DenyFileError::Name(..))), "{bad:?}");
        }
    }

    #[test]
    fn an_error_shows_nothing_of_the_file() {
        let error = DenyFile::parse("addresses = [\"192.0.2.999\"]").expect_err("not an address");
        assert!(!error.to_string().contains("192"), "{error}");
    }
}
