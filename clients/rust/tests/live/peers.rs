//! The peers of a test, and waiting for their events.

use wigwag_client::{Event, Events, Payload, PeerId, Room, Session};

use crate::server::{Server, within};

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn session(&self, name: &str) -> Session {
        Session::builder(self.url()).display_name(name).connect().await.expect("a session")
    }
}

/// Returns the next event.
pub(crate) async fn next(events: &mut Events) -> Event {
    within("an event comes", events.next()).await.expect("the stream has not ended")
}

/// Returns the next envelope, skipping other events.
pub(crate) async fn envelope(events: &mut Events) -> (Option<PeerId>, Payload) {
    loop {
        if let Event::Envelope { from, payload, .. } = next(events).await {
            return (from, payload);
        }
    }
}

/// Connects two peers in one room, each of which has seen the other join.
pub(crate) async fn pair(server: &Server, room: &str) -> ((Session, Room), (Session, Room)) {
    pair_of(server.session("Ada").await, server.session("Bob").await, room).await
}

/// As [`pair`], with these sessions.
pub(crate) async fn pair_of(ada: Session, bob: Session, room: &str) -> ((Session, Room), (Session, Room)) {
    let first = ada.join(room).await.expect("joined");
    let second = bob.join(room).await.expect("joined");
    let joined = next(&mut first.events()).await;
    assert!(matches!(&joined, Event::MemberJoined { member, .. } if member.peer_id == bob.peer_id()), "{joined:?}");
    ((ada, first), (bob, second))
}
