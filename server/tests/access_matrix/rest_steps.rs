//! What users do over REST.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    grants::{ROOMS, random_patterns},
    model::Protocol,
    rest::{self, Answer},
    world::{Ticket, USERS, World},
};

impl World {
    /// Has a user call RoomService.
    pub(crate) async fn rest_step(&mut self) {
        let (user, room) = (self.rng.below(USERS), self.rng.pick(&ROOMS));
        match self.rng.below(10) {
            0 => self.get_room(user, room).await,
            1 => self.list_rooms(user).await,
            2 => self.list_members(user, room).await,
            3 => self.get_member(user, room).await,
            4 => self.end_room(user, room).await,
            5 => self.remove_by_rest(user, room).await,
            6..=7 => self.send_to_room(user, room).await,
            8 => self.create_room(user, room).await,
            _ if self.rng.once_in(2) => self.watch(user).await,
            _ => self.rooms_page(user).await,
        }
    }

    /// Calls, and checks whether and how it is refused.
    async fn call(&mut self, user: usize, call: (&str, &str, Option<Value>), refused: Option<&str>) -> Answer {
        let (method, path, body) = call;
        let named = body.as_ref().map(|body| body["room"].to_string()).unwrap_or_default();
        self.about = format!("{method} {path} {named}");
        let token = self.actors[user].token.clone();
        let answer = self.rest.call(method, path, &token, body).await;
        let grants = &self.model.participants[user].grants;
        assert_eq!(answer.reason(), refused.unwrap_or_default(), "{}: {grants:?} {answer:?}", self.about);
        if let Some(reason) = refused {
            let status = match reason {
                "FORBIDDEN" => StatusCode::FORBIDDEN,
                "ROOM_EXISTS" => StatusCode::CONFLICT,
                _ => StatusCode::NOT_FOUND,
            };
            assert_eq!(answer.status, status, "{answer:?}");
            // It may depend on what the caller itself may do: REST looks first whether that is anything at all.
            let reads = self.model.participants[user].grants.reads_some();
            self.check_text(&format!("{reason} {reads}"), answer.json.to_string());
        }
        answer
    }

    /// Why a call that reads a room is refused.
    fn reading_refusal(&self, user: usize, room: &str) -> Option<&'static str> {
        let permitted = self.model.participants[user].grants.reads(room);
        self.room_refusal(permitted, room)
    }

    /// Why a call that changes a room is refused.
    fn managing_refusal(&self, user: usize, room: &str) -> Option<&'static str> {
        let permitted = self.model.participants[user].grants.permits("manage", room);
        self.room_refusal(permitted, room)
    }

    fn room_refusal(&self, permitted: bool, room: &str) -> Option<&'static str> {
        match () {
            () if !permitted => Some("FORBIDDEN"),
            () if !self.model.exists(room) => Some("ROOM_NOT_FOUND"),
            () => None,
        }
    }

    /// Checks a room as the API shows it.
    fn check_info(&self, info: &Value) {
        let room = info["room"].as_str().expect("a name");
        let owner = self.model.owner(room).map(|owner| self.model.participants[owner].id.as_str());
        let count = self.model.members(room).len();
        assert_eq!(info["owner"].as_str(), owner, "{}: {info}", self.about);
        assert_eq!(info["memberCount"].as_u64().unwrap_or(0), count as u64, "{}: {info}", self.about);
    }

    async fn get_room(&mut self, user: usize, room: &'static str) {
        let refused = self.reading_refusal(user, room);
        let answer = self.call(user, ("GET", &format!("/v1/rooms/{room}"), None), refused).await;
        if refused.is_none() {
            assert_eq!(answer.json["roomInfo"]["room"], room, "{answer:?}");
            self.check_info(&answer.json["roomInfo"]);
        }
    }

    /// The rooms that a user may read.
    fn readable(&self, user: usize) -> Vec<&'static str> {
        self.model.rooms().into_iter().filter(|room| self.model.participants[user].grants.reads(room)).collect()
    }

    async fn list_rooms(&mut self, user: usize) {
        let refused = (!self.model.participants[user].grants.reads_some()).then_some("FORBIDDEN");
        let answer = self.call(user, ("GET", "/v1/rooms", None), refused).await;
        if refused.is_none() {
            let rooms = answer.list("rooms");
            rooms.iter().for_each(|info| self.check_info(info));
            let listed: Vec<_> = rooms.iter().map(|info| info["room"].as_str().expect("a name")).collect();
            assert_eq!(listed, self.readable(user), "{:?}", self.model.participants[user].grants);
        }
    }

    async fn list_members(&mut self, user: usize, room: &'static str) {
        let refused = self.reading_refusal(user, room);
        let answer = self.call(user, ("GET", &format!("/v1/rooms/{room}/members"), None), refused).await;
        if refused.is_none() {
            let listed: Vec<_> = answer.list("members").iter().map(rest::entry).collect();
            assert_eq!(listed, self.model.entries(room));
        }
    }

    async fn get_member(&mut self, user: usize, room: &'static str) {
        let whom = self.another(user);
        let id = self.model.participants[whom].id.clone();
        let refused = match self.reading_refusal(user, room) {
            None if !self.model.is_member(room, whom) => Some("PEER_NOT_FOUND"),
            refused => refused,
        };
        let answer = self.call(user, ("GET", &format!("/v1/rooms/{room}/members/{id}"), None), refused).await;
        if refused.is_none() {
            let at = self.model.members(room).iter().position(|member| *member == whom).expect("a member");
            assert_eq!(rest::entry(&answer.json["member"]), self.model.entries(room)[at]);
        }
    }

    async fn end_room(&mut self, user: usize, room: &'static str) {
        let refused = self.managing_refusal(user, room);
        self.call(user, ("DELETE", &format!("/v1/rooms/{room}"), None), refused).await;
        if refused.is_none() {
            self.model.end(room);
            self.settle().await;
        }
    }

    async fn remove_by_rest(&mut self, user: usize, room: &'static str) {
        let (whom, ban) = (self.rng.below(self.everyone()), self.rng.once_in(4));
        let id = self.model.participants[whom].id.clone();
        if id.is_empty() {
            return;
        }
        let refused = match self.managing_refusal(user, room) {
            None if !self.model.is_member(room, whom) => Some("PEER_NOT_FOUND"),
            refused => refused,
        };
        self.call(user, ("DELETE", &format!("/v1/rooms/{room}/members/{id}?ban={ban}"), None), refused).await;
        if refused.is_none() {
            self.expel(whom, room, ban);
            self.settle().await;
        }
    }

    async fn send_to_room(&mut self, user: usize, room: &'static str) {
        let to = self.rng.once_in(2).then(|| self.another(user));
        let text = self.text();
        let id = to.map(|to| self.model.participants[to].id.clone()).unwrap_or_default();
        let refused = match (self.managing_refusal(user, room), to) {
            (None, Some(to)) if !self.model.is_member(room, to) => Some("PEER_NOT_FOUND"),
            (refused, _) => refused,
        };
        let receivers = match to {
            Some(to) => vec![to],
            None => self.model.members(room),
        };
        let body = json!({"envelope": {"to": id, "message": {"text": text}}});
        let path = format!("/v1/rooms/{room}:send");
        let answer = self.call(user, ("POST", &path, Some(body)), refused).await;
        if refused.is_none() {
            assert_eq!(answer.json["accepted"], receivers.len(), "{answer:?}");
            for receiver in receivers {
                self.model.signal(None, receiver, room, "message", &text);
            }
            self.settle().await;
        }
    }

    async fn create_room(&mut self, user: usize, room: &'static str) {
        let refused = match () {
            () if !self.model.participants[user].grants.permits("manage", room) => Some("FORBIDDEN"),
            () if self.model.exists(room) => Some("ROOM_EXISTS"),
            () => None,
        };
        let body = json!({"room": room, "emptyTimeoutMs": 3_600_000});
        self.call(user, ("POST", "/v1/rooms", Some(body)), refused).await;
        if refused.is_none() {
            self.model.create(room);
        }
    }

    async fn watch(&mut self, user: usize) {
        self.about = "watch".to_owned();
        let token = self.actors[user].token.clone();
        let permitted = self.model.participants[user].grants.reads_some();
        match self.rest.snapshots(&token).await {
            Ok(snapshots) => {
                assert!(permitted, "{:?}: {snapshots:?}", self.model.participants[user]);
                let mut watched = Vec::new();
                for snapshot in snapshots {
                    self.check_info(&snapshot["roomInfo"]);
                    let room = snapshot["roomInfo"]["room"].as_str().expect("a name").to_owned();
                    let members: Vec<_> =
                        snapshot["members"].as_array().into_iter().flatten().map(rest::entry).collect();
                    assert_eq!(members, self.model.entries(&room));
                    watched.push(room);
                }
                watched.sort();
                assert_eq!(watched, self.readable(user), "{:?}", self.model.participants[user].grants);
            }
            Err(answer) => {
                assert!(!permitted, "{:?}: {answer:?}", self.model.participants[user]);
                assert_eq!((answer.status, answer.reason()), (StatusCode::FORBIDDEN, "FORBIDDEN"), "{answer:?}");
                self.check_text("FORBIDDEN", answer.json.to_string());
            }
        }
    }

    async fn rooms_page(&mut self, user: usize) {
        self.about = "GET /rooms".to_owned();
        let token = self.actors[user].token.clone();
        let answer = self.rest.call("GET", "/rooms", &token, None).await;
        if !self.model.participants[user].grants.can("manage") {
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
            return self.check_text("FORBIDDEN", answer.json.to_string());
        }
        let shown = answer.list("rooms").into_iter().map(|room| {
            let ids = room["participants"].as_array().expect("a list").iter();
            let ids: Vec<_> = ids.map(|shown| shown["id"].as_str().expect("an id").to_owned()).collect();
            assert_eq!(room["participantCount"], ids.len(), "{room}");
            (room["roomId"].as_str().expect("a name").to_owned(), ids)
        });
        let expected = self.readable(user).into_iter().map(|room| {
            // Clients of rooms-ws are shown as they see each other.
            let shown = |member: usize| {
                let who = &self.model.participants[member];
                if who.protocol == Protocol::RoomsWs { who.user.clone() } else { who.id.clone() }
            };
            (room.to_owned(), self.model.members(room).into_iter().map(shown).collect::<Vec<_>>())
        });
        assert_eq!(
            shown.collect::<Vec<_>>(),
            expected.collect::<Vec<_>>(),
            "{:?}",
            self.model.participants[user].grants
        );
    }

    /// Asks for a ticket for a client, in the name of a user or of the application's server.
    pub(crate) async fn create_ticket(&mut self, client: usize) {
        let (rooms, protocol) = (random_patterns(&mut self.rng), self.model.participants[client].protocol);
        let user = self.rng.once_in(2).then(|| self.rng.below(USERS));
        let without_rooms = !protocol.is_one_room();
        let refused = match user {
            Some(user) if !self.model.participants[user].grants.gives(&rooms, without_rooms) => Some("FORBIDDEN"),
            _ => None,
        };
        let (name, id) = (protocol.ticket_name(), self.model.participants[client].user.clone());
        self.about = format!("POST /v1/tickets {name} {id} {rooms:?} by {user:?}");
        let token = user.map_or_else(|| self.backend.clone(), |user| self.actors[user].token.clone());
        let body = json!({"protocol": name, "clientId": id, "rooms": rooms, "ttlSeconds": 86_400});
        let answer = self.rest.call("POST", "/v1/tickets", &token, Some(body)).await;
        assert_eq!(answer.reason(), refused.unwrap_or_default(), "{}: {answer:?}", self.about);
        if refused.is_none() {
            let secret = answer.json["ticket"].as_str().expect("a ticket").to_owned();
            let grants = crate::grants::Grants::of_ticket(rooms);
            self.actors[client].ticket = Some(Ticket { secret, grants });
        }
    }
}
