//! One attachment: what a connection asks of its session.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Weak, atomic::Ordering},
    task::Waker,
};

use super::{
    Inlet, Room, Session, Shared, Ticket,
    delivery::{Taken, wake},
    lock,
};
use crate::{
    backend::{Attachment, Join, Outbound, Submitted},
    error::{Cut, JoinError, MemberError, SendError, StepError},
    frame::{Body, Delivery, Item},
    id::{PeerId, RoomName},
    mailbox::Origin,
    reason::Reason,
    session::{Fetched, Grade, SessionState},
    time::Now,
};

#[derive(Debug)]
pub(super) struct MemoryAttachment {
    pub(super) shared: Arc<Shared>,
    pub(super) session: Arc<Session>,
    pub(super) epoch: u32,
}

impl Attachment for MemoryAttachment {
    fn peer(&self) -> &PeerId {
        &self.session.peer
    }

    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn grade(&self) -> Grade {
        self.session.grade
    }

    fn applied(&self) -> u32 {
        self.session.applied.load(Ordering::Acquire)
    }

    fn heard(&self, now: Now) {
        // Read first: only the first frame of an epoch, and of a millisecond, has something to write.
        if self.session.used_epoch.load(Ordering::Acquire) < self.epoch {
            self.session.used_epoch.fetch_max(self.epoch, Ordering::AcqRel);
        }
        if self.session.live_epoch.load(Ordering::Acquire) == self.epoch
            && self.session.heard_ms.load(Ordering::Relaxed) < now.mono_ms
        {
            self.session.heard_ms.fetch_max(now.mono_ms, Ordering::Relaxed);
        }
    }

    fn last_heard_ms(&self) -> u64 {
        self.session.heard_ms.load(Ordering::Relaxed)
    }

    fn is_over(&self) -> bool {
        self.session.live_epoch.load(Ordering::Acquire) != self.epoch
    }

    fn pace(&self, now: Now) -> u32 {
        let rate = u64::from(self.shared.limits.frames_per_second);
        if rate == 0 {
            return 0;
        }
        let (now_us, each_us) = (now.mono_ms * 1_000, 1_000_000 / rate);
        let burst_us = each_us * u64::from(self.shared.limits.frames_burst);
        let mut wait_us = 0;
        // Fails only when the frame must wait: then nothing changes.
        let _ = self.session.paced_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            let used = used.max(now_us);
            wait_us = (used - now_us).saturating_sub(burst_us);
            (wait_us == 0).then_some(used + each_us)
        });
        u32::try_from(wait_us.div_ceil(1_000)).unwrap_or(u32::MAX)
    }

    fn fetch(&self, now: Now, waker: &Waker, budget: usize, out: &mut Vec<Item>) -> Fetched {
        let mut written = Vec::new();
        let fetched = loop {
            let mut state = self.session.state();
            if state.epoch() == self.epoch && state.roster_due() {
                let rooms: Vec<_> = state.silent_seats().map(|seat| seat.room.clone()).collect();
                drop(state);
                self.tell_rosters(&rooms);
                continue;
            }
            break state.fetch(self.epoch, waker, budget, out, |origin| written.push(origin));
        };
        written.retain(|origin| origin.receipt);
        self.shared.receipts(now, written, &self.session.peer, Delivery::Written);
        if let Fetched::Cut(Cut::Ended(reason)) = fetched {
            self.shared.end_session(now, &self.session, reason); // Drained: all it had has been handed out.
        }
        fetched
    }

    fn ack(&self, now: Now, upto: u32) -> Result<(), u32> {
        if upto == 0 || !self.session.resumable() {
            return Ok(());
        }
        let mut delivered = Vec::new();
        self.session.state().ack(self.epoch, upto, |origin| {
            if origin.receipt {
                delivered.push(origin);
            }
        })?;
        self.shared.receipts(now, delivered, &self.session.peer, Delivery::Delivered);
        Ok(())
    }

    fn send(&self, now: Now, cseq: u32, send: Outbound) -> Submitted<Result<(), StepError<SendError>>> {
        let mut inlet = lock(&self.session.inlet);
        let Inlet { tickets, last } = &mut *inlet;
        Submitted::Done(self.session.next(self.epoch, cseq).and_then(|()| {
            if sabotaged!("acknowledged-before-effect") {
                self.session.used(cseq);
            }
            let undelivered = match (&send.room, &send.to) {
                (None, None) => return Err(StepError::Refused(SendError::PeerNotFound)),
                (None, Some(to)) => self.send_direct(now, cseq, to, last, &send),
                (Some(room), to) => {
                    let (room, ticket) = ticket(tickets, room).ok_or(StepError::Refused(SendError::NotJoined))?;
                    match to {
                        Some(to) => self.send_to(now, cseq, (room, ticket), to, last, &send),
                        None => self.send_to_all(now, cseq, room, ticket, &send),
                    }
                }
            }
            .map_err(StepError::Refused)?;
            self.session.used(cseq);
            for (peer, reason) in undelivered {
                let origin = self.origin(cseq, &send);
                self.shared.receipt(now, &origin, &peer, Delivery::Undeliverable(reason));
            }
            Ok(())
        }))
    }

    fn join(&self, now: Now, cseq: u32, join: Join) -> Submitted<Result<(), StepError<JoinError>>> {
        let mut inlet = lock(&self.session.inlet);
        Submitted::Done(self.session.next(self.epoch, cseq).and_then(|()| {
            let seat = self.shared.take_seat(now, &self.session, self.epoch, cseq, &join)?;
            self.session.used(cseq);
            if let Some((room, ticket)) = seat {
                inlet.tickets.retain(|(held, _, ticket)| *held != join.room && ticket.valid());
                inlet.tickets.push((join.room, room, ticket));
            }
            Ok(())
        }))
    }

    fn leave(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>> {
        self.in_room(cseq, room, |found, _| {
            if self.shared.unseat(now, found, &self.session.peer, Reason::Left, cseq) {
                Ok(())
            } else {
                Err(MemberError::NotJoined)
            }
        })
    }

    fn end_room(&self, now: Now, cseq: u32, room: &RoomName) -> Submitted<Result<(), StepError<MemberError>>> {
        self.in_room(cseq, room, |found, _| {
            self.owns(found)?;
            self.shared.end_room(now, found, Reason::Ended);
            self.shared.put_control(now, &self.session, cseq, Body::Done);
            Ok(())
        })
    }

    fn remove_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        peer: &PeerId,
        ban: bool,
    ) -> Submitted<Result<(), StepError<MemberError>>> {
        self.in_room(cseq, room, |found, _| {
            self.owns(found)?;
            if !self.shared.kick(now, found, peer, ban) {
                return Err(MemberError::PeerNotFound);
            }
            self.shared.put_control(now, &self.session, cseq, Body::Done);
            Ok(())
        })
    }

    fn update_member(
        &self,
        now: Now,
        cseq: u32,
        room: &RoomName,
        display_name: Option<Arc<str>>,
        metadata: BTreeMap<String, String>,
    ) -> Submitted<Result<(), StepError<MemberError>>> {
        self.in_room(cseq, room, |found, _| {
            let mut state = lock(&found.state);
            if let Some(event) = state.update_member(&self.session.peer, display_name, &metadata)? {
                self.shared.tell(&state, &event, Some(&self.session.peer));
            }
            drop(state);
            self.shared.put_control(now, &self.session, cseq, Body::Done);
            Ok(())
        })
    }

    fn reply(&self, now: Now, cseq: u32, body: Body) -> Submitted<Result<(), StepError<Infallible>>> {
        let _inlet = lock(&self.session.inlet);
        Submitted::Done(self.session.next(self.epoch, cseq).map(|()| {
            self.shared.put_control(now, &self.session, cseq, body);
            self.session.used(cseq);
        }))
    }

    fn detach(&self, now: Now, cut: Cut) {
        // A session that ended, or has a newer attachment, has nothing left to detach.
        let current = self.session.state().cut(self.epoch);
        if current.is_none() {
            self.shared.detach_session(now, &self.session, self.epoch, cut);
        }
    }

    fn close(&self, now: Now, reason: Reason) {
        let newest = |state: &SessionState<_>| state.epoch() == self.epoch;
        self.shared.end_session_if(now, &self.session, reason, newest);
    }
}

impl MemoryAttachment {
    fn origin(&self, cseq: u32, send: &Outbound) -> Origin {
        let Session { peer, incarnation, .. } = &*self.session;
        Origin { from: peer.clone(), incarnation: *incarnation, seq: cseq, receipt: send.receipt }
    }

    fn send_direct(
        &self,
        now: Now,
        cseq: u32,
        to: &PeerId,
        last: &mut Option<(PeerId, Weak<Session>)>,
        send: &Outbound,
    ) -> Result<Undelivered, SendError> {
        let target = self.shared.sessions.get_again(to, last).ok_or(SendError::PeerNotFound)?;
        self.settle(&target, self.put(now, cseq, &target, send, None))
    }

    fn send_to(
        &self,
        now: Now,
        cseq: u32,
        (room, ticket): (&Room, &Ticket),
        to: &PeerId,
        last: &mut Option<(PeerId, Weak<Session>)>,
        send: &Outbound,
    ) -> Result<Undelivered, SendError> {
        let target = self.shared.sessions.get_again(to, last).ok_or(SendError::PeerNotFound)?;
        self.settle(&target, self.put(now, cseq, &target, send, Some((&room.name, Some(ticket)))))
    }

    fn send_to_all(
        &self,
        now: Now,
        cseq: u32,
        room: &Room,
        ticket: &Ticket,
        send: &Outbound,
    ) -> Result<Undelivered, SendError> {
        // The list is taken under the room's lock and used without it: a mailbox that overflows ends its session, which
        // takes the locks of its rooms.
        let others: Vec<_> = {
            let state = lock(&room.state);
            state
                .seats()
                .map(|s| s.with.session.clone())
                .filter(|s| !Arc::ptr_eq(s, &self.session) || sabotaged!("broadcast-to-oneself"))
                .collect()
        };
        let (mut undelivered, mut reached) = (Vec::new(), false);
        for target in others {
            match self.put(now, cseq, &target, send, Some((&room.name, Some(ticket)))) {
                Taken::Yes => reached = true,
                Taken::NotThere => {}
                // The seat was lost on the way. Refused is only what nobody got: a refused frame's number is used again.
                Taken::TicketTorn if reached && !sabotaged!("broadcast-refused-halfway") => {
                    undelivered.push((target.peer.clone(), Reason::NotJoined));
                }
                Taken::TicketTorn => return Err(SendError::NotJoined),
                Taken::Undeliverable(reason) => undelivered.push((target.peer.clone(), reason)),
            }
        }
        Ok(undelivered)
    }

    fn put(
        &self,
        now: Now,
        cseq: u32,
        target: &Arc<Session>,
        send: &Outbound,
        guard: Option<(&RoomName, Option<&Ticket>)>,
    ) -> Taken {
        self.shared.put_envelope(now, target, send.envelope.clone(), Some(self.origin(cseq, send)), guard)
    }

    fn settle(&self, target: &Session, taken: Taken) -> Result<Undelivered, SendError> {
        match taken {
            Taken::Yes => Ok(Vec::new()),
            Taken::NotThere => Err(SendError::PeerNotFound),
            Taken::TicketTorn => Err(SendError::NotJoined),
            Taken::Undeliverable(reason) => Ok(vec![(target.peer.clone(), reason)]),
        }
    }

    /// Runs a request about a room the session is a member of, as one step.
    fn in_room(
        &self,
        cseq: u32,
        room: &RoomName,
        run: impl FnOnce(&Arc<Room>, &Ticket) -> Result<(), MemberError>,
    ) -> Submitted<Result<(), StepError<MemberError>>> {
        let mut inlet = lock(&self.session.inlet);
        Submitted::Done(self.session.next(self.epoch, cseq).and_then(|()| {
            let seat = ticket(&mut inlet.tickets, room);
            let (found, ticket) = seat.ok_or(StepError::Refused(MemberError::NotJoined))?;
            run(found, ticket).map_err(StepError::Refused)?;
            self.session.used(cseq);
            Ok(())
        }))
    }

    fn owns(&self, room: &Room) -> Result<(), MemberError> {
        if lock(&room.state).owner() == Some(&self.session.peer) { Ok(()) } else { Err(MemberError::NotOwner) }
    }

    /// Brings the connection up to date about these rooms.
    fn tell_rosters(&self, rooms: &[Arc<Room>]) {
        for room in rooms {
            let state = lock(&room.state);
            if !state.ended() {
                let snapshot = Arc::new(state.snapshot());
                let waker = {
                    let mut own = self.session.state();
                    own.tell_roster(&snapshot);
                    own.take_waker()
                };
                wake(waker);
            }
        }
    }
}

type Undelivered = Vec<(PeerId, Reason)>;

/// The room and the right to act in it, while the seat is held.
fn ticket<'a>(
    tickets: &'a mut Vec<(RoomName, Arc<Room>, Arc<Ticket>)>,
    room: &RoomName,
) -> Option<(&'a Arc<Room>, &'a Arc<Ticket>)> {
    let at = tickets.iter().position(|(name, _, _)| name == room)?;
    // The caller's own clone: it comes again, and is known by its place then.
    tickets[at].0.clone_from(room);
    if !tickets[at].2.valid() {
        tickets.swap_remove(at);
        return None;
    }
    let (_, room, ticket) = &tickets[at];
    Some((room, ticket))
}
