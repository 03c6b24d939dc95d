//! A server with its participants, and the model beside it.

use std::collections::HashMap;

use wigwag_proto::v1::client_frame::Body as Up;

use crate::{
    compat::Socket,
    grants::Grants,
    model::{Event, Model, Participant, Protocol},
    native::Native,
    random::Rng,
    rest::Rest,
    server::{Guarded, claims},
    transports::TRANSPORTS,
};

/// Users of the API, each with one session.
pub(crate) const USERS: usize = 12;

/// Clients of compatibility protocols: as many connections at most.
const CLIENTS: [Protocol; 12] = [
    Protocol::RoomsWs,
    Protocol::RoomsWs,
    Protocol::RoomsWs,
    Protocol::PlainJson,
    Protocol::PlainJson,
    Protocol::PlainJson,
    Protocol::Connector,
    Protocol::Connector,
    Protocol::SocketIo,
    Protocol::SocketIo,
    Protocol::PeerJs,
    Protocol::PeerJs,
];

/// How a participant is connected.
pub(crate) enum Link {
    None,
    Native(Box<Native>),
    Compat(Box<Socket>),
}

/// A ticket and what it permits.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(crate) secret: String,
    pub(crate) grants: Grants,
}

/// What this side of a participant holds.
pub(crate) struct Actor {
    pub(crate) link: Link,
    /// The token of a user of the API.
    pub(crate) token: String,
    /// The ticket of a client.
    pub(crate) ticket: Option<Ticket>,
    /// The ticket with which its connection was opened.
    pub(crate) opened_with: String,
    /// What it is to receive before anything else happens.
    due: Vec<Event>,
}

pub(crate) struct World {
    pub(crate) server: Guarded,
    pub(crate) rest: Rest,
    pub(crate) rng: Rng,
    pub(crate) model: Model,
    pub(crate) actors: Vec<Actor>,
    /// A token with every grant in all rooms.
    pub(crate) backend: String,
    /// What happens at the moment, with the ids that a participant names itself.
    pub(crate) about: String,
    /// The text of each refusal: it must not depend on anything that the caller may not know.
    refusals: HashMap<String, String>,
    texts: usize,
}

impl World {
    pub(crate) async fn new(seed: u64) -> Self {
        let server = Guarded::start(|config| {
            config.compat.ticket_parameter = "ticket".to_owned();
            config.rooms.empty_timeout_ms = 3_600_000;
            // Everyone acts as fast as it can.
            config.session.joins_per_second = 0;
            config.session.frames_per_second = 0;
            config.session.deliveries_per_second = 0;
            config.rooms.joins_per_second = 0;
            config.users.opens_per_second = 0;
            config.users.joins_per_second = 0;
            config.auth.failures_per_second = 0;
            // Participants that do nothing for a while do not answer pings.
            config.session.heartbeat_ms = 300_000;
            config.connections.http1_idle_timeout_ms = 600_000;
        })
        .await;
        let mut world = Self {
            rest: Rest::new(server.addr).await,
            rng: Rng::new(seed),
            model: Model::default(),
            actors: Vec::new(),
            backend: token(&server, "backend", &Grants::everything()),
            about: String::new(),
            refusals: HashMap::new(),
            texts: 0,
            server,
        };
        for number in 0..USERS {
            let (user, grants) = (format!("user-{number}"), Grants::random(&mut world.rng));
            let token = token(&world.server, &user, &grants);
            let native = Native::open(TRANSPORTS[number % 4], world.server.addr, token.clone()).await;
            let id = native.id.clone();
            world.add(Participant { protocol: Protocol::Native, user, grants, id, online: true, room: "" }, token);
            world.actors[number].link = Link::Native(Box::new(native));
        }
        for (number, protocol) in CLIENTS.into_iter().enumerate() {
            let (user, grants) = (format!("client-{number}"), Grants::default());
            world
                .add(Participant { protocol, user, grants, id: String::new(), online: false, room: "" }, String::new());
        }
        world
    }

    fn add(&mut self, who: Participant, token: String) {
        self.model.participants.push(who);
        let (link, opened_with) = (Link::None, String::new());
        self.actors.push(Actor { link, token, ticket: None, opened_with, due: Vec::new() });
    }

    pub(crate) fn everyone(&self) -> usize {
        self.actors.len()
    }

    /// Returns the id of another participant that has or had one.
    pub(crate) fn another(&mut self, than: usize) -> usize {
        loop {
            let other = self.rng.below(self.everyone());
            if other != than && !self.model.participants[other].id.is_empty() {
                return other;
            }
        }
    }

    /// Returns a text that was not sent before. Some look like messages of a protocol, with a sender.
    pub(crate) fn text(&mut self) -> String {
        self.texts += 1;
        let text = format!("text {}", self.texts);
        if self.rng.below(4) > 0 {
            return text;
        }
        let kind = self.rng.pick(&["offer", "participants", "participant-left", "peer-left", "error", "message"]);
        let forged = "somebody else";
        let data = serde_json::json!({"sdp": text, "sender": forged});
        serde_json::json!({
            "type": kind, "from": forged, "fromUserId": forged, "src": forged, "id": forged, "text": text, "sdp": text,
            "event": "offer_sdp", "data": data,
        })
        .to_string()
    }

    pub(crate) fn token(&self, user: usize) -> String {
        let who = &self.model.participants[user];
        token(&self.server, &who.user, &who.grants)
    }

    pub(crate) async fn send(&mut self, user: usize, body: Up) {
        let Link::Native(native) = &mut self.actors[user].link else { panic!("{user} has another protocol") };
        native.send(body).await;
    }

    pub(crate) fn socket(&mut self, client: usize) -> &mut Socket {
        match &mut self.actors[client].link {
            Link::Compat(socket) => socket,
            _ => panic!("{client} has no connection"),
        }
    }

    /// Has a participant send something that is answered, so that what it sent before has taken effect.
    pub(crate) async fn fence(&mut self, who: usize) {
        let answer = match &mut self.actors[who].link {
            Link::None => return,
            Link::Native(native) => native.fence().await,
            Link::Compat(socket) => socket.fence().await,
        };
        self.about = "fence".to_owned();
        self.model.tell(who, answer);
        self.settle().await;
    }

    /// Has everyone read what was sent to it so far.
    pub(crate) async fn fence_all(&mut self) {
        for who in 0..self.everyone() {
            self.fence(who).await;
        }
    }

    /// Reads what participants are to receive, and fails on anything else.
    pub(crate) async fn settle(&mut self) {
        let mut waiting = Vec::new();
        for (who, event) in self.model.take_due() {
            self.actors[who].due.push(event);
            if !waiting.contains(&who) {
                waiting.push(who);
            }
        }
        for who in waiting {
            while !self.actors[who].due.is_empty() {
                self.read(who).await;
            }
            if !self.model.participants[who].online {
                self.actors[who].link = Link::None;
            }
        }
    }

    async fn read(&mut self, who: usize) {
        let Actor { link, due, .. } = &mut self.actors[who];
        let (event, error_text) = match link {
            Link::None => panic!("{who} has no connection and is to receive {due:?}"),
            Link::Native(native) => native.read().await,
            Link::Compat(socket) => socket.read().await,
        };
        let Some(at) = due.iter().position(|due| fits(due, &event)) else {
            panic!("{}: {:?} receives {event:?}, and is to receive {due:?}", self.about, self.model.participants[who]);
        };
        due.remove(at);
        if let Event::Refused { reason } = &event {
            let protocol = self.model.participants[who].protocol;
            self.check_text(&format!("{protocol:?} {reason}"), error_text);
        }
    }

    /// Checks that a refusal has the same text whenever the same is asked, and names no one.
    pub(crate) fn check_text(&mut self, refusal: &str, text: String) {
        for who in &self.model.participants {
            let named = !who.id.is_empty() && text.contains(&who.id);
            assert!(!named || self.about.contains(&who.id), "{}: {refusal}: {text}", self.about);
        }
        let known = self.refusals.entry(format!("{} {refusal}", self.about)).or_insert_with(|| text.clone());
        assert_eq!(*known, text, "{}: {refusal}", self.about);
    }

    /// Waits until the server has as many sessions as the model: it does not say when one has ended.
    pub(crate) async fn sessions_end(&mut self) {
        let began = tokio::time::Instant::now();
        loop {
            let health = self.rest.call("GET", "/health", "", None).await;
            if health.json["connections"] == self.model.online() {
                return;
            }
            assert!(began.elapsed() < crate::running::BOUND, "{}: {health:?}", self.about);
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let due: Vec<_> = self.actors.iter().map(|actor| &actor.due).filter(|due| !due.is_empty()).collect();
            println!("it failed at: {}; still to be received: {due:?}", self.about);
        }
    }
}

fn token(server: &Guarded, user: &str, grants: &Grants) -> String {
    server.token(&claims(user, &grants.patterns, grants.permissions()))
}

/// Returns whether something is what a participant is to receive. A message may be to one of several rooms, and the connector
/// may show a room before or after a change that follows at once: `?` in a list of clients says so.
fn fits(due: &Event, event: &Event) -> bool {
    match (due, event) {
        (Event::Signal { room: rooms, from, kind, text }, Event::Signal { room, .. }) => {
            let same = Event::Signal { room: room.clone(), from: from.clone(), kind: kind.clone(), text: text.clone() };
            rooms.split('|').any(|one| one == room) && same == *event
        }
        (
            Event::Clients { title, room, clients },
            Event::Clients { title: shown_title, room: shown_room, clients: shown_clients },
        ) if clients.last().is_some_and(|last| last == "?") => {
            title == shown_title && room == shown_room && shown_clients.iter().all(|client| clients.contains(client))
        }
        _ => due == event,
    }
}
