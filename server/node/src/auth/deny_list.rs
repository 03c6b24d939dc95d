//! Users and rooms that are not served.

use std::{
    collections::HashSet,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use wigwag_hub::RoomName;

use crate::error::ApiError;

/// Users and rooms that are not served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denied {
    /// User ids.
    pub users: HashSet<Arc<str>>,
    /// Rooms.
    pub rooms: HashSet<Arc<str>>,
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
        let added = Denied {
            users: denied.users.difference(&current.users).cloned().collect(),
            rooms: denied.rooms.difference(&current.rooms).cloned().collect(),
        };
        *current = denied;
        added
    }

    /// Checks a user id. An empty one is not a user.
    ///
    /// # Errors
    ///
    /// FORBIDDEN.
    pub(super) fn check_user(&self, user: &str) -> Result<(), ApiError> {
        if !self.denied.read().unwrap_or_else(PoisonError::into_inner).users.contains(user) {
            return Ok(());
        }
        self.refused.fetch_add(1, Relaxed);
        Err(ApiError::denied("this user is denied by the operator of the server: ask the operator"))
    }

    /// Checks a room.
    ///
    /// # Errors
    ///
    /// FORBIDDEN.
    pub(super) fn check_room(&self, room: &RoomName) -> Result<(), ApiError> {
        if !self.denied.read().unwrap_or_else(PoisonError::into_inner).rooms.contains(room.as_str()) {
            return Ok(());
        }
        self.refused.fetch_add(1, Relaxed);
        Err(ApiError::forbidden("this room is denied by the operator of the server: use another room"))
    }

    /// Returns how often a user or a room was refused.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }
}
