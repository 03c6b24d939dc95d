//! The deny list: what the configuration denies, and what a file that may change while the server runs adds to it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use wigwag_hub::RoomName;
use wigwag_net::address::IpNetwork;
use wigwag_net::listener::DeniedNetworks;
use wigwag_node::auth::Denied;
use wigwag_node::node::{Node, check_label};

use crate::config::DenySection;

/// How often the file is read. Its time of change is not trusted: it may be replaced by an older one, through a link, or on a
/// file system with coarse times.
const INTERVAL: Duration = Duration::from_secs(1);

/// The largest file, in bytes: about half a million addresses.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// The content of the file: the lists of `[deny]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DenyFile {
    addresses: Vec<IpNetwork>,
    users: Vec<String>,
    rooms: Vec<String>,
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
         rooms, and nothing else"
    )]
    Invalid(usize),
    /// A name is none.
    #[error("a name in the list {0} is not valid: it must be {1}")]
    Name(&'static str, &'static str),
}

/// A name that no user or room can have.
#[derive(Debug)]
pub struct NameNotValid {
    /// The list that holds it.
    pub list: &'static str,
    /// The name.
    pub name: String,
    /// What is allowed.
    pub allowed: &'static str,
}

impl DenyFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub fn read(path: &Path) -> Result<Self, DenyFileError> {
        Self::parse(&read(path)?)
    }

    fn parse(text: &str) -> Result<Self, DenyFileError> {
        let file: Self = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            DenyFileError::Invalid(line)
        })?;
        Self::check_names(&file.users, &file.rooms).map_err(|error| DenyFileError::Name(error.list, error.allowed))?;
        Ok(file)
    }

    /// Checks names of users and rooms.
    ///
    /// # Errors
    ///
    /// The first that no user or room can have.
    pub fn check_names(users: &[String], rooms: &[String]) -> Result<(), NameNotValid> {
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

fn read(path: &Path) -> Result<String, DenyFileError> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE { Err(DenyFileError::TooLarge) } else { Ok(text) }
}

/// The deny list of a server.
#[derive(Debug)]
pub struct DenyList {
    section: DenySection,
    networks: DeniedNetworks,
    /// The text of the file, as it was read last.
    text: Option<String>,
    /// Whether the last attempt to read it failed, which is logged once.
    failed: Option<String>,
}

impl DenyList {
    /// Creates the list of the configuration, and of its file as it is now.
    ///
    /// # Errors
    ///
    /// When the file cannot be used. That was checked before, but it may have changed since.
    pub fn new(section: &DenySection) -> Result<(Self, Denied), DenyFileError> {
        let mut list = Self { section: section.clone(), networks: DeniedNetworks::default(), text: None, failed: None };
        let mut file = DenyFile::default();
        if list.path().is_some() {
            let text = read(&section.file)?;
            file = DenyFile::parse(&text)?;
            list.text = Some(text);
        }
        let denied = list.set(&file);
        Ok((list, denied))
    }

    /// Returns the denied networks, for a listener.
    pub fn networks(&self) -> DeniedNetworks {
        self.networks.clone()
    }

    fn path(&self) -> Option<PathBuf> {
        (!self.section.file.as_os_str().is_empty()).then(|| self.section.file.clone())
    }

    /// Puts the addresses into force. Returns the users and rooms.
    fn set(&self, file: &DenyFile) -> Denied {
        let Self { section, networks, .. } = self;
        networks.set(section.addresses.as_slice().iter().chain(&file.addresses).copied().collect());
        let names = |own: &[String], more: &[String]| -> HashSet<Arc<str>> {
            own.iter().chain(more).map(|name| name.as_str().into()).collect()
        };
        Denied { users: names(&section.users, &file.users), rooms: names(&section.rooms, &file.rooms) }
    }

    /// Reads the file again and again, and puts what it says into force. A file that cannot be used is logged once, and the list
    /// before stays in force. Never returns.
    pub async fn watch(mut self, node: Node) {
        let Some(path) = self.path() else { return std::future::pending().await };
        loop {
            sleep(INTERVAL).await;
            if let Some(file) = self.read_again(path.clone()).await {
                self.replace(&node, &file).await;
            }
        }
    }

    /// Reads the file. Returns what it says, if it has changed and can be used.
    async fn read_again(&mut self, path: PathBuf) -> Option<DenyFile> {
        let before = self.text.clone();
        // The file system may be slow, and the file large.
        let reading = spawn_blocking(move || {
            let text = read(&path)?;
            if before.as_ref() == Some(&text) { Ok(None) } else { Ok(Some((DenyFile::parse(&text)?, text))) }
        });
        match reading.await {
            Ok(Ok(changed)) => {
                self.failed = None;
                let (file, text) = changed?;
                self.text = Some(text);
                Some(file)
            }
            Ok(Err(error)) => {
                self.log_failure(&error);
                None
            }
            Err(error) => {
                tracing::warn!(%error, "deny list not read");
                None
            }
        }
    }

    async fn replace(&self, node: &Node, file: &DenyFile) {
        let denied = self.set(file);
        let (users, rooms) = (denied.users.len(), denied.rooms.len());
        match node.deny(denied).await {
            Ok((sessions_ended, rooms_ended)) => tracing::info!(
                addresses = self.section.addresses.as_slice().len() + file.addresses.len(),
                users,
                rooms,
                sessions_ended,
                rooms_ended,
                "deny list replaced"
            ),
            Err(error) => {
                tracing::warn!(%error, "deny list replaced, but sessions and rooms that it denies may not have ended");
            }
        }
    }

    fn log_failure(&mut self, error: &DenyFileError) {
        let text = error.to_string();
        if self.failed.as_ref() != Some(&text) {
            tracing::warn!(error = text, "deny list not replaced: the one before stays in force");
            self.failed = Some(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_three_lists_and_nothing_else() {
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
        for bad in ["users = [\"\"]", "rooms = [\"\"]", "rooms = [\"a\\u0000\"]"] {
            assert!(matches!(DenyFile::parse(bad), Err(DenyFileError::Name(..))), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_used_leaves_the_list_before_in_force() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("deny.toml");
        std::fs::write(&path, "addresses = [\"192.0.2.1\"]\n").expect("written");
        let section = DenySection { file: path.clone(), ..DenySection::default() };
        let (mut list, _) = DenyList::new(&section).expect("a list");
        let is_denied = |list: &DenyList| list.networks().contains([192, 0, 2, 1].into());
        assert!(is_denied(&list) && list.read_again(path.clone()).await.is_none(), "not changed");

        std::fs::write(&path, "addresses = [\"192.0.2.1\"\n").expect("written");
        assert!(list.read_again(path.clone()).await.is_none() && list.failed.is_some(), "broken");
        std::fs::remove_file(&path).expect("removed");
        assert!(list.read_again(path.clone()).await.is_none() && list.failed.is_some(), "gone");
        assert!(is_denied(&list));

        std::fs::write(&path, "").expect("written");
        let file = list.read_again(path.clone()).await.expect("good again");
        list.set(&file);
        assert!(!is_denied(&list) && list.failed.is_none());
        assert!(
            DenyList::new(&DenySection { file: dir.path().join("none"), ..section }).is_err(),
            "at the start it is needed"
        );
    }

    #[test]
    fn an_error_shows_nothing_of_the_file() {
        let error = DenyFile::parse("addresses = [\"192.0.2.999\"]").expect_err("not an address");
        assert!(!error.to_string().contains("192"), "{error}");
    }
}
