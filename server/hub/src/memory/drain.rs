//! Draining: how a node asks its clients to go elsewhere and ends its sessions.

use std::sync::Arc;

use super::{delivery::wake, shared::Shared};
use crate::{
    frame::{Delivery, Item},
    reason::Reason,
    session::Phase,
    time::Now,
};

impl Shared {
    /// Asks every attached session of these namespaces to reconnect elsewhere, spread evenly over the window.
    pub(super) fn go_away(everywhere: &[Arc<Self>], window_ms: u32, endpoint: Option<&Arc<str>>) {
        everywhere.iter().for_each(|namespace| namespace.watchers.wake());
        let sessions: Vec<_> = everywhere.iter().flat_map(|namespace| namespace.sessions.in_order()).collect();
        let count = sessions.len().max(1) as u64;
        for (index, session) in (0_u64..).zip(&sessions) {
            let reconnect_after_ms = u32::try_from(u64::from(window_ms) * index / count).unwrap_or(window_ms);
            let waker = {
                let mut state = session.state();
                state.put_go_away(Item::GoAway {
                    reconnect_after_ms,
                    resumable: false, // Its sessions end with this process.
                    endpoint: endpoint.cloned(),
                });
                state.take_waker()
            };
            wake(waker);
        }
    }

    /// Sends receipts for everything still unacknowledged, then ends all sessions as soon as their connections have written
    /// them.
    pub(super) fn drain(&self, now: Now) {
        let sessions = self.sessions.in_order();
        for session in &sessions {
            let mut written = Vec::new();
            let origins = {
                let mut state = session.state();
                state.confirm(session.written(), |origin| written.push(origin));
                state.take_origins()
            };
            written.retain(|origin| origin.receipt);
            self.send_receipts(now, written, &session.peer, Delivery::Written);
            self.send_receipts(now, origins, &session.peer, Delivery::Undeliverable(Reason::Draining));
        }
        for session in sessions {
            let (attached, waker) = {
                let mut state = session.state();
                state.flush_and_end(Reason::Draining);
                (state.phase() == Phase::Attached, state.take_waker())
            };
            if !attached {
                self.end_session(now, &session, Reason::Draining);
            }
            wake(waker);
        }
    }
}
