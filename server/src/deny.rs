//! The deny list: what the configuration denies, and what a file that may change while the server runs adds to it.

use std::path::PathBuf;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::sleep;
use wigwag_net::listener::DeniedNetworks;
use wigwag_node::auth::Denied;
use wigwag_node::node::Node;

use crate::config::{DenyFile, DenyFileError, DenyNames, DenySection};

/// How often the file is read. Its time of change is not trusted: it may be replaced by an older one, through a link, or on a
/// file system with coarse times.
const INTERVAL: Duration = Duration::from_secs(1);

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
            let text = DenyFile::read_text(&section.file)?;
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
        let mut denied = Denied::new();
        for (users, rooms, namespaces) in
            [(&section.users, &section.rooms, &section.namespaces), (&file.users, &file.rooms, &file.namespaces)]
        {
            add(&mut denied, "", users, rooms);
            for (namespace, DenyNames { users, rooms }) in namespaces {
                add(&mut denied, namespace, users, rooms);
            }
        }
        denied
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
            let text = DenyFile::read_text(&path)?;
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
        let users: usize = denied.values().map(|names| names.users.len()).sum();
        let rooms: usize = denied.values().map(|names| names.rooms.len()).sum();
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

/// Adds users and rooms of a namespace.
fn add(denied: &mut Denied, namespace: &str, users: &[String], rooms: &[String]) {
    let names = denied.entry(namespace.into()).or_default();
    names.users.extend(users.iter().map(|user| user.as_str().into()));
    names.rooms.extend(rooms.iter().map(|room| room.as_str().into()));
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
