//! Putting things into sessions: envelopes, answers, receipts, presence.

use std::{
    sync::{Arc, atomic::Ordering},
    task::Waker,
};

use bytes::Bytes;

use super::{Session, Shared, Ticket};
use crate::{
    frame::{Body, Delivery, RoomEvent},
    id::{PeerId, RoomName},
    mailbox::{Entry, Origin},
    reason::Reason,
    session::Put,
    time::Now,
};

/// Whether an envelope was taken, and if not, what its sender is told.
pub(super) enum Taken {
    Yes,
    /// The recipient is not in the room.
    NotThere,
    /// The sender has just lost its own seat.
    TicketTorn,
    Undeliverable(Reason),
}

impl Shared {
    /// Puts an envelope into a session's mailbox. `guard` are the room the receiver must sit in and, when it comes from a
    /// member, the sender's right to it.
    pub(super) fn put_envelope(
        &self,
        now: Now,
        to: &Arc<Session>,
        envelope: Bytes,
        origin: Option<Origin>,
        guard: Option<(&RoomName, Option<&Ticket>)>,
    ) -> Taken {
        let entry = Entry { reply_to: 0, body: Body::Envelope(envelope), origin };
        let (put, waker) = {
            let mut state = to.state();
            if let Some((room, ticket)) = guard {
                // Under the receiver's lock: whoever takes the sender's seat tears its ticket before it tells this receiver.
                if ticket.is_some_and(|ticket| !ticket.valid()) {
                    return Taken::TicketTorn;
                }
                if !state.seats().iter().any(|seat| seat.name == *room) {
                    return Taken::NotThere;
                }
            }
            let put = state.put_envelope(entry, &self.limits, now);
            note_cut(to, &put);
            (put, state.take_waker())
        };
        wake(waker);
        match put {
            Put::Kept => {
                self.counters.delivered.fetch_add(1, Ordering::Relaxed);
                Taken::Yes
            }
            Put::Gone(_) => Taken::NotThere,
            Put::Full if sabotaged!("drop-when-full") => Taken::Yes,
            Put::Full => Taken::Undeliverable(Reason::MailboxFull),
            Put::Overflow => {
                self.overflowed(now, to);
                Taken::Undeliverable(Reason::MailboxFull)
            }
            Put::Fatal(reason) => {
                self.end_session(now, to, reason);
                Taken::Undeliverable(reason)
            }
        }
    }

    /// Puts something that must not be lost into a session's mailbox. The caller may hold a room's lock.
    pub(super) fn put_control(&self, now: Now, to: &Arc<Session>, reply_to: u32, body: Body) {
        let (put, waker) = {
            let mut state = to.state();
            let put = state.put_control(Entry { reply_to, body, origin: None }, &self.limits, now);
            note_cut(to, &put);
            (put, state.take_waker())
        };
        wake(waker);
        self.settle_control(now, to, &put);
    }

    /// Does what a full mailbox asks for. A session that must end is ended by the next tick: its end takes the locks of its
    /// rooms, and tells the senders of what it held, whose mailboxes may be full in turn.
    pub(super) fn settle_control(&self, now: Now, to: &Arc<Session>, put: &Put) {
        match put {
            Put::Kept | Put::Full | Put::Gone(_) => {}
            Put::Overflow if to.resumable() => self.overflowed(now, to),
            Put::Overflow => self.end_soon(now, to, Reason::SlowConsumer),
            Put::Fatal(reason) => self.end_soon(now, to, *reason),
        }
    }

    /// Tells one session of a room's change. The caller holds the room's lock.
    pub(super) fn put_presence(&self, to: &Session, event: &Arc<RoomEvent>) {
        let waker = {
            let mut state = to.state();
            state.put_presence(event, &self.limits);
            state.take_waker()
        };
        wake(waker);
    }

    /// Tells a sender what became of its envelope.
    pub(super) fn receipt(&self, now: Now, origin: &Origin, peer: &PeerId, delivery: Delivery) {
        if matches!(delivery, Delivery::Undeliverable(_)) {
            self.counters.undeliverable.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(sender) = self.sessions.get(origin.from.as_str())
            && sender.incarnation == origin.incarnation
        {
            self.put_control(now, &sender, origin.seq, Body::Receipt { peer: peer.clone(), delivery });
        }
    }

    /// Tells the senders that asked for it that their envelopes arrived.
    pub(super) fn receipts(&self, now: Now, origins: Vec<Origin>, peer: &PeerId, delivery: Delivery) {
        for origin in origins {
            self.receipt(now, &origin, peer, delivery);
        }
    }

    /// A session's connection was cut because it did not read; one that cannot be resumed is over.
    pub(super) fn overflowed(&self, now: Now, session: &Arc<Session>) {
        self.counters.slow_consumers.fetch_add(1, Ordering::Relaxed);
        if session.resumable() {
            self.wait_for_return(now, session);
        } else {
            self.end_session(now, session, Reason::SlowConsumer);
        }
    }
}

/// Keeps the attached epoch true after a put that cut the connection. The caller holds the session's state.
pub(super) fn note_cut(session: &Session, put: &Put) {
    if matches!(put, Put::Overflow | Put::Fatal(_)) {
        session.live_epoch.store(0, Ordering::Release);
    }
}

/// Wakes a connection. To be called without any session's lock.
pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
