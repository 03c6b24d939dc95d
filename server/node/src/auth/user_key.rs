//! What is kept by user.

use std::sync::Arc;

/// A user in its namespace. Whatever a node keeps by user is kept by this and not by the user id alone: the same id in another
/// namespace is another user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserKey {
    /// The namespace, empty by default.
    pub namespace: Arc<str>,
    /// The user id.
    pub user: Arc<str>,
}

impl UserKey {
    /// Names a user of a namespace.
    pub fn new(namespace: &str, user: &str) -> Self {
        Self { namespace: namespace.into(), user: user.into() }
    }
}
