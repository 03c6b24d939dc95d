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
    clock::iso8601,
    frame::RawBody,
    node::{Node, OpenNamed},
};
use wigwag_proto::v1::{self as pb, envelope::Payload};

use crate::{
    adapter::{Adapter, Object},
    context::{CompatContext, caller},
    error::CompatError,
    flat_json::FlatJson,
    names::{ROOMS_WS, Scope, looks_like_peer_id},
    payload,
    session::{ClientEvent, CompatSession},
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
            let params = ConnectParams::read(parts.uri.query().unwrap_or_default());
            let (node, caller) = (context.node().clone(), caller(&parts.extensions));
            context.serve(upgrade, async move { RoomsWs::open(&node, &caller, params?).await })
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
            let found = form_urlencoded::parse(query.as_bytes()).find(|(key, value)| key == name && !value.is_empty());
            let hint = "connect to /?roomId=ROOM&userId=ID&userName=NAME";
            found
                .map(|(_, value)| value.into_owned())
                .ok_or_else(|| CompatError::invalid(format!("{name} is missing"), hint))
        };
        Ok(Self { room: value("roomId")?, user: value("userId")?, name: value("userName")? })
    }
}

/// The adapter of one client.
pub(crate) struct RoomsWs {
    room: RoomName,
    scope: Scope,
    messages: FlatJson,
}

impl RoomsWs {
    pub(crate) async fn open(
        node: &Node,
        caller: &Caller,
        params: ConnectParams,
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
        let request = OpenNamed { peer, secret: None, user, display_name: name };
        let session = CompatSession::open(node, caller, request).await.map_err(|error| match error.reason {
            "PEER_ID_TAKEN" => {
                CompatError::new(error.reason, "this userId is taken in this room", "choose another userId")
            }
            _ => error.into(),
        })?;
        Ok((session, Self { room, scope, messages: FlatJson::new("ice-candidate", "fromUserId") }))
    }

    fn shown<'a>(&self, peer: &'a str) -> &'a str {
        self.scope.name_of(peer).unwrap_or(peer)
    }

    fn participant(&self, member: &Member) -> Value {
        json!({
            "id": self.shown(member.peer.as_str()),
            "name": &*member.display_name,
            "joinedAt": iso8601(member.joined_at_ms),
        })
    }

    /// Sends `own` if `target` is a rooms-ws user of the room, else `other` to the peer of that id.
    async fn send(
        &self,
        session: &mut CompatSession,
        target: &str,
        own: Payload,
        other: Payload,
    ) -> Result<(), CompatError> {
        let room = self.room.as_str();
        if let Ok(peer) = self.scope.peer(target) {
            match session.send(room, peer.as_str(), own).await {
                Err(error) if error.reason == "PEER_NOT_FOUND" => {}
                sent => return sent.map_err(CompatError::from),
            }
        }
        session.send_in_room_or_directly(room, target, other).await.map_err(|error| match error.reason {
            "PEER_NOT_FOUND" => CompatError::peer_not_found(
                target,
                "targetUserId names a participant of the same room; GET /rooms lists them",
            ),
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
        self.send(session, &target, payload::wrap_native(message), payload).await
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
                    "userId": self.shown(session.peer().as_str()),
                    "participants": participants,
                }));
            }
            ClientEvent::MemberJoined { member, .. } => out.push(json!({
                "type": "participant-joined",
                "userId": self.shown(member.peer.as_str()),
                "userName": &*member.display_name,
                "participant": self.participant(&member),
            })),
            ClientEvent::MemberLeft { member, reason, .. } => out.push(json!({
                "type": "participant-left",
                "userId": self.shown(member.peer.as_str()),
                "userName": &*member.display_name,
                "reason": reason.as_str(),
            })),
            ClientEvent::Signal { from, payload } => {
                out.extend(self.messages.write(&self.scope, &from, self.shown(&from), &payload));
            }
            ClientEvent::Undelivered { peer, reason } => {
                out.push(Self::error_message(&CompatError::undelivered(self.shown(peer.as_str()), reason)));
            }
            ClientEvent::Refused(error) => return Err(error),
            ClientEvent::Left { reason, .. } => return Err(CompatError::not_a_member(reason)),
            ClientEvent::Done | ClientEvent::GoAway { .. } => {}
        }
        Ok(())
    }

    fn error_message(error: &CompatError) -> Value {
        error.to_json()
    }
}
