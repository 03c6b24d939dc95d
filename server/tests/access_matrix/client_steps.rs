//! What clients of compatibility protocols do.

use crate::{
    compat::{Socket, path},
    grants::ROOMS,
    model::{Event, Protocol},
    world::{Link, USERS, World},
};

impl World {
    /// Has a client of a compatibility protocol do something.
    pub(crate) async fn client_step(&mut self) {
        let client = USERS + self.rng.below(self.everyone() - USERS);
        let online = self.model.participants[client].online;
        match self.rng.below(24) {
            _ if self.actors[client].ticket.is_none() => self.create_ticket(client).await,
            0 => self.create_ticket(client).await,
            1 => self.intrude(client).await,
            2 => self.open(client).await,
            _ if !online => self.open(client).await,
            3 => self.close(client).await,
            _ if self.model.participants[client].protocol == Protocol::Connector && self.rng.once_in(2) => {
                self.use_room(client).await;
            }
            _ => self.send_as_client(client).await,
        }
    }

    /// Opens a connection, which takes the place of the client's older one if its protocol says so.
    async fn open(&mut self, client: usize) {
        let ticket = self.actors[client].ticket.clone().expect("a ticket");
        let (protocol, online) = (self.model.participants[client].protocol, self.model.participants[client].online);
        let user = self.model.participants[client].user.clone();
        if !online {
            self.model.participants[client].grants = ticket.grants.clone();
        }
        let room = match (protocol.is_one_room(), online) {
            (false, _) => "",
            (true, true) => self.model.participants[client].room,
            (true, false) => self.rng.pick(&ROOMS),
        };
        let refused = match () {
            () if protocol.is_one_room() && !ticket.grants.admits(room) => Some("FORBIDDEN"),
            // Only with the same ticket is it the same client.
            () if online && protocol != Protocol::RoomsWs && self.actors[client].opened_with != ticket.secret => {
                Some("PEER_ID_TAKEN")
            }
            () if protocol.is_one_room() && !online => self.model.join_refusal(client, room),
            () => None,
        };
        let path = path(protocol, room, &user, &ticket.secret);
        let id = protocol.peer_id(room, &user);
        self.about = format!("open {id}");
        if let Some(reason) = refused {
            return self.is_refused(protocol, &user, &path, reason).await;
        }
        let socket = Socket::open(self.server.addr, protocol, &user, &path).await;
        let older = std::mem::replace(&mut self.actors[client].link, Link::Compat(Box::new(socket)));
        if online {
            self.model.go(client, "REPLACED");
        }
        self.actors[client].opened_with = ticket.secret;
        let who = &mut self.model.participants[client];
        (who.id, who.room, who.online, who.grants) = (id.clone(), room, true, ticket.grants);
        if protocol.is_one_room() {
            self.model.enter(client, room, "", online && protocol == Protocol::RoomsWs);
        } else {
            let me = if protocol == Protocol::PeerJs { String::new() } else { id };
            self.model.tell(client, Event::Open { me });
        }
        if online {
            self.model.at_once(client);
        }
        self.settle().await;
        if let Link::Compat(older) = older {
            self.is_replaced(protocol, *older).await;
        }
    }

    /// Checks that the older connection of a client receives that it was replaced, and nothing more.
    async fn is_replaced(&mut self, protocol: Protocol, mut older: Socket) {
        if protocol != Protocol::PeerJs {
            assert_eq!(older.read().await.0, Event::refused("REPLACED"), "{}", self.about);
        }
        let reason = if protocol == Protocol::SocketIo { "DISCONNECTED" } else { "REPLACED" };
        assert_eq!(older.read().await.0, Event::closed(reason), "{}", self.about);
        if protocol == Protocol::SocketIo {
            older.close(false).await;
        }
    }

    /// Connects, which must be refused for this reason, without anything else.
    async fn is_refused(&mut self, protocol: Protocol, user: &str, path: &str, reason: &str) {
        let mut socket = Socket::open(self.server.addr, protocol, user, path).await;
        let (event, text) = socket.read().await;
        assert_eq!(event, Event::refused(reason), "{}: {text}", self.about);
        self.check_text(&format!("{protocol:?} {reason}"), text);
        if protocol != Protocol::SocketIo {
            assert_eq!(socket.read().await.0, Event::closed(reason), "{}", self.about);
        }
    }

    /// Connects with a ticket that does not admit this client, or under an id that its ticket does not admit.
    async fn intrude(&mut self, client: usize) {
        let protocol = self.model.participants[client].protocol;
        let (mut user, room) = (self.model.participants[client].user.clone(), self.rng.pick(&ROOMS));
        let (mut secret, mut reason) = ("guessed".to_owned(), "TOKEN_INVALID");
        let other = USERS + self.rng.below(self.everyone() - USERS);
        let mut key = "peerjs";
        match self.rng.below(4) {
            0 => {
                secret.clear();
                // PeerJS always sends its own token.
                reason = if protocol == Protocol::PeerJs { "TOKEN_INVALID" } else { "TOKEN_MISSING" };
            }
            1 if self.model.participants[other].protocol != protocol => {
                secret = self.actors[other].ticket.as_ref().map_or(secret, |ticket| ticket.secret.clone());
            }
            2 if matches!(protocol, Protocol::RoomsWs | Protocol::PeerJs) && other != client => {
                user.clone_from(&self.model.participants[other].user);
                secret = self.actors[client].ticket.as_ref().map_or(secret, |ticket| ticket.secret.clone());
                reason = "FORBIDDEN";
            }
            3 if protocol == Protocol::PeerJs => {
                key = "another";
                secret = self.actors[client].ticket.as_ref().map_or(secret, |ticket| ticket.secret.clone());
                reason = "FORBIDDEN";
            }
            _ => {}
        }
        self.about = format!("intrude as {user} {reason} {key}");
        let path = path(protocol, room, &user, &secret).replace("key=peerjs", &format!("key={key}"));
        self.is_refused(protocol, &user, &path, reason).await;
    }

    async fn close(&mut self, client: usize) {
        let properly = self.rng.once_in(2);
        self.about = format!("close {}", self.model.participants[client].id);
        let Link::Compat(socket) = std::mem::replace(&mut self.actors[client].link, Link::None) else {
            panic!("{client} has no connection");
        };
        socket.close(properly).await;
        self.model.go(client, if properly { "LEFT" } else { "CONNECTION_LOST" });
        self.settle().await;
        self.sessions_end().await;
    }

    /// Has a client of the connector do something with a room.
    async fn use_room(&mut self, client: usize) {
        let room = self.rng.pick(&ROOMS);
        let (kind, mut to) = match self.rng.below(8) {
            0..=3 => ("join_room", String::new()),
            4 => ("create_room", String::new()),
            5 => ("leave_room", String::new()),
            6 => {
                let whom = self.another(client);
                ("leave_room", self.model.participants[whom].id.clone())
            }
            _ => ("end_room", String::new()),
        };
        let whom = self.model.participants.iter().position(|who| !to.is_empty() && who.id == to);
        self.about = format!("{kind} {room} {to}, admitted: {}", self.model.participants[client].grants.admits(room));
        let refused = match (kind, whom) {
            ("join_room", _) => self.model.join_refusal(client, room),
            ("create_room", _) => self.model.create_refusal(client, room),
            ("leave_room", None) => (!self.model.is_member(room, client)).then_some("NOT_JOINED"),
            (_, whom) => match (self.model.owner_refusal(client, room), whom) {
                (None, Some(whom)) if !self.model.is_member(room, whom) => Some("PEER_NOT_FOUND"),
                (refused, _) => refused,
            },
        };
        match (refused, kind, whom) {
            (Some(reason), ..) => self.model.tell(client, Event::refused(reason)),
            (None, "join_room", _) => self.model.enter(client, room, "client_added", false),
            (None, "create_room", _) => self.model.enter(client, room, "room_created", false),
            (None, "leave_room", None) => self.model.expel(client, room, "LEFT"),
            (None, "leave_room", Some(whom)) => self.model.expel(whom, room, "REMOVED"),
            (None, ..) => self.model.end(room),
        }
        self.socket(client).about_room(kind, room, &to).await;
        to.clear();
        self.settle().await;
    }

    /// Has a client send to somebody.
    async fn send_as_client(&mut self, client: usize) {
        let protocol = self.model.participants[client].protocol;
        if protocol == Protocol::PlainJson && self.rng.once_in(4) {
            return self.send_to_the_other(client).await;
        }
        let to = self.another(client);
        if protocol == Protocol::PeerJs {
            let absent = self.model.share_scope(client, to) && !self.model.participants[to].online;
            if absent || self.rng.once_in(8) {
                // An offer to an id that is not in use would be held for five seconds.
                return self.leave_peer(client, to).await;
            }
        }
        let kind = match protocol {
            Protocol::RoomsWs | Protocol::PlainJson => self.rng.pick(&["message", "offer", "hangup"]),
            Protocol::Connector => self.rng.pick(&["message", "offer"]),
            _ => "offer",
        };
        let address = self.address(client, to);
        let text = self.text();
        self.about =
            format!("{kind} of {} to {address} {}", self.model.participants[client].id, self.model.participants[to].id);
        match self.model.client_refusal(client, to, kind, address == self.model.participants[to].user) {
            Some(reason) => self.model.tell(client, Event::refused(reason)),
            None => {
                let rooms = self.model.shared_rooms(client, to);
                self.model.signal(Some(client), to, &rooms, kind, &text);
            }
        }
        self.socket(client).signal(&address, kind, &text).await;
        self.settle().await;
    }

    /// The id by which a client addresses another participant.
    fn address(&mut self, client: usize, to: usize) -> String {
        let (from, to) = (&self.model.participants[client], &self.model.participants[to]);
        let named = matches!(from.protocol, Protocol::RoomsWs | Protocol::PeerJs) && from.protocol == to.protocol;
        // A name of rooms-ws belongs to its room: another room does not have such a user.
        if named && !self.rng.once_in(4) { to.user.clone() } else { to.id.clone() }
    }

    /// Has a client of plain JSON send without naming a recipient.
    async fn send_to_the_other(&mut self, client: usize) {
        let room = self.model.participants[client].room;
        let (others, text) = (self.model.others(room, client), self.text());
        self.about = format!("message to one of {}", others.len());
        match others.as_slice() {
            [] => self.model.tell(client, Event::refused("PEER_NOT_FOUND")),
            [other] => self.model.signal(Some(client), *other, room, "message", &text),
            _ => self.model.tell(client, Event::refused("INVALID_FIELD")),
        }
        self.socket(client).signal("", "message", &text).await;
        self.settle().await;
    }

    async fn leave_peer(&mut self, client: usize, to: usize) {
        let address = self.address(client, to);
        self.about = format!("leave {address}");
        let reaches = self.model.share_scope(client, to) && self.model.participants[to].online;
        if reaches {
            self.model.signal(Some(client), to, "", "leave", "");
        }
        self.socket(client).leave_peer(&address).await;
        self.settle().await;
        if !reaches {
            self.fence(client).await;
        }
    }
}
