//! What users of the API do over their sessions.

use wigwag_proto::v1::{
    CreateRoom, EndRoom, Join, Leave, RefreshToken, RemoveMember, UpdateMember, client_frame::Body as Up,
};

use crate::{
    grants::{Grants, ROOMS},
    model::Event,
    native,
    world::{USERS, World},
};

impl World {
    /// Has a user do something over its session.
    pub(crate) async fn native_step(&mut self) {
        let (user, room) = (self.rng.below(USERS), self.rng.pick(&ROOMS));
        match self.rng.below(32) {
            0..=8 => self.join(user, room).await,
            9 => self.create(user, room).await,
            10..=11 => self.leave(user, room).await,
            12..=17 => self.send_in_room(user, room).await,
            18..=20 => self.broadcast(user, room).await,
            21..=23 => self.send_directly(user).await,
            24 => self.send_as_another(user, room).await,
            25..=27 => self.refresh(user).await,
            28..=29 => self.rename(user, room).await,
            30 => self.end(user, room).await,
            _ => self.remove_member(user, room).await,
        }
    }

    /// Sends a request, and settles.
    async fn request(&mut self, user: usize, body: Up, refused: Option<&str>) {
        if let Some(reason) = refused {
            self.model.tell(user, Event::refused(reason));
        }
        self.send(user, body).await;
        self.settle().await;
    }

    async fn join(&mut self, user: usize, room: &'static str) {
        self.about = format!("join {room}");
        let refused = self.model.join_refusal(user, room);
        if refused.is_none() {
            self.model.enter(user, room, "", false);
        }
        self.request(user, Up::Join(Join { room: room.to_owned(), ..Join::default() }), refused).await;
    }

    async fn create(&mut self, user: usize, room: &'static str) {
        self.about = format!("create {room}");
        let refused = self.model.create_refusal(user, room);
        if refused.is_none() {
            self.model.enter(user, room, "", false);
        }
        self.request(user, Up::CreateRoom(CreateRoom { room: room.to_owned(), ..CreateRoom::default() }), refused)
            .await;
    }

    async fn leave(&mut self, user: usize, room: &'static str) {
        self.about = format!("leave {room}");
        let refused = (!self.model.is_member(room, user)).then_some("NOT_JOINED");
        if refused.is_none() {
            self.model.expel(user, room, "LEFT");
        }
        self.request(user, Up::Leave(Leave { room: room.to_owned() }), refused).await;
    }

    async fn send_in_room(&mut self, user: usize, room: &'static str) {
        let (to, text) = (self.another(user), self.text());
        let id = self.model.participants[to].id.clone();
        self.about = format!("send {room} {id}");
        let refused = self.model.send_refusal(user, room, Some(to));
        if refused.is_none() {
            self.model.signal(Some(user), to, room, "message", &text);
        }
        self.request(user, Up::Envelope(native::text(room, &id, "", &text)), refused).await;
    }

    async fn broadcast(&mut self, user: usize, room: &'static str) {
        self.about = format!("broadcast {room}");
        let text = self.text();
        let refused = self.model.send_refusal(user, room, None);
        let receivers = if refused.is_none() { self.model.others(room, user) } else { Vec::new() };
        for receiver in receivers.iter().copied() {
            self.model.signal(Some(user), receiver, room, "message", &text);
        }
        self.request(user, Up::Envelope(native::text(room, "", "", &text)), refused).await;
        if refused.is_none() && receivers.is_empty() {
            self.fence(user).await;
        }
    }

    async fn send_directly(&mut self, user: usize) {
        let (to, text) = (self.another(user), self.text());
        let id = self.model.participants[to].id.clone();
        self.about = format!("direct {id}");
        let refused = self.model.direct_refusal(user, to);
        if refused.is_none() {
            self.model.signal(Some(user), to, "", "message", &text);
        }
        self.request(user, Up::Envelope(native::text("", &id, "", &text)), refused).await;
    }

    /// Only the server says who the sender is.
    async fn send_as_another(&mut self, user: usize, room: &'static str) {
        let (to, as_whom, text) = (self.another(user), self.another(user), self.text());
        let (id, from) = (self.model.participants[to].id.clone(), self.model.participants[as_whom].id.clone());
        self.about = format!("send as {from} {room} {id}");
        self.request(user, Up::Envelope(native::text(room, &id, &from, &text)), Some("INVALID_FIELD")).await;
    }

    async fn refresh(&mut self, user: usize) {
        self.about = "refresh".to_owned();
        let grants = Grants::random(&mut self.rng);
        for room in self.model.rooms() {
            if self.model.is_member(room, user) && !grants.admits(room) {
                self.model.expel(user, room, "FORBIDDEN");
            }
        }
        self.model.participants[user].grants = grants;
        let token = self.token(user);
        self.actors[user].token = token.clone();
        self.model.tell(user, Event::Refreshed);
        self.request(user, Up::Refresh(RefreshToken { token }), None).await;
    }

    async fn rename(&mut self, user: usize, room: &'static str) {
        self.about = format!("update_member {room}");
        let name = self.rng.pick(&["", "Ada", "Bob", "Cy"]);
        let refused = match () {
            () if !self.model.participants[user].grants.permits("join", room) => Some("FORBIDDEN"),
            () if !self.model.is_member(room, user) => Some("NOT_JOINED"),
            () => None,
        };
        if refused.is_none() {
            self.model.rename(user, room, name);
            self.model.tell(user, Event::Done);
        }
        let display_name = Some(name.to_owned());
        let update = UpdateMember { room: room.to_owned(), display_name, ..UpdateMember::default() };
        self.request(user, Up::UpdateMember(update), refused).await;
    }

    async fn end(&mut self, user: usize, room: &'static str) {
        // A caller that the room does not admit learns that, and not who the owner is.
        self.about = format!("end_room {room}, admitted: {}", self.model.participants[user].grants.admits(room));
        let refused = self.model.owner_refusal(user, room);
        if refused.is_none() {
            self.model.end(room);
            self.model.tell(user, Event::Done);
        }
        self.request(user, Up::EndRoom(EndRoom { room: room.to_owned() }), refused).await;
    }

    async fn remove_member(&mut self, user: usize, room: &'static str) {
        let (whom, ban) = (self.another(user), self.rng.once_in(4));
        let id = self.model.participants[whom].id.clone();
        self.about =
            format!("remove_member {room} {id}, admitted: {}", self.model.participants[user].grants.admits(room));
        let refused = match self.model.owner_refusal(user, room) {
            None if !self.model.is_member(room, whom) => Some("PEER_NOT_FOUND"),
            refused => refused,
        };
        if refused.is_none() {
            self.expel(whom, room, ban);
            self.model.tell(user, Event::Done);
        }
        self.request(user, Up::RemoveMember(RemoveMember { room: room.to_owned(), peer_id: id, ban }), refused).await;
    }

    pub(crate) fn expel(&mut self, whom: usize, room: &'static str, ban: bool) {
        if ban {
            self.model.ban(whom, room);
        } else {
            self.model.expel(whom, room, "REMOVED");
        }
    }
}
