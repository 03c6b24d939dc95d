//! Refuses what the deny list names and what one address asks for too often, and ends what is denied from now on.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use wigwag_hub::{
    Backend, PeerId, Reason, RoomName,
    backend::{SessionFilter, Whose},
    error::{RoomError, StoreError},
};

use super::Node;
use crate::{
    auth::{Caller, Denied, DeniedNames},
    error::ApiError,
};

/// So many users are looked for one by one, which takes a look at all sessions for each of them.
const FEW_USERS: usize = 16;

/// Sessions that are looked at in one step.
const PAGE: usize = 1_000;

/// After this time, what was being opened, joined or created while the list was replaced has come to its end, and is looked
/// for once more.
const SECOND_LOOK: Duration = Duration::from_millis(500);

impl Node {
    /// Denies these users and rooms from now on, and no others. Ends the sessions of the users and the rooms that were not
    /// denied before. Returns how many sessions and rooms ended.
    ///
    /// # Errors
    ///
    /// When the backend's store does not answer. The list is in force then, but what was there may be there still.
    pub async fn deny(&self, denied: Denied) -> Result<(usize, usize), StoreError> {
        // First: no session is opened and no room joined after the others were ended.
        let added = self.policy().deny(denied);
        let (mut sessions, mut rooms) = self.end_denied(&added).await?;
        if !added.is_empty() {
            tokio::time::sleep(SECOND_LOOK).await;
            let more = self.end_denied(&added).await?;
            (sessions, rooms) = (sessions + more.0, rooms + more.1);
        }
        Ok((sessions, rooms))
    }

    async fn end_denied(&self, denied: &Denied) -> Result<(usize, usize), StoreError> {
        let (mut sessions, mut rooms) = (0, 0);
        for (namespace, names) in denied {
            let ended = self.end_denied_in(&*self.backend_in(namespace), names).await?;
            (sessions, rooms) = (sessions + ended.0, rooms + ended.1);
        }
        Ok((sessions, rooms))
    }

    async fn end_denied_in(&self, backend: &dyn Backend, denied: &DeniedNames) -> Result<(usize, usize), StoreError> {
        let (mut sessions, mut rooms) = (0, 0);
        if denied.users.len() <= FEW_USERS {
            for user in &denied.users {
                sessions += self.end_sessions(backend, &Whose::User(Arc::clone(user))).await?;
            }
        } else {
            sessions += self.end_sessions_of(backend, &denied.users).await?;
        }
        for room in &denied.rooms {
            let Ok(room) = RoomName::parse(room) else { continue };
            match backend.end_room(self.now(), &room).wait().await {
                Ok(()) => rooms += 1,
                Err(RoomError::Store(error)) => return Err(error),
                // There is no such room.
                Err(_) => {}
            }
        }
        Ok((sessions, rooms))
    }

    /// Looks at all sessions, once for all users.
    async fn end_sessions_of(&self, backend: &dyn Backend, users: &HashSet<Arc<str>>) -> Result<usize, StoreError> {
        let (mut after, mut ended): (Option<PeerId>, usize) = (None, 0);
        loop {
            let page = backend.sessions(&SessionFilter::default(), after.as_ref(), PAGE).wait().await?;
            let more = page.len() >= PAGE;
            after = page.last().map(|session| session.peer.clone());
            for session in page.into_iter().filter(|session| users.contains(&*session.user)) {
                ended += self.end_sessions(backend, &Whose::Peer(session.peer)).await?;
            }
            if !more {
                return Ok(ended);
            }
            tokio::task::yield_now().await;
        }
    }

    async fn end_sessions(&self, backend: &dyn Backend, whose: &Whose) -> Result<usize, StoreError> {
        backend.revoke(self.now(), whose, Reason::Forbidden).wait().await
    }

    /// Counts a session that a caller opens or resumes towards the limit of its address.
    ///
    /// # Errors
    ///
    /// RATE_LIMITED.
    pub(super) fn check_opens(&self, caller: &Caller) -> Result<(), ApiError> {
        let (Some(opens), Some(addr)) = (&self.inner.config.opens, caller.addr) else { return Ok(()) };
        opens.check(addr.ip()).map_err(|retry_after| {
            self.inner.opens_refused.fetch_add(1, Ordering::Relaxed);
            ApiError::too_many_sessions(retry_after)
        })
    }

    /// Returns what was refused so far.
    pub fn refusals(&self) -> Refusals {
        Refusals { opens: self.inner.opens_refused.load(Ordering::Relaxed), denied: self.policy().denied_total() }
    }
}

/// What was refused since the start of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Sessions not opened or resumed because their address opened too many.
    pub opens: u64,
    /// Requests for users and rooms that are denied.
    pub denied: u64,
}
