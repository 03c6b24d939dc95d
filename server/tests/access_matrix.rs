//! Random users with random grants do random things, over every transport, beside a model written from the tables of
//! docs/access.md: every answer, every envelope and every room that anyone is told of must be as the model says.
//!
//! `WIGWAG_ACCESS_STEPS` sets the number of steps (`make access-matrix` does a million).

#[path = "rest/call.rs"]
mod call;
#[path = "websocket/client.rs"]
mod client;
#[path = "shell/running.rs"]
mod running;
#[path = "tokens/server.rs"]
mod server;
#[path = "support/transports.rs"]
mod transports;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use http::{Request, StatusCode};
use wigwag_proto::v1::{
    AppData, ClientFrame, Envelope, Hello, Join, Leave, RefreshToken, ServerFrame, app_data::Content,
    client_frame::Body as Up, envelope::Payload, server_frame::Body as Down,
};
use wigwag_token::Permissions;

use call::{answer, send};
use server::{Guarded, claims};
use transports::{Connection, TRANSPORTS};

const ROOMS: [&str; 5] = ["a", "a1", "b", "b1", "c"];
const PATTERNS: [&str; 7] = ["*", "a", "a*", "b*", "b1", "c", "d"];
const GRANTS: [&str; 7] = ["join", "create", "send", "broadcast", "direct", "list", "manage"];
const USERS: usize = 12;

/// A generator of numbers (xorshift64*), so that a seed repeats a run.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % end
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// What the docs say a token permits.
#[derive(Clone, Debug, Default)]
struct Grants {
    patterns: Vec<&'static str>,
    can: BTreeSet<&'static str>,
}

impl Grants {
    fn random(rng: &mut Rng) -> Self {
        let patterns = (0..rng.below(3)).map(|_| rng.pick(&PATTERNS)).collect();
        // Mostly many, so that something happens.
        let can = GRANTS.into_iter().filter(|_| rng.below(4) > 0).collect();
        Self { patterns, can }
    }

    fn admits(&self, room: &str) -> bool {
        self.patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => room.starts_with(prefix),
            None => *pattern == room,
        })
    }

    fn permits(&self, grant: &str, room: &str) -> bool {
        self.can.contains(grant) && self.admits(room)
    }

    fn reads(&self, room: &str) -> bool {
        self.permits("list", room) || self.permits("manage", room)
    }
}

/// A user with one session.
struct User {
    name: String,
    grants: Grants,
    connection: Connection,
    id: String,
    sent: u32,
    seen: u32,
    /// The rooms that its client knows it is in.
    view: BTreeSet<String>,
    /// The envelopes that it is to receive, as sender and text.
    expected: VecDeque<(String, String)>,
    /// The rooms that it is to be taken out of, and why.
    losing: BTreeMap<String, &'static str>,
}

impl User {
    async fn open(server: &Guarded, number: usize, rng: &mut Rng) -> Self {
        let (name, grants) = (format!("user-{number}"), Grants::random(rng));
        let hello = Hello { token: token(server, &name, &grants), resumable: true, ..Hello::default() };
        let connection = Connection::open(TRANSPORTS[number % 4], server.addr, hello).await.expect("a welcome");
        let id = connection.welcome.peer_id.clone();
        let (view, expected, losing) = Default::default();
        Self { name, grants, connection, id, sent: 0, seen: 0, view, expected, losing }
    }

    async fn send(&mut self, body: Up) -> u32 {
        self.sent += 1;
        self.connection.send(ClientFrame { seq: self.sent, ack: self.seen, body: Some(body) }).await;
        self.sent
    }

    /// Reads the next frame and checks that this user may see it.
    async fn read(&mut self) -> ServerFrame {
        let frame = self.connection.next().await;
        if frame.seq > 0 {
            assert_eq!(frame.seq, self.seen + 1, "{}: {frame:?}", self.name);
            self.seen = frame.seq;
        }
        let about = match &frame.body {
            Some(Down::Envelope(envelope)) => {
                let Some(Payload::Message(AppData { content: Some(Content::Text(text)) })) = &envelope.payload else {
                    panic!("another payload: {envelope:?}");
                };
                let expected = self.expected.pop_front();
                assert_eq!(expected.as_ref(), Some(&(envelope.from.clone(), text.clone())), "{}", self.name);
                None
            }
            Some(Down::Joined(joined)) => {
                self.view.insert(joined.room.clone());
                None
            }
            Some(Down::Left(left)) => {
                assert!(self.view.remove(&left.room), "{}: {left:?}", self.name);
                let expected = self.losing.remove(&left.room).unwrap_or("LEFT");
                assert_eq!(left.reason, expected, "{}: {left:?}", self.name);
                None
            }
            Some(Down::MemberJoined(event)) => Some(&event.room),
            Some(Down::MemberUpdated(event)) => Some(&event.room),
            Some(Down::MemberLeft(event)) => Some(&event.room),
            Some(Down::RoomUpdated(event)) => Some(&event.room),
            Some(Down::Roster(event)) => Some(&event.room),
            Some(Down::Error(error)) => {
                assert!(!error.fatal, "{}: {error:?}", self.name);
                None
            }
            _ => None,
        };
        if let Some(room) = about {
            assert!(self.view.contains(room), "{} is told of {room}: {frame:?}", self.name);
        }
        frame
    }

    /// Reads up to the answer to a request. Returns the reason if it was refused, else "".
    async fn answer(&mut self, seq: u32) -> String {
        loop {
            let frame = self.read().await;
            if frame.reply_to == seq {
                return match frame.body {
                    Some(Down::Error(error)) => error.reason,
                    _ => String::new(),
                };
            }
            self.is_no_refusal(&frame);
        }
    }

    fn is_no_refusal(&self, frame: &ServerFrame) {
        assert!(!matches!(frame.body, Some(Down::Error(_) | Down::Receipt(_))), "{}: {frame:?}", self.name);
    }

    async fn request(&mut self, body: Up) -> String {
        let seq = self.send(body).await;
        self.answer(seq).await
    }

    /// Reads all that was sent to it so far.
    async fn fence(&mut self) {
        assert_eq!(self.request(Up::Leave(Leave { room: "none".to_owned() })).await, "NOT_JOINED");
    }

    async fn read_expected(&mut self) {
        while !self.expected.is_empty() || !self.losing.is_empty() {
            let frame = self.read().await;
            self.is_no_refusal(&frame);
        }
    }
}

fn token(server: &Guarded, user: &str, grants: &Grants) -> String {
    let mut can = Permissions::default();
    for name in &grants.can {
        can |= Permissions::parse(name).expect("a permission");
    }
    server.token(&claims(user, &grants.patterns, can))
}

struct World {
    server: Guarded,
    rng: Rng,
    users: Vec<User>,
    /// The members of each room that exists.
    rooms: BTreeMap<&'static str, BTreeSet<usize>>,
    texts: usize,
}

impl World {
    async fn new(seed: u64) -> Self {
        let server = Guarded::start(|config| config.rooms.empty_timeout_ms = 3_600_000).await;
        let mut rng = Rng(seed);
        let mut users = Vec::new();
        for number in 0..USERS {
            users.push(User::open(&server, number, &mut rng).await);
        }
        Self { server, rng, users, rooms: BTreeMap::new(), texts: 0 }
    }

    fn is_member(&self, room: &str, user: usize) -> bool {
        self.rooms.get(room).is_some_and(|members| members.contains(&user))
    }

    /// Sends an envelope, and checks who receives it.
    async fn envelope(
        &mut self,
        user: usize,
        room: &str,
        to: Option<usize>,
        refused: Option<&str>,
        receivers: Vec<usize>,
    ) {
        self.texts += 1;
        let text = format!("text {}", self.texts);
        let message = AppData { content: Some(Content::Text(text.clone())) };
        let envelope = Envelope {
            room: room.to_owned(),
            to: to.map(|to| self.users[to].id.clone()).unwrap_or_default(),
            payload: Some(Payload::Message(message)),
            ..Envelope::default()
        };
        if let Some(reason) = refused {
            assert_eq!(self.users[user].request(Up::Envelope(envelope)).await, reason, "{room} {to:?}");
            return;
        }
        let from = self.users[user].id.clone();
        self.users[user].send(Up::Envelope(envelope)).await;
        for receiver in receivers {
            self.users[receiver].expected.push_back((from.clone(), text.clone()));
            self.users[receiver].read_expected().await;
        }
    }

    async fn step(&mut self) {
        let user = self.rng.below(USERS);
        let room = self.rng.pick(&ROOMS);
        let grants = self.users[user].grants.clone();
        let (exists, member) = (self.rooms.contains_key(room), self.is_member(room, user));
        match self.rng.below(16) {
            0..=3 => {
                let expected = match () {
                    () if !grants.permits("join", room) => "FORBIDDEN",
                    () if !exists && !grants.permits("create", room) => "ROOM_NOT_FOUND",
                    () => "",
                };
                let join = Join { room: room.to_owned(), ..Join::default() };
                assert_eq!(self.users[user].request(Up::Join(join)).await, expected, "{grants:?} {room}");
                if expected.is_empty() {
                    self.rooms.entry(room).or_default().insert(user);
                }
            }
            4 => {
                let expected = if member { "" } else { "NOT_JOINED" };
                let leave = Leave { room: room.to_owned() };
                assert_eq!(self.users[user].request(Up::Leave(leave)).await, expected, "{room}");
                if member {
                    self.rooms.get_mut(room).expect("it exists").remove(&user);
                }
            }
            5..=7 => {
                let to = (user + 1 + self.rng.below(USERS - 1)) % USERS;
                let refused = match () {
                    () if !grants.permits("send", room) => Some("FORBIDDEN"),
                    () if !member => Some("NOT_JOINED"),
                    () if !self.is_member(room, to) => Some("PEER_NOT_FOUND"),
                    () => None,
                };
                self.envelope(user, room, Some(to), refused, vec![to]).await;
            }
            8..=9 => {
                let refused = match () {
                    () if !grants.permits("broadcast", room) => Some("FORBIDDEN"),
                    () if !member => Some("NOT_JOINED"),
                    () => None,
                };
                let members = self.rooms.get(room).cloned().unwrap_or_default();
                let others = members.into_iter().filter(|other| *other != user).collect();
                self.envelope(user, room, None, refused, others).await;
            }
            10 => {
                let to = (user + 1 + self.rng.below(USERS - 1)) % USERS;
                let refused = (!grants.can.contains("direct")).then_some("FORBIDDEN");
                self.envelope(user, "", Some(to), refused, vec![to]).await;
            }
            11..=12 => self.refresh(user).await,
            13 => {
                let answer = self.call(user, "GET", &format!("/v1/rooms/{room}")).await;
                let expected = match () {
                    () if !grants.reads(room) => StatusCode::FORBIDDEN,
                    () if !exists => StatusCode::NOT_FOUND,
                    () => StatusCode::OK,
                };
                assert_eq!(answer.status, expected, "{grants:?} {room} {:?}", answer.json);
            }
            14 => {
                let answer = self.call(user, "GET", "/v1/rooms").await;
                if grants.can.contains("list") || grants.can.contains("manage") {
                    let listed = answer.ok()["rooms"].as_array().cloned().unwrap_or_default();
                    let listed: Vec<_> = listed.iter().map(|room| room["room"].as_str().expect("a name")).collect();
                    let expected: Vec<_> = self.rooms.keys().copied().filter(|room| grants.reads(room)).collect();
                    assert_eq!(listed, expected, "{grants:?}");
                } else {
                    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{grants:?}");
                }
            }
            _ => {
                let answer = self.call(user, "DELETE", &format!("/v1/rooms/{room}")).await;
                let expected = match () {
                    () if !grants.permits("manage", room) => StatusCode::FORBIDDEN,
                    () if !exists => StatusCode::NOT_FOUND,
                    () => StatusCode::OK,
                };
                assert_eq!(answer.status, expected, "{grants:?} {room} {:?}", answer.json);
                if expected == StatusCode::OK {
                    for member in self.rooms.remove(room).unwrap_or_default() {
                        self.users[member].losing.insert(room.to_owned(), "ENDED");
                        self.users[member].read_expected().await;
                    }
                }
            }
        }
    }

    async fn refresh(&mut self, user: usize) {
        let grants = Grants::random(&mut self.rng);
        let token = token(&self.server, &self.users[user].name, &grants);
        let lost: Vec<_> =
            self.rooms.keys().copied().filter(|room| self.is_member(room, user) && !grants.admits(room)).collect();
        for room in lost {
            self.users[user].losing.insert(room.to_owned(), "FORBIDDEN");
            self.rooms.get_mut(room).expect("it exists").remove(&user);
        }
        assert_eq!(self.users[user].request(Up::Refresh(RefreshToken { token })).await, "");
        self.users[user].read_expected().await;
        self.users[user].grants = grants;
    }

    async fn call(&self, user: usize, method: &str, path: &str) -> call::Answer {
        let user = &self.users[user];
        let token = token(&self.server, &user.name, &user.grants);
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        answer(send(self.server.addr, request, Default::default()).await).await
    }
}

#[tokio::test]
async fn no_one_gets_more_than_the_docs_say() {
    let steps: usize = std::env::var("WIGWAG_ACCESS_STEPS").map_or(20_000, |text| text.parse().expect("a number"));
    let seed = std::env::var("SEED").map_or(1, |text| text.parse().expect("a number"));
    println!("seed {seed}, {steps} steps");
    let mut world = World::new(seed).await;
    for step in 1..=steps {
        world.step().await;
        if step % 50 == 0 || step == steps {
            for user in &mut world.users {
                user.fence().await;
                assert!(user.expected.is_empty() && user.losing.is_empty());
            }
        }
    }
}
