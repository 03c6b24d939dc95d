//! `[deny]`: addresses, users and rooms that are not served.

mod file;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use self::file::{DenyFile, DenyFileError, DenyNames};
use super::error::ConfigErrors;
use super::networks::Networks;

/// Addresses, users and rooms that are not served.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DenySection {
    /// Addresses and networks.
    pub addresses: Networks,
    /// User ids.
    pub users: Vec<String>,
    /// Rooms.
    pub rooms: Vec<String>,
    /// Users and rooms of other namespaces than the empty one, to which the lists above belong.
    pub namespaces: BTreeMap<String, DenyNames>,
    /// A TOML file with more of these lists, which is read again when it has changed. Empty, the default: none.
    pub file: PathBuf,
}

impl DenySection {
    pub(super) fn check(&self, errors: &mut ConfigErrors) {
        if let Err(error) = DenyFile::check_names(&self.users, &self.rooms, &self.namespaces) {
            errors.add(&format!("deny.{}", error.list), format!("{:?}", error.name), error.allowed);
        }
        if !self.file.as_os_str().is_empty()
            && let Err(error) = DenyFile::read(&self.file)
        {
            errors.add("deny.file", format!("{:?}", self.file), error.to_string());
        }
    }
}
