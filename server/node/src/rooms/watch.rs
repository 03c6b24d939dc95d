//! A watch of rooms as a stream of events.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::Stream;
use tokio::time::{Instant, Sleep};
use wigwag_hub::{
    RoomEvent,
    frame::Change,
    watch::{Watch, WatchEvent, WatchPoll},
};
use wigwag_proto::v1::{self as pb, watch_rooms_response::Event};

use crate::{error::ApiError, frame, node::Node};

/// How long a watch may be silent, so that proxies do not take it for dead.
const KEEP_OPEN: Duration = Duration::from_secs(10);

/// Events of a watch. Ends when the watcher is too slow or the node goes away.
pub struct RoomEvents {
    node: Node,
    watch: Arc<Watch>,
    silence: Pin<Box<Sleep>>,
    over: bool,
}

impl RoomEvents {
    pub(super) fn new(node: &Node, watch: Arc<Watch>) -> Self {
        Self { node: node.clone(), watch, silence: Box::pin(tokio::time::sleep(KEEP_OPEN)), over: false }
    }

    fn end(&mut self, error: ApiError) -> Poll<Option<Result<pb::WatchRoomsResponse, ApiError>>> {
        self.over = true;
        Poll::Ready(Some(Err(error)))
    }
}

impl Stream for RoomEvents {
    type Item = Result<pb::WatchRoomsResponse, ApiError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        let event = match self.watch.poll(cx.waker()) {
            WatchPoll::Event(event) => event_of(event),
            WatchPoll::TooSlow => return self.end(ApiError::slow_watcher()),
            WatchPoll::Idle if self.node.draining() => return self.end(ApiError::draining()),
            WatchPoll::Idle => match self.silence.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => Event::Ping(pb::watch_rooms_response::Ping {}),
            },
        };
        self.silence.as_mut().reset(Instant::now() + KEEP_OPEN);
        Poll::Ready(Some(Ok(pb::WatchRoomsResponse { event: Some(event) })))
    }
}

fn event_of(event: WatchEvent) -> Event {
    match event {
        WatchEvent::Snapshot(snapshot) => Event::Snapshot(pb::RoomSnapshot {
            room_info: Some(frame::room_info(&snapshot.info)),
            members: snapshot.members.iter().map(|member| frame::member(member)).collect(),
        }),
        WatchEvent::Synced => Event::Synced(pb::Synced {}),
        WatchEvent::Change(event) => change(&event),
    }
}

fn change(event: &RoomEvent) -> Event {
    let (room, version) = (event.room.to_string(), event.version);
    match &event.change {
        Change::Created(info) => Event::RoomCreated(pb::RoomCreated { room_info: Some(frame::room_info(info)) }),
        Change::Updated(info) => {
            Event::RoomUpdated(pb::RoomUpdated { room, version, room_info: Some(frame::room_info(info)) })
        }
        Change::Ended(reason) => Event::RoomEnded(pb::RoomEnded { room, version, reason: reason.as_str().into() }),
        Change::MemberJoined(member) => {
            Event::MemberJoined(pb::MemberJoined { room, version, member: Some(frame::member(member)) })
        }
        Change::MemberUpdated(member) => {
            Event::MemberUpdated(pb::MemberUpdated { room, version, member: Some(frame::member(member)) })
        }
        Change::MemberLeft(peer, reason) => Event::MemberLeft(pb::MemberLeft {
            room,
            version,
            peer_id: peer.to_string(),
            reason: reason.as_str().into(),
        }),
    }
}
