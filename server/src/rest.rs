//! The REST door: `RoomService` in protobuf JSON, with the paths of the Google API improvement proposals.
//!
//! Every handler calls the function of [`Rooms`] that its gRPC method calls. Errors are `google.rpc.Status` in JSON with
//! the HTTP status that belongs to its code. `GET /openapi.json` describes the door, `GET /docs` shows that to people.

mod docs;
mod events;
mod openapi;
mod problem;
mod request;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get, post},
};
use serde::Serialize;
use tower::ServiceExt as _;
use wigwag_proto::v1 as pb;

use self::{
    problem::Problem,
    request::{Message, Resource, Target},
};
use crate::{
    authz::{Action, Caller},
    fault::Fault,
    http::{self, Origins},
    node::Node,
    room_service::Rooms,
};

#[derive(Clone)]
struct Door {
    node: Node,
    rooms: Rooms,
    origins: Origins,
}

/// The routes of the door.
pub(crate) fn router(node: Node, origins: Origins) -> Router {
    let door = Door { rooms: Rooms::new(node.clone()), node, origins };
    let below = Arc::new(Below::new(&door));
    let rooms = Router::new()
        .route("/v1/rooms", get(list).post(create).fallback(wrong_method))
        .route("/v1/rooms:watch", get(watch).fallback(wrong_method))
        .route("/v1/rooms/", any(unknown))
        .route("/v1/rooms/{*below}", any(move |target, request| async move { below.serve(target, request).await }))
        .layer(from_fn_with_state(door.clone(), guard))
        .with_state(door);
    rooms.merge(openapi::router()).merge(docs::router())
}

/// What is below `/v1/rooms/`. Told apart here, since a router's parameter can neither end in a verb nor hold an encoded
/// slash.
struct Below {
    room: MethodRouter,
    send: MethodRouter,
    members: MethodRouter,
    member: MethodRouter,
}

impl Below {
    fn new(door: &Door) -> Self {
        let with = |methods: MethodRouter<Door>| methods.fallback(wrong_method).with_state(door.clone());
        Self {
            room: with(get(describe).patch(update).delete(end)),
            send: with(post(send)),
            members: with(get(members)),
            member: with(get(member).delete(remove_member)),
        }
    }

    async fn serve(&self, target: Target, request: Request) -> Response {
        let resource = match target.resource() {
            Some(Resource::Room) => &self.room,
            Some(Resource::Send) => &self.send,
            Some(Resource::Members) => &self.members,
            Some(Resource::Member) => &self.member,
            None => return unknown().await.into_response(),
        };
        let Ok(response) = resource.clone().oneshot(request).await;
        response
    }
}

/// Reads all that a target may hold.
#[cfg(any(fuzzing, test))]
pub(crate) fn read_target(parts: &axum::http::request::Parts) {
    let target = Target::of(parts);
    let _ = (target.resource(), target.room(), target.peer_id(), target.number("pageSize"), target.flag("ban"));
}

/// Before anything else is looked at: may this page, and may this caller?
async fn guard(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    if !door.origins.allow(request.headers()) {
        let fault = Fault::forbidden(
            "this web page's origin may not call this server: add it to cors.allowed_origins in the configuration",
        );
        return Problem::from(fault).into_response();
    }
    let caller = http::caller(&request);
    if let Err(fault) = door.node.policy().allow(&caller, Action::Admin, None) {
        return Problem::from(fault).into_response();
    }
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

type Answer<T> = Result<Json<T>, Problem>;

fn answer<T: Serialize>(result: Result<T, Fault>) -> Answer<T> {
    result.map(Json).map_err(Problem::from)
}

async fn create(
    State(door): State<Door>,
    caller: Caller,
    message: Message<pb::CreateRoomRequest>,
) -> Answer<pb::CreateRoomResponse> {
    answer(door.rooms.create(&caller, message.0).await)
}

async fn list(State(door): State<Door>, caller: Caller, target: Target) -> Answer<pb::ListRoomsResponse> {
    let page = pb::ListRoomsRequest { page_size: target.number("pageSize")?, page_token: target.text("pageToken") };
    answer(door.rooms.list(&caller, page).await)
}

async fn describe(State(door): State<Door>, caller: Caller, target: Target) -> Answer<pb::GetRoomResponse> {
    answer(door.rooms.get(&caller, pb::GetRoomRequest { room: target.room()? }).await)
}

async fn update(
    State(door): State<Door>,
    caller: Caller,
    target: Target,
    message: Message<pb::UpdateRoomRequest>,
) -> Answer<pb::UpdateRoomResponse> {
    let room = target.same_room("room", &message.0.room)?;
    answer(door.rooms.update(&caller, pb::UpdateRoomRequest { room, ..message.0 }).await)
}

async fn end(State(door): State<Door>, caller: Caller, target: Target) -> Answer<pb::EndRoomResponse> {
    answer(door.rooms.end(&caller, pb::EndRoomRequest { room: target.room()? }).await)
}

async fn send(
    State(door): State<Door>,
    caller: Caller,
    target: Target,
    message: Message<pb::SendToRoomRequest>,
) -> Answer<pb::SendToRoomResponse> {
    let envelope = message.0.envelope.unwrap_or_default();
    let room = target.same_room("envelope.room", &envelope.room)?;
    let envelope = Some(pb::Envelope { room, ..envelope });
    answer(door.rooms.send(&caller, pb::SendToRoomRequest { envelope, ..message.0 }).await)
}

async fn members(State(door): State<Door>, caller: Caller, target: Target) -> Answer<pb::ListMembersResponse> {
    let page = pb::ListMembersRequest {
        room: target.room()?,
        page_size: target.number("pageSize")?,
        page_token: target.text("pageToken"),
    };
    answer(door.rooms.members(&caller, page).await)
}

async fn member(State(door): State<Door>, caller: Caller, target: Target) -> Answer<pb::GetMemberResponse> {
    let get = pb::GetMemberRequest { room: target.room()?, peer_id: target.peer_id()? };
    answer(door.rooms.member(&caller, get).await)
}

async fn remove_member(State(door): State<Door>, caller: Caller, target: Target) -> Answer<pb::RemoveMemberResponse> {
    let remove = pb::RemoveMemberRequest { room: target.room()?, peer_id: target.peer_id()?, ban: target.flag("ban")? };
    answer(door.rooms.remove_member(&caller, remove).await)
}

async fn watch(State(door): State<Door>, caller: Caller, target: Target) -> Result<Response<Body>, Problem> {
    let watch = pb::WatchRoomsRequest { room: target.text("room") };
    Ok(events::stream(door.rooms.watch(&caller, &watch)?))
}

async fn unknown() -> Problem {
    let fault = Fault::unimplemented("there is nothing at this path: GET /openapi.json lists what there is");
    Problem::from(fault).status(StatusCode::NOT_FOUND)
}

async fn wrong_method(method: Method) -> Problem {
    let fault = Fault::unimplemented("this path has no such method: GET /openapi.json lists what there is");
    Problem::from(fault.with("method", method)).status(StatusCode::METHOD_NOT_ALLOWED)
}
