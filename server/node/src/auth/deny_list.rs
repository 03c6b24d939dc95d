//! Users and rooms that are not served.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use wigwag_hub::RoomName;

use crate::error::ApiError;

/// Users and rooms that are not served, by namespace.
pub type Denied = BTreeMap<Arc<str>, DeniedNames>;

/// Users and rooms of one namespace that are not served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeniedNames {
    /// User ids.
    pub users: HashSet<Arc<str>>,
    /// Rooms.
    pub rooms: HashSet<Arc<str>>,
}

impl DeniedNames {
    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.rooms.is_empty()
    }

    /// Returns those that are not in another list.
    fn without(&self, other: Option<&Self>) -> Self {
        let Some(other) = other else { return self.clone() };
        Self {
            users: self.users.difference(&other.users).cloned().collect(),
            rooms: self.rooms.difference(&other.rooms).cloned().collect(),
        }
    }
}

/// The users and rooms that are not served at the moment.
#[derive(Debug, Default)]
pub(super) struct DenyList {
    // A plain lock: held while a name is looked up, never across an await. Not taken for signals.
    denied: RwLock<Denied>,
    refused: AtomicU64,
}

impl DenyList {
    /// Replaces the list. Returns the users and rooms that were not in it before.
    pub(super) fn replace(&self, denied: Denied) -> Denied {
        let mut current = self.denied.write().unwrap_or_else(PoisonError::into_inner);
        let added = denied.iter().map(|(namespace, names)| (namespace.clone(), names.without(current.get(namespace))));
        let added = added.filter(|(_, names)| !names.is_empty()).collect();
        *current = denied;
        added
    }

    /// Checks a user id of a namespace. An empty one is not a user.
    ///
    /// # Errors
    ///
    /// FORBIDDEN.
    pub(super) fn check_user(&self, namespace: &str, user: &str) -> Result<(), ApiError> {
        if !self.contains(namespace, |names| names.users.contains(user)) {
            return Ok(());
        }
        self.refused.fetch_add(1, Relaxed);
        Err(ApiError::denied("this user is denied by the operator of the server: ask the operator"))
    }

    /// Checks a room of a namespace.
    ///
    /// # Errors
    ///
    /// FORBIDDEN.
    pub(super) fn check_room(&self, namespace: &str, room: &RoomName) -> Result<(), ApiError> {
        if !self.contains(namespace, |names| names.rooms.contains(room.as_str())) {
            return Ok(());
        }
        self.refused.fetch_add(1, Relaxed);
        Err(ApiError::forbidden("this room is denied by the operator of the server: use another room"))
    }

    fn contains(&self, namespace: &str, name: impl Fn(&DeniedNames) -> bool) -> bool {
        self.denied.read().unwrap_or_else(PoisonError::into_inner).get(namespace).is_some_and(name)
    }

    /// Returns how often a user or a room was refused.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }
}
