//! The events of a watch of rooms, as a stream.

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
use wigwag_proto::v1::{self as pb, Feature, watch_rooms_response::Event};

use crate::{
    auth::{Caller, UserKey},
    connection::TokenExpiry,
    error::ApiError,
    features::Features,
    frame::{self, RosterFormat, SnapshotParts},
    node::Node,
    quota::Place,
};

/// A ping is sent after this time without an event, so that proxies do not close an idle stream.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// Events that are skipped in one poll at most.
const EVENTS_PER_POLL: usize = 256;

/// The events of a watch. Ends with an error when the watcher reads too slowly or the node drains.
pub struct RoomEvents {
    node: Node,
    caller: Caller,
    /// When the caller's token expires.
    expiry: Option<TokenExpiry>,
    watch: Arc<Watch>,
    format: RosterFormat,
    /// What is left of the last snapshot.
    snapshot: Option<SnapshotParts>,
    keepalive: Pin<Box<Sleep>>,
    ended: bool,
    _place: Place<UserKey>,
}

impl RoomEvents {
    pub(super) fn new(
        node: &Node,
        caller: Caller,
        watch: Arc<Watch>,
        features: Features,
        place: Place<UserKey>,
    ) -> Self {
        // What the caller may not see takes no place in its queue.
        let (policy, watcher) = (node.policy().clone(), caller.clone());
        watch.restrict(move |room| policy.shows(&watcher, room));
        let expires_at_ms = caller.identity.as_ref().map(|identity| identity.expires_at_ms);
        Self {
            expiry: expires_at_ms.map(|at| TokenExpiry::new(at, false, node.now())),
            node: node.clone(),
            caller,
            watch,
            format: RosterFormat { parts: features.has(Feature::RosterParts), json: false },
            snapshot: None,
            keepalive: Box::pin(tokio::time::sleep(KEEPALIVE_INTERVAL)),
            ended: false,
            _place: place,
        }
    }

    /// Returns whether the caller's token admits the room of an event.
    fn shows(&self, event: &WatchEvent) -> bool {
        match event {
            WatchEvent::Snapshot(snapshot) => self.node.policy().shows(&self.caller, &snapshot.info.room),
            WatchEvent::Change(change) => self.node.policy().shows(&self.caller, &change.room),
            WatchEvent::Synced => true,
        }
    }

    /// Returns the error that ends the watch because of the caller's token.
    fn poll_token(&mut self, cx: &mut Context<'_>) -> Option<ApiError> {
        let now = self.node.now();
        let identity = self.caller.identity.clone()?;
        if let Err(error) = self.node.policy().check_revoked(&identity, now.unix_ms) {
            return Some(error);
        }
        let due = self.expiry.as_mut()?.poll(cx, now);
        due.is_ready().then(|| ApiError::token_expired("the token has expired: start another watch with a fresh one"))
    }

    /// Notes that the events are written as protobuf JSON, so that parts of snapshots are measured in it.
    #[must_use]
    pub fn in_json(mut self) -> Self {
        self.format.json = true;
        self
    }

    /// Returns what is left of the last snapshot, or the next event.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, ApiError>> {
        if let Some(error) = self.poll_token(cx) {
            return Poll::Ready(Err(error));
        }
        for _ in 0..EVENTS_PER_POLL {
            if let Some(event) = self.snapshot.as_mut().and_then(Iterator::next) {
                return Poll::Ready(Ok(event));
            }
            self.snapshot = None;
            return Poll::Ready(match self.watch.poll(cx.waker()) {
                WatchPoll::Event(event) if !self.shows(&event) => continue,
                WatchPoll::Event(WatchEvent::Snapshot(snapshot)) => {
                    self.snapshot = Some(SnapshotParts::new(snapshot, self.format));
                    continue;
                }
                WatchPoll::Event(WatchEvent::Synced) => Ok(Event::Synced(pb::Synced {})),
                WatchPoll::Event(WatchEvent::Change(event)) => Ok(change(&event)),
                WatchPoll::TooSlow => Err(ApiError::slow_watcher()),
                WatchPoll::Lost => Err(ApiError::lost_watch()),
                WatchPoll::Idle if self.node.draining() => Err(ApiError::draining()),
                WatchPoll::Idle => match self.keepalive.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => Ok(Event::Ping(pb::watch_rooms_response::Ping {})),
                },
            });
        }
        // Only events of rooms that the caller does not see: other tasks run before the next ones.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Stream for RoomEvents {
    type Item = Result<pb::WatchRoomsResponse, ApiError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let event = match self.poll_event(cx) {
            Poll::Ready(Ok(event)) => event,
            Poll::Ready(Err(error)) => {
                self.ended = true;
                return Poll::Ready(Some(Err(error)));
            }
            Poll::Pending => return Poll::Pending,
        };
        self.keepalive.as_mut().reset(Instant::now() + KEEPALIVE_INTERVAL);
        Poll::Ready(Some(Ok(pb::WatchRoomsResponse { event: Some(event) })))
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

#[cfg(test)]
mod tests {
    use wigwag_token::{Claims, Grants, Permissions, RoomPattern, TokenError};

    use super::*;
    use crate::{
        auth::{Authenticate, BearerToken, ClientCertificate},
        config::NodeConfig,
        rooms::Rooms,
    };

    #[tokio::test]
    async fn watches_are_bounded() {
        let rooms = Rooms::new(Node::new(NodeConfig::default()));
        let caller = Caller::new(Some(([127, 0, 0, 1], 1).into()));
        let mut watches = Vec::new();
        let refused = loop {
            match rooms.watch(&caller, &pb::WatchRoomsRequest::default()).await {
                Ok(watch) => watches.push(watch),
                Err(error) => break error,
            }
            assert!(watches.len() <= 10_000, "there is no limit");
        };
        assert_eq!((refused.reason, watches.len()), ("LIMIT_EXCEEDED", 1_000));
        watches.pop();
        assert!(rooms.watch(&caller, &pb::WatchRoomsRequest::default()).await.is_ok());
    }

    /// Admits every token as the user that it names.
    #[derive(Debug)]
    struct AnyUser;

    impl Authenticate for AnyUser {
        fn verify<'a>(
            &'a self,
            token: &'a str,
            now_unix_ms: u64,
        ) -> Pin<Box<dyn Future<Output = Result<Claims, TokenError>> + Send + 'a>> {
            let mut claims = Claims::new(token, now_unix_ms + 60_000);
            let everywhere = RoomPattern::parse("*").expect("a pattern");
            claims.grants = Grants { rooms: vec![everywhere], can: Permissions::all(), ..Grants::default() };
            Box::pin(std::future::ready(Ok(claims)))
        }

        fn claims_of(&self, _: &ClientCertificate) -> Option<Claims> {
            None
        }
    }

    #[tokio::test]
    async fn a_user_and_the_node_have_as_many_watches_as_is_set() {
        let mut config = NodeConfig { max_watches: 3, max_watches_per_user: 2, ..NodeConfig::default() };
        config.authenticator = Some(Arc::new(AnyUser));
        let rooms = Rooms::new(Node::new(config));
        let watch = async |user: &str| {
            let token = BearerToken::from_authorization(format!("Bearer {user}").as_bytes());
            let caller = Caller::new(Some(([127, 0, 0, 1], 1).into())).with_token(token);
            rooms.watch(&caller, &pb::WatchRoomsRequest::default()).await.map_err(|error| error.reason)
        };
        let mut ada = vec![watch("ada").await.expect("the first"), watch("ada").await.expect("the second")];
        assert_eq!(watch("ada").await.err(), Some("LIMIT_EXCEEDED"), "a third of one user");
        let _bob = watch("bob").await.expect("another user");
        assert_eq!(watch("eve").await.err(), Some("LIMIT_EXCEEDED"), "a fourth of all");
        ada.pop();
        assert!(watch("eve").await.is_ok(), "its place is free");
    }
}
