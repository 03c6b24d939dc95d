//! The audit log: one line for each administrative call.

use wigwag_hub::{PeerId, RoomName};

use crate::{auth::Caller, error::ApiError, logged_users::LoggedUsers, node::Node};

/// The line of one call, written by [`Self::outcome`]. What the call names is left out unless it has the form of a name.
pub(crate) struct AuditLine<'a> {
    users: &'a LoggedUsers,
    call: &'static str,
    caller: &'a Caller,
    room: Option<RoomName>,
    peer: Option<PeerId>,
    user: Option<String>,
}

impl<'a> AuditLine<'a> {
    /// Begins the line of a call by a caller who was identified.
    pub(crate) fn new(node: &'a Node, call: &'static str, caller: &'a Caller) -> Self {
        let users = node.logged_users();
        Self { users, call, caller, room: None, peer: None, user: None }
    }

    /// Sets the room that it is about.
    pub(crate) fn room(mut self, room: &str) -> Self {
        self.room = RoomName::parse(room).ok();
        self
    }

    /// Sets the peer that it is about.
    pub(crate) fn peer(mut self, peer: &str) -> Self {
        self.peer = PeerId::parse(peer).ok();
        self
    }

    /// Sets the user that it is about.
    pub(crate) fn user(mut self, user: &str) -> Self {
        self.user = Some(user)
            .filter(|user| crate::node::check_label("user_id", user).is_ok() && !user.is_empty())
            .map(str::to_owned);
        self
    }

    /// Writes the line with the outcome, and returns that. A refusal is written only if it is known who called: anybody can have
    /// calls refused.
    pub(crate) fn outcome<T>(self, result: Result<T, ApiError>) -> Result<T, ApiError> {
        self.outcome_of(result, |_| None)
    }

    /// As [`Self::outcome`], with the number of sessions that ended.
    pub(crate) fn outcome_of<T>(
        self,
        result: Result<T, ApiError>,
        sessions: impl FnOnce(&T) -> Option<u32>,
    ) -> Result<T, ApiError> {
        let caller = self.caller.identity.as_ref();
        if result.is_err() && caller.is_none() {
            return result;
        }
        let outcome = result.as_ref().err().map_or("OK", |error| error.reason);
        let sessions = result.as_ref().ok().and_then(sessions);
        let namespace = self.caller.logged_namespace();
        let caller = caller.and_then(|identity| self.users.show(&identity.user));
        let user = self.user.as_deref().and_then(|user| self.users.show(user));
        tracing::info!(
            target: "wigwag_audit",
            namespace,
            call = self.call,
            caller = caller.as_deref(),
            room.id = self.room.as_ref().map(RoomName::as_str),
            peer.id = self.peer.as_ref().map(PeerId::as_str),
            user.id = user.as_deref(),
            sessions,
            outcome,
            "administrative call"
        );
        result
    }
}
