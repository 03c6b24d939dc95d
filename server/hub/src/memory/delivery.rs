//! Delivers envelopes, answers, receipts and presence to sessions.

use std::{
    sync::{Arc, atomic::Ordering},
    task::Waker,
};

use bytes::Bytes;

use super::{
    entities::{Membership, Session},
    shared::Shared,
};
use crate::{
    backend::SessionChange,
    error::DetachReason,
    frame::{Body, Delivery, RoomEvent},
    id::{PeerId, RoomName},
    mailbox::{Entry, Origin},
    reason::Reason,
    session::Put,
    time::Now,
};

/// Whether a mailbox took an envelope, and if not, why.
pub(super) enum Taken {
    Yes,
    /// The recipient is not in the room, or its session has ended.
    NotThere,
    /// The sender has just been removed from the room.
    SenderRemoved,
    Undeliverable(Reason),
}

impl Shared {
    /// Puts an envelope into a session's mailbox. `guard` is the room the recipient must be in and, if the envelope comes
    /// from a member, the sender's membership.
    pub(super) fn put_envelope(
        &self,
        now: Now,
        to: &Arc<Session>,
        envelope: Bytes,
        origin: Option<Origin>,
        guard: Option<(&RoomName, Option<&Membership>)>,
    ) -> Taken {
        let entry = Entry { reply_to: 0, body: Body::Envelope(envelope).into(), origin };
        let (put, waker) = {
            let mut state = to.state();
            if let Some((room, sender)) = guard {
                // Checked under the recipient's lock: a removal revokes the membership before it tells this recipient.
                if sender.is_some_and(|membership| !membership.is_active()) {
                    return Taken::SenderRemoved;
                }
                if !state.rooms().iter().any(|joined| joined.name == *room) {
                    return Taken::NotThere;
                }
            }
            let put = state.put_envelope(entry, &self.limits, now);
            self.note_detach(to, &put);
            (put, state.take_waker())
        };
        wake(waker);
        match put {
            Put::Kept => {
                self.counters.delivered.fetch_add(1, Ordering::Relaxed);
                Taken::Yes
            }
            Put::Gone(_) => Taken::NotThere,
            Put::Full => Taken::Undeliverable(Reason::MailboxFull),
            Put::Overflow => {
                self.overflowed(now, to);
                Taken::Undeliverable(Reason::MailboxFull)
            }
            Put::PendingEnd(reason) => {
                self.end_session(now, to, reason);
                Taken::Undeliverable(reason)
            }
        }
    }

    /// Puts a frame that must not be lost into a session's mailbox. The caller may hold a room's lock.
    pub(super) fn put_control(&self, now: Now, to: &Arc<Session>, reply_to: u32, body: Body) {
        let (put, waker) = {
            let mut state = to.state();
            let put = state.put_control(Entry { reply_to, body: body.into(), origin: None }, &self.limits, now);
            self.note_detach(to, &put);
            (put, state.take_waker())
        };
        wake(waker);
        self.after_control(now, to, &put);
    }

    /// Handles a mailbox that overflowed in [`Self::put_control`]. A session that must end is ended by the next tick, since
    /// that takes the locks of its rooms, and sends receipts for what it held to mailboxes that may be full in turn.
    pub(super) fn after_control(&self, now: Now, to: &Arc<Session>, put: &Put) {
        match put {
            Put::Kept | Put::Full | Put::Gone(_) => {}
            Put::Overflow if to.resumable() => self.overflowed(now, to),
            Put::Overflow => self.end_at_next_tick(now, to, Reason::SlowConsumer),
            Put::PendingEnd(reason) => self.end_at_next_tick(now, to, *reason),
        }
    }

    /// Queues a room's change for one session. The caller holds the room's lock.
    pub(super) fn put_presence(&self, to: &Session, event: &Arc<RoomEvent>) {
        let waker = {
            let mut state = to.state();
            state.put_presence(event, &self.limits);
            state.take_waker()
        };
        wake(waker);
    }

    /// Sends the outcome of an envelope to its sender.
    pub(super) fn send_receipt(&self, now: Now, origin: &Origin, peer: &PeerId, delivery: Delivery) {
        if matches!(delivery, Delivery::Undeliverable(_)) {
            self.counters.undeliverable.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(sender) = self.sessions.get(origin.from.as_str())
            && sender.incarnation == origin.incarnation
        {
            self.put_control(now, &sender, origin.seq, Body::Receipt { peer: peer.clone(), delivery });
        }
    }

    /// Sends the outcome of several envelopes to their senders.
    pub(super) fn send_receipts(&self, now: Now, origins: Vec<Origin>, peer: &PeerId, delivery: Delivery) {
        for origin in origins {
            self.send_receipt(now, &origin, peer, delivery);
        }
    }

    /// Updates which epoch is attached after a put that ended the attachment. The caller holds the session's state.
    pub(super) fn note_detach(&self, session: &Session, put: &Put) {
        if matches!(put, Put::Overflow | Put::PendingEnd(_)) {
            self.set_attached_epoch(session, 0);
        }
    }

    /// Handles an attachment that ended because its client did not read: a resumable session waits for its client to
    /// return, a live one ends.
    pub(super) fn overflowed(&self, now: Now, session: &Arc<Session>) {
        self.counters.slow_consumers.fetch_add(1, Ordering::Relaxed);
        if session.resumable() {
            self.note(now, &session.peer, SessionChange::Detached(DetachReason::SlowConsumer));
            self.start_grace(now, session);
        } else {
            self.end_session(now, session, Reason::SlowConsumer);
        }
    }
}

/// Wakes a connection. Call it without holding a session's lock.
pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
