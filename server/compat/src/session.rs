//! A dialect client's session: what it asks for goes in as frames, what it is told comes out as news.

use std::{
    collections::{HashMap, HashSet},
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use prost::Message as _;
use tokio::time::Instant;
use wigwag_hub::{
    Body, Item, PeerId, Reason, RoomName,
    error::{DetachReason, StepError},
    frame::Delivery,
    member::Member,
    session::Fetched,
};
use wigwag_proto::v1::{self as pb, envelope::Payload, server_frame};

use crate::{
    error::CompatError,
    names::{looks_like_peer_id, same_protocol},
    roster::{Roster, RosterChange},
};
use wigwag_node::{
    auth::Caller,
    connection::{Applier, FETCH_BYTES, FrameOutcome, NameCache, RateLimit},
    error::ApiError,
    frame::RawBody,
    node::{Node, OpenNamed},
};

/// A session that is not resumable, held by a dialect. Its connection is lost when it is dropped.
pub(crate) struct CompatSession {
    applier: Applier,
    seq: u32,
    /// Requests to create a room that have not been answered. Each is, so there are never more than answers fit into the
    /// mailbox.
    creating: HashSet<u32>,
    rosters: HashMap<RoomName, Roster>,
    items: Vec<Item>,
}

/// What a session hears.
#[derive(Debug)]
pub(crate) enum ClientEvent {
    /// A signal. `from` is empty when a backend sent it.
    Signal { from: String, payload: Payload },
    /// The client has a seat; [`CompatSession::roster`] knows the room. `created`: it asked to create it.
    Entered { room: RoomName, created: bool },
    /// Somebody else has.
    Came { room: RoomName, member: Arc<Member> },
    /// Somebody else has gone.
    Went { room: RoomName, member: Arc<Member>, reason: Reason },
    /// The client's own seat is gone.
    Out { room: RoomName, roster: Option<Roster>, reason: Reason },
    /// A request without an object in its answer took effect.
    Done,
    /// A request was refused.
    Refused(CompatError),
    /// A signal the client sent did not arrive.
    Lost { peer: PeerId, reason: Reason },
    /// The node goes away: the client's own moment.
    MoveOn { at: Instant },
}

impl CompatSession {
    pub(crate) async fn open(node: &Node, caller: &Caller, request: OpenNamed) -> Result<Self, ApiError> {
        let attachment = node.open_named(caller, request).await?;
        let applier = Applier { node: node.clone(), caller: caller.clone(), attachment };
        Ok(Self { applier, seq: 0, creating: HashSet::new(), rosters: HashMap::new(), items: Vec::new() })
    }

    pub(crate) fn peer(&self) -> &PeerId {
        self.applier.attachment.peer()
    }

    /// The rooms the client is in.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = &RoomName> {
        self.rosters.keys()
    }

    pub(crate) fn roster(&self, room: &RoomName) -> Option<&Roster> {
        self.rosters.get(room)
    }

    /// Sends a signal, to a room (`to` empty: all others in it), or directly.
    pub(crate) async fn send(&mut self, room: &str, to: &str, payload: Payload) -> Result<(), ApiError> {
        let envelope = pb::Envelope {
            room: room.to_owned(),
            to: to.to_owned(),
            payload: Some(payload),
            ..pb::Envelope::default()
        };
        let seq = self.next_seq();
        let submitted =
            self.applier.submit(self.applier.node.now(), seq, &envelope.encode_to_vec(), &mut NameCache::default())?;
        match submitted.wait().await {
            Ok(()) | Err(StepError::Seen | StepError::Gap { .. }) => Ok(()),
            Err(StepError::Refused(error)) => Err(error.into()),
            Err(StepError::Detached(cut)) => Err(cut.into()),
        }
    }

    /// Sends a signal to a member of a room or, if there is none of that id, to a peer of another door.
    pub(crate) async fn send_in_room_or_directly(
        &mut self,
        room: &str,
        to: &str,
        payload: Payload,
    ) -> Result<(), ApiError> {
        let sent = self.send(room, to, payload.clone()).await;
        let elsewhere = looks_like_peer_id(to) && !same_protocol(self.peer().as_str(), to);
        match sent {
            Err(absent) if absent.reason == "PEER_NOT_FOUND" && elsewhere => {
                match self.send("", to, payload).await {
                    // That direct messages are off is nothing a client of a room needs to know.
                    Err(error) if error.reason == "FORBIDDEN" => Err(absent),
                    sent => sent,
                }
            }
            sent => sent,
        }
    }

    /// Asks for something that is answered by news.
    pub(crate) async fn ask(&mut self, body: RawBody) {
        let seq = self.next_seq();
        if matches!(body, RawBody::CreateRoom(_)) {
            self.creating.insert(seq);
        }
        match self.applier.apply(seq, Some(body)).await {
            FrameOutcome::Applied | FrameOutcome::Bye => {}
            // The session is over, which the next news tells.
            FrameOutcome::Gap { .. } | FrameOutcome::Fatal(_) | FrameOutcome::Detached(_) => {}
        }
    }

    /// Waits for news and puts them behind those that are there. Cancel safe.
    pub(crate) async fn events(&mut self, events: &mut Vec<ClientEvent>) -> Fetched {
        poll_fn(|cx| self.poll_events(cx, events)).await
    }

    /// Takes the news that are there. What is left after about 16 KiB stays.
    pub(crate) fn ready_events(&mut self, events: &mut Vec<ClientEvent>) {
        // Whoever waits for news leaves its own waker before it does.
        let _ = self.poll_events(&mut Context::from_waker(Waker::noop()), events);
    }

    fn poll_events(&mut self, cx: &mut Context<'_>, events: &mut Vec<ClientEvent>) -> Poll<Fetched> {
        let now = self.applier.node.now();
        let fetched = self.applier.attachment.fetch(now, cx.waker(), FETCH_BYTES, &mut self.items);
        if fetched == Fetched::Idle && self.items.is_empty() {
            return Poll::Pending;
        }
        for item in std::mem::take(&mut self.items) {
            self.digest(item, events);
        }
        Poll::Ready(fetched)
    }

    /// Notes a message of the client, and lets it through or holds it until its rate allows it.
    pub(crate) fn admit<T>(&self, rate_limit: &mut RateLimit<T>, message: T) -> Option<T> {
        let now = self.applier.node.now();
        self.applier.attachment.record_activity(now);
        rate_limit.admit(now, &*self.applier.attachment, message)
    }

    /// Returns the session's means to act, for what runs beside it.
    pub(crate) fn applier(&self) -> Applier {
        self.applier.clone()
    }

    /// Gives the connection up.
    pub(crate) fn give_up(&self, cut: DetachReason) {
        self.applier.attachment.detach(self.applier.node.now(), cut);
    }

    /// Ends the session for good.
    pub(crate) fn end(&self, reason: Reason) {
        self.applier.attachment.close(self.applier.node.now(), reason);
    }

    fn next_seq(&mut self) -> u32 {
        // Only an echo: no number is ever checked in this session.
        self.seq = self.seq.checked_add(1).unwrap_or(1);
        self.seq
    }

    fn digest(&mut self, item: Item, events: &mut Vec<ClientEvent>) {
        match item {
            Item::Numbered { reply_to, body, .. } => self.digest_body(reply_to, body, events),
            Item::Presence(event) => {
                let change = self.rosters.get_mut(&event.room).and_then(|roster| roster.change(&event));
                events.extend(change.map(|change| ClientEvent::roster_change(&event.room, change)));
            }
            Item::Roster(snapshot) => {
                let me = self.applier.attachment.peer();
                let room = &snapshot.info.room;
                if let Some(roster) = self.rosters.get_mut(room) {
                    events.extend(
                        roster
                            .replace(&snapshot, me)
                            .into_iter()
                            .map(|change| ClientEvent::roster_change(room, change)),
                    );
                }
            }
            Item::GoAway { reconnect_after_ms } => {
                let at = Instant::now() + std::time::Duration::from_millis(reconnect_after_ms.into());
                events.push(ClientEvent::MoveOn { at });
            }
        }
    }

    fn digest_body(&mut self, reply_to: u32, body: Body, events: &mut Vec<ClientEvent>) {
        let created = self.creating.remove(&reply_to);
        events.push(match body {
            Body::Envelope(bytes) => {
                // It was checked when it was accepted.
                let Ok(pb::Envelope { from, payload: Some(payload), .. }) = pb::Envelope::decode(bytes) else { return };
                ClientEvent::Signal { from, payload }
            }
            Body::Joined(joined) => {
                let room = joined.snapshot.info.room.clone();
                self.rosters.insert(room.clone(), Roster::new(&joined.snapshot, &joined.me));
                ClientEvent::Entered { room, created }
            }
            Body::Left { room, reason } => {
                let roster = self.rosters.remove(&room);
                ClientEvent::Out { room, roster, reason }
            }
            Body::Done => ClientEvent::Done,
            Body::Receipt { peer, delivery: Delivery::Undeliverable(reason) } => ClientEvent::Lost { peer, reason },
            Body::Receipt { .. } => return,
            Body::Encoded(bytes) => match pb::ServerFrame::decode(bytes).map(|frame| frame.body) {
                Ok(Some(server_frame::Body::Error(error))) => ClientEvent::Refused(error.into()),
                // Nothing else is asked for here.
                _ => return,
            },
        });
    }
}

impl Drop for CompatSession {
    fn drop(&mut self) {
        self.give_up(DetachReason::ConnectionLost);
        tracing::info!(peer.id = %self.peer(), "connection closed");
    }
}

impl ClientEvent {
    fn roster_change(room: &RoomName, change: RosterChange) -> Self {
        let room = room.clone();
        match change {
            RosterChange::Came(member) => Self::Came { room, member },
            RosterChange::Went(member, reason) => Self::Went { room, member, reason },
        }
    }
}
