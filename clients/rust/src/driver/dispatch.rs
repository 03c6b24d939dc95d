//! What each frame from the server means for the handles.

use std::time::Duration;

use prost::Message;
use tokio::time::Instant;
use wigwag_proto::v1::{Advice, Envelope, GoAway, Leave, ServerFrame, client_frame, receipt, server_frame::Body};

use super::{Driver, Lost, pending::Reply};
use crate::{
    core::Violation,
    error::Error,
    event::{EnvelopeId, Event},
    member::point_in_time,
    payload::Payload,
    server_info::IceServers,
};

/// How long a connection is left to a server that ends the session, to say what it still has to say.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Driver {
    /// Takes a frame. `Err`: the connection is of no use any more.
    pub(super) fn frame(&mut self, frame: ServerFrame, depart: &mut Option<Instant>) -> Result<(), Lost> {
        if !self.core.received(&frame).map_err(Lost::violation)? {
            return Ok(());
        }
        if frame.seq > 0 {
            self.in_hand = Some((frame.seq, frame.encoded_len()));
        }
        if let Some(body) = frame.body {
            self.body(frame.reply_to, body, depart)?;
        }
        if self.outlet.is_empty() {
            self.handed_on();
        }
        Ok(())
    }

    fn body(&mut self, reply_to: u32, body: Body, depart: &mut Option<Instant>) -> Result<(), Lost> {
        match body {
            Body::Envelope(envelope) => self.envelope(envelope),
            Body::Welcome(_) => return Err(Lost::violation(Violation::Welcome)),
            Body::Joined(joined) => {
                let name = joined.room.clone();
                let is_new = !self.rooms.is_member(&name);
                self.seals.answered(reply_to, Some(&name));
                let seat = self.rooms.joined(joined, &mut self.outlet);
                if let Some(Reply::Seat(answer)) = self.take(reply_to)
                    && answer.send(Ok(seat)).is_err()
                    && is_new
                {
                    // Whoever asked to join has given up, and nobody else can leave for it.
                    self.give_up_seat(name);
                }
            }
            Body::Left(left) => {
                self.rooms.left(&left.room, &left.reason, &mut self.outlet);
                self.seals.left(&left.room);
                self.done(reply_to);
            }
            Body::Done(_) => self.done(reply_to),
            Body::RoomUpdated(frame) => self.rooms.room_updated(frame, &mut self.outlet),
            Body::MemberJoined(frame) => self.rooms.member_joined(frame, &mut self.outlet),
            Body::MemberUpdated(frame) => self.rooms.member_updated(frame, &mut self.outlet),
            Body::MemberLeft(frame) => self.rooms.member_left(frame, &mut self.outlet),
            Body::Roster(frame) => self.rooms.roster(frame, self.pending.awaits_join(), &mut self.outlet),
            Body::Receipt(receipt) => match self.take(reply_to) {
                // Whoever dropped the receipt does not want to know.
                Some(Reply::Receipt(answer)) => drop(answer.send(Ok(receipt.into()))),
                _ if receipt.outcome() == receipt::Outcome::Undeliverable => {
                    let (id, room) = (EnvelopeId(reply_to), self.pending.room_of(reply_to));
                    let to = receipt.peer_id.into();
                    self.tell(Event::Undeliverable { id, room, to, reason: receipt.reason });
                }
                _ => {}
            },
            Body::Error(error) if error.fatal => return Err(Lost::fatal(error)),
            Body::Error(error) => {
                let error = Error::from_frame(error);
                self.seals.answered(reply_to, None);
                match self.take(reply_to) {
                    Some(reply) => reply.fail(error),
                    None if reply_to > 0 => {
                        let (id, room) = (EnvelopeId(reply_to), self.pending.room_of(reply_to));
                        self.tell(Event::SendFailed { id, room, error });
                    }
                    None => tracing::warn!(reason = %error.reason, "the server reports an error about no request"),
                }
            }
            Body::Refreshed(refreshed) => {
                if let Some(Reply::Refreshed(answer)) = self.take(reply_to) {
                    // As above.
                    let _ = answer.send(Ok(point_in_time(refreshed.expires_at)));
                }
            }
            Body::IceServers(servers) => {
                let servers = IceServers::new(servers.servers, servers.expires_at);
                self.facts.send_modify(|facts| facts.ice_servers = servers.clone());
                self.outlet.push(&self.events, Event::IceServers(servers));
            }
            Body::Ping(_) => self.core.ping(),
            Body::GoAway(go_away) => *depart = Some(self.go_away(go_away)),
        }
        Ok(())
    }

    fn envelope(&mut self, mut envelope: Envelope) {
        let me = self.facts.borrow().peer_id.clone();
        let is_here = envelope.room.is_empty() || self.rooms.is_member(&envelope.room);
        let opened = self.seals.open(&me, is_here, &mut envelope);
        let room = (!envelope.room.is_empty()).then(|| envelope.room.into());
        let from = (!envelope.from.is_empty()).then(|| envelope.from.into());
        if let Err(error) = opened {
            return self.tell(Event::Unopened { room, from, error });
        }
        let Some(payload) = envelope.payload.and_then(Payload::from_wire) else {
            tracing::debug!("an envelope of a kind this client does not know was skipped");
            return;
        };
        self.tell(Event::Envelope { room, from, payload });
    }

    /// Puts an event that may belong to a room into that room's queue, or else into the session's.
    fn tell(&mut self, event: Event) {
        let room = match &event {
            Event::Envelope { room, .. }
            | Event::Unopened { room, .. }
            | Event::Undeliverable { room, .. }
            | Event::SendFailed { room, .. } => room.as_deref(),
            _ => None,
        };
        let queue = room.and_then(|room| self.rooms.events(room)).unwrap_or(&self.events);
        self.outlet.push(queue, event);
    }

    fn take(&mut self, reply_to: u32) -> Option<Reply> {
        let reply = self.pending.take(reply_to);
        if !self.pending.awaits_join() {
            self.rooms.forget_early();
        }
        reply
    }

    fn done(&mut self, reply_to: u32) {
        let answer = match self.take(reply_to) {
            Some(Reply::Done(answer)) => answer,
            Some(Reply::Updated(answer, update)) => {
                self.rooms.update_me(update, &mut self.outlet);
                answer
            }
            _ => return,
        };
        // Whoever no longer waits does not want to know.
        let _ = answer.send(Ok(()));
    }

    fn give_up_seat(&mut self, room: String) {
        if let Ok(seq) = self.enqueue(client_frame::Body::Leave(Leave { room })) {
            self.pending.request(seq, Reply::Nobody);
        }
    }

    /// The server wants this client to go: when.
    fn go_away(&mut self, go_away: GoAway) -> Instant {
        tracing::info!(reason = %go_away.reason, after_ms = go_away.reconnect_after_ms, "asked to go");
        let mut after = Duration::from_millis(go_away.reconnect_after_ms.into());
        if !go_away.resumable || go_away.advice() == Advice::Rejoin {
            after = after.max(LAST_WORDS);
            self.rejoin = Some(go_away.reason);
        }
        self.endpoint = (!go_away.endpoint.is_empty()).then_some(go_away.endpoint);
        Instant::now() + after
    }
}
