//! What an operator may see of sessions, and do to them.

use std::sync::Arc;

use super::{
    entities::{Room, Session},
    shared::Shared,
};
use crate::{
    backend::{Erased, SessionChange, SessionFilter, SessionInfo, Whose},
    id::PeerId,
    reason::Reason,
    session::{Phase, SessionState},
    time::Now,
};

impl Shared {
    /// Remembers what happened to a session.
    pub(super) fn note(&self, now: Now, peer: &PeerId, change: SessionChange) {
        self.events.note(now, &self.namespace, peer, change, self.limits.session_events);
    }

    /// Returns a page of the sessions that match.
    pub(super) fn session_page(&self, filter: &SessionFilter, after: Option<&PeerId>, max: usize) -> Vec<SessionInfo> {
        let follows = |session: &Arc<Session>| after.is_none_or(|after| session.peer > *after);
        let mut sessions: Vec<_> = self.sessions.all().into_iter().filter(follows).collect();
        sessions.sort_unstable_by(|one, other| one.peer.cmp(&other.peer));
        sessions.iter().filter_map(|session| info_if(session, filter)).take(max).collect()
    }

    /// Ends the sessions of a peer, a user or a token.
    pub(super) fn revoke(&self, now: Now, whose: &Whose, reason: Reason) -> usize {
        let sessions: Vec<_> = match whose {
            Whose::Peer(peer) => self.sessions.get(peer.as_str()).into_iter().collect(),
            Whose::User(user) => self.matching(|session| {
                session.user == *user || session.has_grants(|grants| grants.creator.as_ref() == Some(user))
            }),
            Whose::Token { id, issuer } => self.matching(|session| {
                session.has_grants(|grants| {
                    grants.token_id.as_ref() == Some(id) && (issuer.is_none() || grants.token_issuer == *issuer)
                })
            }),
        };
        sessions.iter().filter(|session| self.end_session_if(now, session, reason, |_| true)).count()
    }

    /// Ends the sessions of a user, and forgets them and the responses to the user's requests.
    pub(super) fn erase(&self, now: Now, user: &Arc<str>) -> Erased {
        let mut erased = Erased { responses: self.responses.forget_caller(user), ..Erased::default() };
        for session in self.matching(|session| session.user == *user) {
            let (memberships, frames) = {
                let state = session.state();
                (state.rooms().len(), state.mailbox().len())
            };
            if self.end_session_if(now, &session, Reason::Ended, |_| true) {
                erased.sessions += 1;
                erased.memberships += memberships;
                erased.frames += frames;
            }
            self.sessions.forget(&session.peer);
            erased.events += self.events.forget(&self.namespace, &session.peer);
        }
        erased
    }

    /// Returns the sessions for which `matches` holds, in order of their peer ids. One look at each session, and only what
    /// matches is sorted.
    fn matching(&self, matches: impl Fn(&Session) -> bool) -> Vec<Arc<Session>> {
        let mut sessions: Vec<_> = self.sessions.all();
        sessions.retain(|session| matches(session));
        sessions.sort_unstable_by(|one, other| one.peer.cmp(&other.peer));
        sessions
    }
}

/// Describes a session, if it matches and has not ended.
fn info_if(session: &Session, filter: &SessionFilter) -> Option<SessionInfo> {
    if filter.user.as_ref().is_some_and(|user| *user != session.user) {
        return None;
    }
    let state: &SessionState<Arc<Room>> = &session.state();
    let attached = match state.phase() {
        Phase::Attached => true,
        Phase::Detached { .. } => false,
        Phase::Ended(_) => return None,
    };
    let rooms: Vec<_> = state.rooms().iter().map(|joined| joined.name.clone()).collect();
    if filter.attached.is_some_and(|wanted| wanted != attached)
        || filter.room.as_ref().is_some_and(|room| !rooms.contains(room))
    {
        return None;
    }
    Some(SessionInfo {
        peer: session.peer.clone(),
        user: session.user.clone(),
        verified: session.verified,
        grants: session.grants(),
        kind: session.kind,
        epoch: state.epoch(),
        attached,
        rooms,
        unacknowledged: (state.mailbox().len(), state.mailbox().bytes()),
    })
}
