//! One client of a scenario: its proxy, its session, its rooms, and its unread events.

use std::collections::HashMap;

use tokio::time::timeout;
use wigwag_client::{Event, Events, PeerId, PendingReceipt, Room, Session};

use crate::{TIMEOUT, expectation::is_optional, proxy::Proxy};

pub(crate) struct Actor {
    pub(crate) proxy: Proxy,
    session: Option<Connected>,
    rooms: HashMap<String, (Room, Events)>,
    /// Streams of memberships that ended, in rooms that were joined again.
    former: Vec<Events>,
    pub(crate) receipts: HashMap<String, PendingReceipt>,
    /// The last known peer id of its session.
    pub(crate) peer: Option<PeerId>,
    pub(crate) is_closed: bool,
}

struct Connected {
    session: Session,
    events: Events,
}

impl Actor {
    pub(crate) fn new(proxy: Proxy) -> Self {
        Self {
            proxy,
            session: None,
            rooms: HashMap::new(),
            former: Vec::new(),
            receipts: HashMap::new(),
            peer: None,
            is_closed: false,
        }
    }

    pub(crate) fn connected(&mut self, session: Session) {
        self.peer = Some(session.peer_id());
        self.session = Some(Connected { events: session.events(), session });
    }

    pub(crate) fn session(&self) -> Result<&Session, String> {
        self.session.as_ref().map(|connected| &connected.session).ok_or_else(|| "it has no session".into())
    }

    pub(crate) fn room(&self, name: &str) -> Result<&Room, String> {
        self.rooms.get(name).map(|(room, _)| room).ok_or_else(|| format!("it never joined {name:?}"))
    }

    pub(crate) fn joined(&mut self, name: &str, room: Room) {
        let events = room.events();
        if let Some((_, former)) = self.rooms.insert(name.to_owned(), (room, events)) {
            self.former.push(former);
        }
    }

    fn stream(&mut self, room: Option<&str>) -> Result<&mut Events, String> {
        match room {
            None => {
                self.session.as_mut().map(|connected| &mut connected.events).ok_or_else(|| "it has no session".into())
            }
            Some(name) => {
                self.rooms.get_mut(name).map(|(_, events)| events).ok_or_else(|| format!("it never joined {name:?}"))
            }
        }
    }

    /// Returns the next event of a room, or of the session.
    pub(crate) async fn next(&mut self, room: Option<&str>) -> Result<Event, String> {
        match timeout(TIMEOUT, self.stream(room)?.next()).await {
            Ok(Some(event)) => Ok(event),
            Ok(None) => Err("its stream of events has ended".into()),
            Err(_) => Err(format!("no event within {TIMEOUT:?}")),
        }
    }

    /// Returns an event that should have been read. At the end of a scenario every event has arrived.
    pub(crate) async fn unread(&mut self) -> Option<Event> {
        if self.is_closed {
            return None;
        }
        let session = self.session.iter_mut().map(|connected| &mut connected.events);
        let streams = session.chain(self.rooms.values_mut().map(|(_, events)| events)).chain(&mut self.former);
        for events in streams {
            while let Ok(Some(event)) = timeout(std::time::Duration::ZERO, events.next()).await {
                if !is_optional(&event) {
                    return Some(event);
                }
            }
        }
        None
    }
}
