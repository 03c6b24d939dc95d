//! The model: which participants are in which rooms, and what each of them is to receive, as docs/access.md and
//! docs/compatibility-protocols.md say. It shares no code with the server.

use std::collections::{BTreeMap, BTreeSet};

use crate::grants::Grants;

/// What a participant speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Wigwag's own API, over one of its transports.
    Native,
    RoomsWs,
    PlainJson,
    Connector,
    SocketIo,
    PeerJs,
}

impl Protocol {
    /// Its name in `CreateTicketRequest`.
    pub(crate) fn ticket_name(self) -> &'static str {
        match self {
            Self::Native => unreachable!("it has tokens"),
            Self::RoomsWs => "rooms-ws",
            Self::PlainJson => "plain-json",
            Self::Connector => "connector",
            Self::SocketIo => "socket.io",
            Self::PeerJs => "peerjs",
        }
    }

    /// Whether a connection is in one room, and ends with that membership.
    pub(crate) fn is_one_room(self) -> bool {
        matches!(self, Self::RoomsWs | Self::PlainJson)
    }

    /// The peer id of a client. `room` is that of a connection in one room.
    pub(crate) fn peer_id(self, room: &str, user: &str) -> String {
        match self {
            Self::Native => unreachable!("the server chooses it"),
            Self::RoomsWs => format!("rooms-ws:{room}:{user}"),
            Self::PlainJson => format!("plain-json:{room}:{user}"),
            Self::Connector => format!("connector:main:{user}"),
            Self::SocketIo => format!("socketio:main:{user}"),
            Self::PeerJs => format!("peerjs:peerjs:{user}"),
        }
    }
}

/// Something that a participant receives. Where a protocol does not say something, the text is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A message. `kind`: `message`, `offer`, or `hangup`, which stands for an application's own type.
    Signal {
        room: String,
        from: String,
        kind: String,
        text: String,
    },
    /// Its connection is open, under this id.
    Open {
        me: String,
    },
    /// It is in a room. `first`: it created the room; at rooms-ws: it took the place of another connection.
    Entered {
        room: String,
        me: String,
        others: Vec<String>,
        first: bool,
    },
    /// Connector: a room with all its members.
    Clients {
        title: String,
        room: String,
        clients: Vec<String>,
    },
    Joined {
        room: String,
        entry: String,
    },
    Left {
        room: String,
        id: String,
        reason: String,
    },
    Updated {
        room: String,
        entry: String,
    },
    RoomUpdated {
        room: String,
        owner: String,
        count: usize,
    },
    /// It is no longer in a room.
    Out {
        room: String,
        reason: String,
    },
    Done,
    Refreshed,
    Refused {
        reason: String,
    },
    Closed {
        reason: String,
    },
}

impl Event {
    pub(crate) fn refused(reason: &str) -> Self {
        Self::Refused { reason: reason.to_owned() }
    }

    pub(crate) fn closed(reason: &str) -> Self {
        Self::Closed { reason: reason.to_owned() }
    }
}

/// A participant: a user with at most one session.
#[derive(Debug)]
pub(crate) struct Participant {
    pub(crate) protocol: Protocol,
    pub(crate) user: String,
    pub(crate) grants: Grants,
    /// The peer id of its session, or of its last one; empty if it had none.
    pub(crate) id: String,
    pub(crate) online: bool,
    /// The room of a connection that is in one room.
    pub(crate) room: &'static str,
}

#[derive(Debug)]
struct Member {
    who: usize,
    name: String,
}

#[derive(Debug, Default)]
struct Room {
    /// In the order in which they joined: the first one is the owner.
    members: Vec<Member>,
    banned: BTreeSet<String>,
}

/// Everyone, and every room that exists.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) participants: Vec<Participant>,
    rooms: BTreeMap<&'static str, Room>,
    due: Vec<(usize, Event)>,
}

impl Model {
    /// Takes what participants are to receive because of what happened last.
    pub(crate) fn take_due(&mut self) -> Vec<(usize, Event)> {
        std::mem::take(&mut self.due)
    }

    pub(crate) fn tell(&mut self, who: usize, event: Event) {
        self.due.push((who, event));
    }

    pub(crate) fn exists(&self, room: &str) -> bool {
        self.rooms.contains_key(room)
    }

    pub(crate) fn rooms(&self) -> Vec<&'static str> {
        self.rooms.keys().copied().collect()
    }

    pub(crate) fn members(&self, room: &str) -> Vec<usize> {
        self.rooms.get(room).map(|room| room.members.iter().map(|member| member.who).collect()).unwrap_or_default()
    }

    pub(crate) fn is_member(&self, room: &str, who: usize) -> bool {
        self.members(room).contains(&who)
    }

    pub(crate) fn owner(&self, room: &str) -> Option<usize> {
        self.members(room).first().copied()
    }

    pub(crate) fn others(&self, room: &str, who: usize) -> Vec<usize> {
        self.members(room).into_iter().filter(|member| *member != who).collect()
    }

    pub(crate) fn online(&self) -> usize {
        self.participants.iter().filter(|who| who.online).count()
    }

    /// Whether two clients have the same protocol and scope.
    pub(crate) fn share_scope(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.participants[one], &self.participants[other]);
        let same = one.protocol == other.protocol && one.protocol != Protocol::Native;
        same && (!one.protocol.is_one_room() || one.room == other.room)
    }

    /// Returns the rooms that both are in, with `|` between them.
    pub(crate) fn shared_rooms(&self, one: usize, other: usize) -> String {
        let shared = self.rooms.keys().filter(|room| self.is_member(room, one) && self.is_member(room, other));
        shared.copied().collect::<Vec<_>>().join("|")
    }

    /// The id under which `viewer` knows `of`.
    pub(crate) fn shown(&self, viewer: usize, of: usize) -> String {
        let by_name = matches!(self.participants[viewer].protocol, Protocol::RoomsWs | Protocol::PeerJs);
        let of_who = &self.participants[of];
        if by_name && self.share_scope(viewer, of) { of_who.user.clone() } else { of_who.id.clone() }
    }

    /// A member's entry as `viewer` sees it in a list of a room's members.
    pub(crate) fn entry(&self, viewer: usize, room: &str, who: usize) -> String {
        let members = &self.rooms[room].members;
        let at = members.iter().position(|member| member.who == who).expect("a member");
        let (id, user, name) = (self.shown(viewer, who), &self.participants[who].user, &members[at].name);
        match self.participants[viewer].protocol {
            Protocol::Native => entry(&id, user, name, at == 0),
            Protocol::RoomsWs => format!("{id} {name}"),
            _ => id,
        }
    }

    /// The entries of all members, as RoomService shows them.
    pub(crate) fn entries(&self, room: &str) -> Vec<String> {
        let members = self.rooms.get(room).map(|room| room.members.as_slice()).unwrap_or_default();
        let of = |(at, member): (usize, &Member)| {
            let who = &self.participants[member.who];
            entry(&who.id, &who.user, &member.name, at == 0)
        };
        members.iter().enumerate().map(of).collect()
    }

    fn tells_room(&self, viewer: usize, room: &str) -> String {
        if self.participants[viewer].protocol.is_one_room() { String::new() } else { room.to_owned() }
    }

    fn tell_clients(&mut self, viewer: usize, title: &str, room: &str) {
        let clients = self.members(room).into_iter().map(|member| self.participants[member].id.clone()).collect();
        self.tell(viewer, Event::Clients { title: title.to_owned(), room: room.to_owned(), clients });
    }

    pub(crate) fn create(&mut self, room: &'static str) {
        self.rooms.entry(room).or_default();
    }

    /// Adds a member, and tells it and the others. `titled`: with this title at the connector; `replaced`: at rooms-ws.
    pub(crate) fn enter(&mut self, who: usize, room: &'static str, titled: &str, replaced: bool) {
        let created = !self.exists(room);
        let joins = !self.is_member(room, who);
        if joins {
            let name = if self.participants[who].protocol == Protocol::RoomsWs {
                self.participants[who].user.clone()
            } else {
                String::new()
            };
            self.rooms.entry(room).or_default().members.push(Member { who, name: name.clone() });
        }
        let others = self.others(room, who);
        for other in others.iter().copied().filter(|_| joins) {
            match self.participants[other].protocol {
                Protocol::Connector => self.tell_clients(other, "client_added", room),
                _ => {
                    let mut entry = self.entry(other, room, who);
                    if self.participants[other].protocol == Protocol::PlainJson {
                        let name = &self.rooms[room].members.last().expect("it has joined").name;
                        entry = format!("{entry} {name}");
                    }
                    let room = self.tells_room(other, room);
                    self.tell(other, Event::Joined { room, entry });
                }
            }
        }
        if self.participants[who].protocol == Protocol::Connector {
            return self.tell_clients(who, titled, room);
        }
        let others = others.into_iter().map(|other| self.entry(who, room, other)).collect();
        let first = match self.participants[who].protocol {
            Protocol::Native => created,
            _ => replaced,
        };
        self.tell(who, Event::Entered { room: room.to_owned(), me: self.shown(who, who), others, first });
    }

    /// Removes a member, and tells the others.
    pub(crate) fn remove(&mut self, who: usize, room: &'static str, reason: &str) {
        let members = &mut self.rooms.get_mut(room).expect("it exists").members;
        let at = members.iter().position(|member| member.who == who).expect("a member");
        members.remove(at);
        let members = self.members(room);
        for other in members.iter().copied() {
            match self.participants[other].protocol {
                Protocol::Connector => self.tell_clients(other, "client_removed", room),
                _ => {
                    let (room, id) = (self.tells_room(other, room), self.shown(other, who));
                    self.tell(other, Event::Left { room, id, reason: reason.to_owned() });
                }
            }
        }
        let Some(owner) = members.first().copied().filter(|_| at == 0) else { return };
        for other in members.iter().copied() {
            if self.participants[other].protocol == Protocol::Native {
                let (room, entry) = (room.to_owned(), self.entry(other, room, owner));
                let (owner, count) = (self.participants[owner].id.clone(), members.len());
                self.tell(other, Event::RoomUpdated { room: room.clone(), owner, count });
                self.tell(other, Event::Updated { room, entry });
            }
        }
    }

    /// Removes a member, and tells it as well.
    pub(crate) fn expel(&mut self, who: usize, room: &'static str, reason: &str) {
        self.remove(who, room, reason);
        self.tell_out(who, room, reason);
    }

    pub(crate) fn ban(&mut self, who: usize, room: &'static str) {
        let user = self.participants[who].user.clone();
        self.rooms.get_mut(room).expect("it exists").banned.insert(user);
        self.expel(who, room, "BANNED");
    }

    pub(crate) fn end(&mut self, room: &'static str) {
        for member in self.members(room) {
            self.tell_out(member, room, "ENDED");
        }
        self.rooms.remove(room);
    }

    fn tell_out(&mut self, who: usize, room: &str, reason: &str) {
        if self.participants[who].protocol.is_one_room() {
            self.tell(who, Event::refused(reason));
            self.tell(who, Event::closed(reason));
            self.participants[who].online = false;
        } else {
            self.tell(who, Event::Out { room: room.to_owned(), reason: reason.to_owned() });
        }
    }

    /// Ends a session for this reason. It receives nothing.
    pub(crate) fn go(&mut self, who: usize, reason: &str) {
        for room in self.rooms() {
            if self.is_member(room, who) {
                self.remove(who, room, reason);
            }
        }
        self.participants[who].online = false;
    }

    /// Names a member anew.
    pub(crate) fn rename(&mut self, who: usize, room: &'static str, name: &str) {
        let members = &mut self.rooms.get_mut(room).expect("it exists").members;
        let member = members.iter_mut().find(|member| member.who == who).expect("a member");
        if member.name == name {
            return;
        }
        member.name = name.to_owned();
        for other in self.others(room, who) {
            if self.participants[other].protocol == Protocol::Native {
                let (room, entry) = (room.to_owned(), self.entry(other, room, who));
                self.tell(other, Event::Updated { room, entry });
            }
        }
    }

    /// Tells a participant of a message. `from` is `None` if a backend sent it.
    pub(crate) fn signal(&mut self, from: Option<usize>, to: usize, room: &str, kind: &str, text: &str) {
        let room = if self.participants[to].protocol == Protocol::Native { room.to_owned() } else { String::new() };
        let from = from.map(|from| self.shown(to, from)).unwrap_or_default();
        self.tell(to, Event::Signal { room, from, kind: kind.to_owned(), text: text.to_owned() });
    }

    /// Says that what is due happens at once, with this client leaving and joining: what the connector shows of rooms may be of
    /// any moment in between.
    pub(crate) fn at_once(&mut self, who: usize) {
        let id = self.participants[who].id.clone();
        for (_, event) in &mut self.due {
            if let Event::Clients { clients, .. } = event {
                clients.extend([id.clone(), "?".to_owned()]);
            }
        }
    }

    pub(crate) fn join_refusal(&self, who: usize, room: &str) -> Option<&'static str> {
        let Participant { grants, user, .. } = &self.participants[who];
        match self.rooms.get(room) {
            _ if !grants.permits("join", room) => Some("FORBIDDEN"),
            None if !grants.permits("create", room) => Some("ROOM_NOT_FOUND"),
            Some(known) if known.banned.contains(user) => Some("BANNED"),
            _ => None,
        }
    }

    pub(crate) fn create_refusal(&self, who: usize, room: &str) -> Option<&'static str> {
        match () {
            () if !self.participants[who].grants.permits("create", room) => Some("FORBIDDEN"),
            () if self.exists(room) => Some("ROOM_EXISTS"),
            () => None,
        }
    }

    /// Why a session may not do what only the owner of a room may do.
    pub(crate) fn owner_refusal(&self, who: usize, room: &str) -> Option<&'static str> {
        match () {
            () if !self.participants[who].grants.admits(room) => Some("FORBIDDEN"),
            () if !self.is_member(room, who) => Some("NOT_JOINED"),
            () if self.owner(room) != Some(who) => Some("FORBIDDEN"),
            () => None,
        }
    }

    /// Why a session may not send in a room: to a member, or to all.
    pub(crate) fn send_refusal(&self, who: usize, room: &str, to: Option<usize>) -> Option<&'static str> {
        let grant = if to.is_some() { "send" } else { "broadcast" };
        match to {
            _ if !self.participants[who].grants.permits(grant, room) => Some("FORBIDDEN"),
            _ if !self.is_member(room, who) => Some("NOT_JOINED"),
            Some(to) if !self.is_member(room, to) => Some("PEER_NOT_FOUND"),
            _ => None,
        }
    }

    /// Why a session may not send to a peer outside rooms.
    pub(crate) fn direct_refusal(&self, who: usize, to: usize) -> Option<&'static str> {
        match () {
            () if !self.share_scope(who, to) && !self.participants[who].grants.can("direct") => Some("FORBIDDEN"),
            () if !self.participants[to].online => Some("PEER_NOT_FOUND"),
            () => None,
        }
    }

    /// Why a client of a compatibility protocol may not send a message of this kind. A ticket permits sending in its rooms, and
    /// to clients of the same protocol and scope. `named`: it addresses the other by a name.
    pub(crate) fn client_refusal(&self, who: usize, to: usize, kind: &str, named: bool) -> Option<&'static str> {
        let in_scope = self.share_scope(who, to);
        let meets = !self.shared_rooms(who, to).is_empty();
        match self.participants[who].protocol {
            Protocol::Native => unreachable!("its messages have other rules"),
            // A type of the application's own is for clients of the protocol.
            Protocol::RoomsWs if kind == "hangup" && !in_scope && !named => Some("UNKNOWN_FRAME"),
            Protocol::PlainJson if kind == "hangup" && !in_scope => Some("UNKNOWN_FRAME"),
            Protocol::RoomsWs | Protocol::PlainJson => (!meets).then_some("PEER_NOT_FOUND"),
            _ if in_scope => (!self.participants[to].online).then_some("PEER_NOT_FOUND"),
            Protocol::Connector if meets => None,
            Protocol::Connector | Protocol::SocketIo => Some("FORBIDDEN"),
            Protocol::PeerJs => Some("EXPIRE"),
        }
    }
}

/// A member's entry as the API shows it.
pub(crate) fn entry(id: &str, user: &str, name: &str, owner: bool) -> String {
    format!("{id} {user} {name:?} {}", if owner { "owner" } else { "member" })
}
