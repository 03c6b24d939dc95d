//! rooms-ws: `ws://host/?roomId=R&userId=U&userName=N`. One socket is one user in one room.

use axum::{
    Router,
    extract::{FromRequestParts as _, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};
use wigwag_hub::{RoomName, member::Member};
use wigwag_net::websocket::WebSocketUpgrade;
use wigwag_node::{
    auth::Caller,
    frame::RawBody,
    node::{Node, OpenNamed},
};
use wigwag_proto::v1::{self as pb, envelope::Payload};

use crate::{
    adapter::{Adapter, Object},
    context::CompatContext,
    error::CompatError,
    flat_json::{FlatJson, Vocabulary},
    names::{ROOMS_WS, Scope, looks_like_peer_id},
    payload,
    query::parameter,
    session::{ClientEvent, CompatSession},
    ticket::admit,
};

/// Serves the protocol at `/` in front of a router, which answers requests there that are not WebSocket handshakes.
pub(crate) fn before(context: &CompatContext, router: Router) -> Router {
    router.layer(from_fn_with_state(context.clone(), at_root))
}

async fn at_root(State(context): State<CompatContext>, request: Request, next: Next) -> Response {
    if request.uri().path() != "/" {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    if !WebSocketUpgrade::is_requested(&parts) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => {
            let query = parts.uri.query().unwrap_or_default();
            let params = ConnectParams::read(query);
            let (node, caller) = (context.node().clone(), context.caller(&parts.extensions, query));
            let secret = context.rooms_ws_secret().to_owned();
            context.serve(upgrade, async move { RoomsWs::open(&node, &caller, params?, secret).await })
        }
        Err(error) => error.into_response(),
    }
}

/// The parameters of the URL.
#[derive(Debug)]
pub(crate) struct ConnectParams {
    room: String,
    user: String,
    name: String,
}

impl ConnectParams {
    pub(crate) fn read(query: &str) -> Result<Self, CompatError> {
        let value = |name: &'static str| {
            let hint = "connect to /?roomId=ROOM&userId=ID&userName=NAME";
            parameter(query, name)?.ok_or_else(|| CompatError::invalid(format!("{name} is missing"), hint))
        };
        Ok(Self { room: value("roomId")?, user: value("userId")?, name: value("userName")? })
    }
}

static VOCABULARY: Vocabulary = Vocabulary {
    candidate: "ice-candidate",
    sender: "fromUserId",
    server_types: &["participants", "participant-joined", "participant-left", "error"],
    by_name: true,
};

/// The adapter of one client.
pub(crate) struct RoomsWs {
    room: RoomName,
    messages: FlatJson,
    /// The session took the place of one that the same user had.
    replaced: bool,
}

impl RoomsWs {
    /// Opens a session. One that the same user has in the room is replaced: `secret` is the same for all sessions of this
    /// protocol.
    pub(crate) async fn open(
        node: &Node,
        caller: &Caller,
        params: ConnectParams,
        secret: String,
    ) -> Result<(CompatSession, Self), CompatError> {
        let ConnectParams { room, user, name } = params;
        let room = RoomName::parse(&room)
            .map_err(|error| CompatError::invalid(format!("roomId {error}"), "use 1 to 128 bytes of text"))?;
        if looks_like_peer_id(&user) {
            return Err(CompatError::invalid("userId looks like a peer id of this server", "choose another userId"));
        }
        let scope = Scope::new(ROOMS_WS, room.as_str());
        let peer = scope.peer(&user).map_err(|_| {
            CompatError::invalid("userId is too long or holds control characters", "use up to 128 bytes")
        })?;
        let ticket = admit(node, caller, ROOMS_WS, Some(&user), Some(room.as_str())).await?;
        let request = OpenNamed { peer, secret: Some(secret), user, display_name: name, ticket };
        let (session, replaced) = CompatSession::open_or_replace(node, caller, request).await?;
        Ok((session, Self { room, messages: FlatJson::new(scope, &VOCABULARY), replaced }))
    }

    fn participant(&self, member: &Member) -> Value {
        json!({
            "id": self.messages.shown(member.peer.as_str()),
            "name": &*member.display_name,
            "joinedAt": member.joined_at_ms,
        })
    }

    /// Sends `own` if `target` is a rooms-ws user of the room, else `other` to the peer of that id.
    async fn send(
        &self,
        session: &mut CompatSession,
        target: &str,
        own: Object,
        other: Option<Payload>,
    ) -> Result<(), CompatError> {
        let room = self.room.as_str();
        let kind = payload::field(&own, "type")?.unwrap_or_default().to_owned();
        // The peer id of a user means that user: anything but a wrapped message would be unwrapped all the same.
        let by_peer_id = self.messages.scope.name_of(target);
        if let Ok(peer) = self.messages.scope.peer(by_peer_id.unwrap_or(target)) {
            match session.send(room, peer.as_str(), payload::wrap_native(own)).await {
                Err(error) if error.reason == "PEER_NOT_FOUND" => {}
                sent => return sent.map_err(CompatError::from),
            }
        }
        let absent = || {
            let hint = "targetUserId names a participant of the same room; GET /rooms lists them";
            CompatError::peer_not_found(target, hint)
        };
        if by_peer_id.is_some() {
            return Err(absent());
        }
        let Some(other) = other else {
            return Err(if looks_like_peer_id(target) { self.messages.unknown_type(&kind) } else { absent() });
        };
        session.send_in_room_or_directly(room, target, other).await.map_err(|error| match error.reason {
            "PEER_NOT_FOUND" => absent(),
            _ => error.into(),
        })
    }
}

impl Adapter for RoomsWs {
    async fn on_open(&mut self, session: &mut CompatSession, _: &mut Vec<Value>) {
        let join = pb::Join { room: self.room.to_string(), ..pb::Join::default() };
        session.request(RawBody::Join(Box::new(join))).await;
    }

    async fn on_message(
        &mut self,
        session: &mut CompatSession,
        mut message: Object,
        _: &mut Vec<Value>,
    ) -> Result<(), CompatError> {
        let payload = self.messages.read(&message)?;
        let Some(target) = payload::field(&message, "targetUserId")?.map(str::to_owned) else {
            return Err(CompatError::invalid("targetUserId is missing", "name a participant's id"));
        };
        message.remove("targetUserId");
        self.send(session, &target, message, payload).await
    }

    fn on_event(
        &mut self,
        session: &CompatSession,
        event: ClientEvent,
        out: &mut Vec<Value>,
    ) -> Result<(), CompatError> {
        match event {
            ClientEvent::Joined { room, .. } => {
                let Some(roster) = session.roster(&room) else { return Ok(()) };
                let participants: Vec<_> = roster.others.iter().map(|member| self.participant(member)).collect();
                out.push(json!({
                    "type": "participants",
                    "roomId": room.as_str(),
                    "userId": self.messages.shown(session.peer().as_str()),
                    "participants": participants,
                    "replaced": self.replaced,
                }));
            }
            ClientEvent::MemberJoined { member, .. } => out.push(json!({
                "type": "participant-joined",
                "userId": self.messages.shown(member.peer.as_str()),
                "userName": &*member.display_name,
                "participant": self.participant(&member),
            })),
            ClientEvent::MemberLeft { member, reason, .. } => out.push(json!({
                "type": "participant-left",
                "userId": self.messages.shown(member.peer.as_str()),
                "userName": &*member.display_name,
                "reason": reason.as_str(),
            })),
            event => self.messages.on_event(event, out)?,
        }
        Ok(())
    }

    fn refusal_message(error: &CompatError) -> Option<Value> {
        Some(error.to_json())
    }
}
