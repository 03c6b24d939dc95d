//! Applies each frame from the server: to the rooms, to waiting calls, to the streams of events.

use std::time::Duration;

use prost::Message;
use tokio::time::Instant;
use wigwag_proto::v1::{Advice, Envelope, GoAway, Leave, ServerFrame, client_frame, receipt, server_frame::Body};

use super::{Driver, pending::Reply};
use crate::{
    core::Violation,
    error::Error,
    event::{EnvelopeId, Event},
    member::point_in_time,
    payload::Payload,
    server_info::IceServers,
    transport::ConnectionError,
};

/// How long the client stays connected to a server that ends the session, to read its last frames.
const LAST_FRAMES: Duration = Duration::from_secs(1);

impl Driver {
    /// Applies a frame. `Err`: the connection must be given up.
    pub(super) fn frame(&mut self, frame: ServerFrame, move_at: &mut Option<Instant>) -> Result<(), ConnectionError> {
        let Some(frame) = self.core.assemble(frame).map_err(ConnectionError::violation)? else { return Ok(()) };
        if !self.core.received(&frame).map_err(ConnectionError::violation)? {
            return Ok(());
        }
        if frame.seq > 0 {
            let receipt = matches!(&frame.body, Some(Body::Envelope(envelope)) if envelope.receipt);
            self.delivering = Some((frame.seq, frame.encoded_len(), receipt));
        }
        if let Some(body) = frame.body {
            self.body(frame.reply_to, body, move_at)?;
        }
        if self.backlog.is_empty() {
            self.mark_delivered();
        }
        Ok(())
    }

    fn body(&mut self, reply_to: u32, body: Body, move_at: &mut Option<Instant>) -> Result<(), ConnectionError> {
        match body {
            Body::Envelope(envelope) => self.envelope(envelope),
            Body::Welcome(_) => return Err(ConnectionError::violation(Violation::Welcome)),
            Body::Joined(joined) => {
                let name = joined.room.clone();
                self.seals.join_answered(reply_to, Some(&name));
                let membership = self.rooms.joined(joined, &mut self.backlog);
                if let Some(Reply::Joined(responder, _)) = self.take(reply_to)
                    && let Err(Ok(unclaimed)) = responder.send(Ok(membership))
                {
                    // The caller stopped waiting. Another one may have joined again.
                    self.rooms.keep(unclaimed);
                }
                self.give_back();
            }
            Body::Left(left) => {
                self.rooms.left(&left.room, &left.reason, &mut self.backlog);
                self.seals.left(&left.room);
                self.done(reply_to);
            }
            Body::Done(_) => self.done(reply_to),
            Body::RoomUpdated(frame) => self.rooms.room_updated(frame, &mut self.backlog),
            Body::MemberJoined(frame) => self.rooms.member_joined(frame, &mut self.backlog),
            Body::MemberUpdated(frame) => self.rooms.member_updated(frame, &mut self.backlog),
            Body::MemberLeft(frame) => self.rooms.member_left(frame, &mut self.backlog),
            Body::Roster(frame) => self.rooms.roster(frame, self.pending.awaits_join(), &mut self.backlog),
            Body::Receipt(receipt) => match self.take(reply_to) {
                // Fails when the caller dropped the pending receipt.
                Some(Reply::Receipt(responder)) => drop(responder.send(Ok(receipt.into()))),
                _ if receipt.outcome() == receipt::Outcome::Undeliverable => {
                    let (id, room) = (EnvelopeId(reply_to), self.pending.room_of(reply_to));
                    let to = receipt.peer_id.into();
                    self.emit(Event::Undeliverable { id, room, to, reason: receipt.reason });
                }
                _ => {}
            },
            Body::Error(error) if error.fatal => return Err(ConnectionError::fatal(error)),
            Body::Error(error) => {
                let error = Error::from_frame(error);
                self.seals.join_answered(reply_to, None);
                match self.take(reply_to) {
                    Some(reply) => {
                        let joins = matches!(reply, Reply::Joined(..));
                        reply.fail(error);
                        if joins {
                            self.give_back();
                        }
                    }
                    None if reply_to > 0 => {
                        let (id, room) = (EnvelopeId(reply_to), self.pending.room_of(reply_to));
                        self.emit(Event::SendFailed { id, room, error });
                    }
                    None => tracing::warn!(reason = %error.reason, "the server sent an error that answers no request"),
                }
            }
            Body::Refreshed(refreshed) => {
                if let Some(Reply::Refreshed(responder)) = self.take(reply_to) {
                    // Fails when the caller stopped waiting.
                    let _ = responder.send(Ok(point_in_time(refreshed.expires_at)));
                }
            }
            Body::IceServers(servers) => {
                let servers = IceServers::new(servers.servers, servers.expires_at);
                self.snapshot.send_modify(|snapshot| snapshot.ice_servers = servers.clone());
                self.backlog.push(&self.events, Event::IceServers(servers));
            }
            Body::TokenExpiring(expiring) => {
                let expires_at = point_in_time(expiring.expires_at);
                self.backlog.push(&self.events, Event::TokenExpiring { expires_at });
            }
            Body::Ping(_) => self.core.ping(),
            Body::GoAway(go_away) => *move_at = Some(self.go_away(go_away)),
            // Of features that this client does not name.
            Body::Glare(_) | Body::StoreState(_) => {}
        }
        Ok(())
    }

    fn envelope(&mut self, mut envelope: Envelope) {
        let me = self.snapshot.borrow().peer_id.clone();
        let is_here = envelope.room.is_empty() || self.rooms.is_member(&envelope.room);
        let opened = self.seals.open(&me, is_here, &mut envelope);
        let room = (!envelope.room.is_empty()).then(|| envelope.room.into());
        let from = (!envelope.from.is_empty()).then(|| envelope.from.into());
        if let Err(error) = opened {
            return self.emit(Event::Unopened { room, from, error });
        }
        let Some(payload) = envelope.payload.and_then(Payload::from_wire) else {
            tracing::debug!("skipped an envelope whose payload this client does not know");
            return;
        };
        self.emit(Event::Envelope { room, from, payload });
    }

    /// Puts an event into the queue of its room if this session is a member, otherwise into the session's queue.
    fn emit(&mut self, event: Event) {
        let room = match &event {
            Event::Envelope { room, .. }
            | Event::Unopened { room, .. }
            | Event::Undeliverable { room, .. }
            | Event::SendFailed { room, .. } => room.as_deref(),
            _ => None,
        };
        let queue = room.and_then(|room| self.rooms.events(room)).unwrap_or(&self.events);
        self.backlog.push(queue, event);
    }

    fn take(&mut self, reply_to: u32) -> Option<Reply> {
        let reply = self.pending.take(reply_to);
        if !self.pending.awaits_join() {
            self.rooms.forget_early();
        }
        reply
    }

    fn done(&mut self, reply_to: u32) {
        let responder = match self.take(reply_to) {
            Some(Reply::Done(responder)) => responder,
            Some(Reply::Updated(responder, update)) => {
                self.rooms.update_me(update, &mut self.backlog);
                responder
            }
            _ => return,
        };
        // Fails when the caller stopped waiting.
        let _ = responder.send(Ok(()));
    }

    /// Leaves the rooms whose callers gave up joining.
    pub(super) fn give_back(&mut self) {
        let pending = &self.pending;
        for room in self.rooms.drop_unclaimed(|room| pending.awaits_join_of(room)) {
            self.leave(room);
        }
    }

    fn leave(&mut self, room: String) {
        if let Ok(seq) = self.enqueue(client_frame::Body::Leave(Leave { room })) {
            self.pending.request(seq, Reply::Ignored);
        }
    }

    /// Returns when to move to another connection.
    fn go_away(&mut self, go_away: GoAway) -> Instant {
        tracing::info!(reason = %go_away.reason, after_ms = go_away.reconnect_after_ms, "the server asked to reconnect");
        self.core.going_away();
        let mut after = Duration::from_millis(go_away.reconnect_after_ms.into());
        if !go_away.resumable || go_away.advice() == Advice::Rejoin {
            after = after.max(LAST_FRAMES);
            self.rejoin = Some(go_away.reason);
        }
        self.endpoint = (!go_away.endpoint.is_empty()).then_some(go_away.endpoint);
        Instant::now() + after
    }
}
