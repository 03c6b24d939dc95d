//! Records what a session sees.

use wigwag_proto::v1::{
    Joined, Left, Member, Receipt, Roster, ServerFrame, receipt::Outcome as ReceiptOutcome, server_frame::Body as Down,
};

use super::{Lobby, Session, letters};
use crate::history::{Event, Outcome, Where, Who};

impl Session {
    /// Records a new frame and acts on it. Returns `false` if the connection can no longer be used.
    pub(super) fn see(&mut self, frame: ServerFrame) -> bool {
        let reply_to = frame.reply_to;
        match frame.body {
            None | Some(Down::Ping(_)) => {}
            Some(Down::Envelope(envelope)) => self.received(&envelope),
            Some(Down::Receipt(receipt)) => self.receipt(reply_to, &receipt),
            Some(Down::Joined(joined)) => self.joined(reply_to, joined),
            Some(Down::Left(left)) => self.left(reply_to, left),
            Some(Down::RoomUpdated(updated)) => {
                let room = self.version(&updated.room, updated.version);
                self.log.push(Event::Updated { room, version: updated.version, peer: None });
            }
            Some(Down::MemberJoined(joined)) => {
                let room = self.version(&joined.room, joined.version);
                let peer = self.peer(joined.member.as_ref());
                self.log.push(Event::Joined { room, version: joined.version, peer });
            }
            Some(Down::MemberUpdated(updated)) => {
                let room = self.version(&updated.room, updated.version);
                let peer = Some(self.peer(updated.member.as_ref())).filter(|peer| *peer != self.who);
                self.log.push(Event::Updated { room, version: updated.version, peer });
            }
            Some(Down::MemberLeft(left)) => {
                let room = self.version(&left.room, left.version);
                let peer = self.shared.who(&left.peer_id);
                self.log.push(Event::Gone { room, version: left.version, peer, reason: left.reason });
            }
            Some(Down::Roster(Roster { room, version, members, .. })) => {
                let room = self.version(&room, version);
                let members = self.peers(&members);
                self.log.push(Event::Roster { room, version, members });
            }
            Some(Down::Error(error)) if error.fatal => {
                // Reasons that are expected on a broken connection.
                if !["SUPERSEDED", "HEARTBEAT_TIMEOUT", "SLOW_CONSUMER"].contains(&error.reason.as_str()) {
                    self.breach(format!("a fatal {} over {:?}: {}", error.reason, self.transport, error.message));
                }
                self.log.push(Event::Cut { reason: error.reason });
                return false;
            }
            Some(Down::Error(error)) => match self.asked.get(&reply_to) {
                Some(Some(n)) => {
                    let n = *n;
                    self.log.push(Event::Refused { n, reason: error.reason });
                }
                _ => self.breach(format!("a request was refused with {}: {}", error.reason, error.message)),
            },
            Some(other) => self.breach(format!("an unexpected frame: {other:?}")),
        }
        true
    }

    fn received(&mut self, envelope: &wigwag_proto::v1::Envelope) {
        let Some((author, n, size)) = letters::read(envelope) else {
            return self.breach(format!("an envelope that was not sent by a session: {envelope:?}"));
        };
        let room = (!envelope.room.is_empty()).then(|| self.shared.room_named(&envelope.room));
        let counted = room.is_none_or(|room| self.is_counted(room));
        if counted {
            self.shared.arrive(self.who, size);
        }
        self.log.push(Event::Received { from: self.shared.who(&envelope.from), author, n, room });
    }

    /// Returns whether envelopes in this room are counted in transit; those in lobbies are not.
    fn is_counted(&self, room: Where) -> bool {
        self.shared.rooms().get(usize::from(room)).is_some_and(|room| !room.residents.is_empty())
    }

    fn receipt(&mut self, reply_to: u32, receipt: &Receipt) {
        let Some(Some(n)) = self.asked.get(&reply_to).copied() else {
            return self.breach(format!("a receipt for frame {reply_to}, which was not an envelope"));
        };
        let peer = self.shared.who(&receipt.peer_id);
        let outcome = match receipt.outcome() {
            ReceiptOutcome::Delivered => Outcome::Delivered,
            ReceiptOutcome::Undeliverable if receipt.reason == "MAILBOX_FULL" => Outcome::Undeliverable,
            ReceiptOutcome::Unspecified | ReceiptOutcome::Written | ReceiptOutcome::Undeliverable => {
                self.breach(format!("a receipt that says {:?} {}", receipt.outcome(), receipt.reason));
                Outcome::Other
            }
        };
        self.receipts = self.receipts.saturating_sub(1);
        if outcome != Outcome::Delivered
            && let Some(Some(size)) = self.sizes.get(n as usize - 1)
        {
            self.shared.arrive(peer, *size);
        }
        self.log.push(Event::Receipt { n, peer, outcome });
    }

    fn joined(&mut self, reply_to: u32, joined: Joined) {
        self.answered(reply_to);
        let room = self.version(&joined.room, joined.version);
        let members = self.peers(&joined.members);
        if self.peer(joined.me.as_ref()) != self.who {
            self.breach("a `joined` for another peer".into());
        }
        self.log.push(Event::Entered { room, version: joined.version, members });
        if self.lobby == Lobby::Entering(room) {
            self.lobby = Lobby::Inside(room, self.rng.u32(..4));
        } else {
            self.awaited = self.awaited.saturating_sub(1);
        }
    }

    fn left(&mut self, reply_to: u32, left: Left) {
        self.answered(reply_to);
        let room = self.shared.room_named(&left.room);
        self.core.room_version(&left.room, None);
        self.lobby = Lobby::Outside;
        self.log.push(Event::Left { room, reason: left.reason });
    }

    /// Checks that the frame was a request that has not been answered yet.
    fn answered(&mut self, reply_to: u32) {
        if self.asked.remove(&reply_to) != Some(None) {
            self.breach(format!("an answer to frame {reply_to}, which was not a request or was already answered"));
        }
    }

    fn version(&mut self, room: &str, version: u32) -> Where {
        self.core.room_version(room, Some(version));
        self.shared.room_named(room)
    }

    fn peer(&self, member: Option<&Member>) -> Who {
        self.shared.who(member.map_or("", |member| &member.peer_id))
    }

    fn peers(&self, members: &[Member]) -> Vec<Who> {
        members.iter().map(|member| self.shared.who(&member.peer_id)).collect()
    }
}
