//! The REST API: `RoomService` in protobuf JSON, with paths in the style of the Google API Improvement Proposals (AIP).
//!
//! Each handler calls the same function of [`Rooms`] as its gRPC method. Errors are `google.rpc.Status` in JSON, with the
//! HTTP status for their code. `GET /openapi.json` describes the API, `GET /docs` shows the description as a page.

mod docs;
mod error;
mod events;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod openapi;
mod request;
mod update_mask;

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get, post},
};
use serde::Serialize;
use tower::ServiceExt as _;
use wigwag_node::{
    auth::{Action, Caller},
    error::ApiError,
    node::Node,
    rooms::Rooms,
};
use wigwag_proto::v1 as pb;

use self::{
    error::RestError,
    request::{Message, Resource, Target},
};
use super::RoomApi;
use crate::web::local_caller;

#[derive(Clone)]
struct RestState {
    node: Node,
    rooms: Rooms,
}

/// Returns the routes of the REST API, if `rooms` says so, and of its documentation if `docs`.
pub fn router(node: Node, rooms: RoomApi, docs: bool) -> Router {
    let rooms = match rooms {
        RoomApi::Served => served(node),
        RoomApi::Refused(why) => refused(why),
    };
    if docs { rooms.merge(openapi::router()).merge(docs::router()) } else { rooms }
}

fn refused(why: &'static str) -> Router {
    let refuse = move || async move { RestError::from(ApiError::unimplemented(why)).status(StatusCode::NOT_FOUND) };
    let paths =
        ["/v1/rooms", "/v1/rooms:watch", "/v1/rooms/", "/v1/rooms/{*below}", "/v1/users/{*below}", "/v1/tickets"];
    paths.into_iter().fold(Router::new(), |router, path| router.route(path, any(refuse)))
}

fn served(node: Node) -> Router {
    let state = RestState { rooms: Rooms::new(node.clone()), node };
    let resources = Arc::new(RoomResources::new(&state));
    Router::new()
        .route("/v1/rooms", get(list).post(create).fallback(wrong_method))
        .route("/v1/rooms:watch", get(watch).fallback(wrong_method))
        // Some HTTP clients encode every colon. In `:send` an encoded colon belongs to the room's name.
        .route("/v1/rooms%3Awatch", get(watch).fallback(wrong_method))
        .route("/v1/rooms%3awatch", get(watch).fallback(wrong_method))
        .route("/v1/rooms/", any(unknown))
        .route("/v1/rooms/{*below}", any(move |target, request| async move { resources.serve(target, request).await }))
        .route("/v1/users/{user}", post(send_to_user).fallback(wrong_method))
        .route("/v1/tickets", post(create_ticket).fallback(wrong_method))
        .layer(from_fn_with_state(state.clone(), guard))
        .with_state(state)
}

/// The resources below `/v1/rooms/`. Dispatched here, since path parameters of axum can neither be followed by a verb nor
/// contain an encoded slash.
struct RoomResources {
    room: MethodRouter,
    send: MethodRouter,
    members: MethodRouter,
    member: MethodRouter,
}

impl RoomResources {
    fn new(state: &RestState) -> Self {
        let with = |methods: MethodRouter<RestState>| methods.fallback(wrong_method).with_state(state.clone());
        Self {
            room: with(get(describe).patch(update).delete(end)),
            send: with(post(send)),
            members: with(get(members)),
            member: with(get(member).patch(update_member).delete(remove_member)),
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

/// Returns whether a path is one of the REST API's.
pub(crate) fn is_path(path: &str) -> bool {
    path.strip_prefix("/v1/rooms").is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '?']))
}

/// Returns the response of the REST API with this error.
pub(crate) fn error_response(error: ApiError) -> Response {
    RestError::from(error).into_response()
}

/// Checks whether the caller may use RoomService, before anything else in the request is read.
async fn guard(State(state): State<RestState>, mut request: Request, next: Next) -> Response {
    let caller = match admit(&state.node, &local_caller(&request)).await {
        Ok(caller) => caller,
        Err(error) => return RestError::from(error).into_response(),
    };
    if let Some(error) = request::failed_condition(&request) {
        return error.into_response();
    }
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Verifies the caller's token, and checks that it may do anything with rooms.
async fn admit(node: &Node, caller: &Caller) -> Result<Caller, ApiError> {
    let caller = node.identify(caller).await?;
    node.policy().allow(&caller, Action::List, None)?;
    Ok(caller)
}

type RestResult<T> = Result<Json<T>, RestError>;

fn respond<T: Serialize>(result: Result<T, ApiError>) -> RestResult<T> {
    result.map(Json).map_err(RestError::from)
}

async fn create(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    message: Message<pb::CreateRoomRequest>,
) -> RestResult<pb::CreateRoomResponse> {
    respond(state.rooms.create(&caller, message.0).await)
}

async fn list(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    target: Target,
) -> RestResult<pb::ListRoomsResponse> {
    let page = pb::ListRoomsRequest { page_size: target.number("pageSize")?, page_token: target.text("pageToken") };
    respond(state.rooms.list(&caller, page).await)
}

async fn describe(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    target: Target,
) -> RestResult<pb::GetRoomResponse> {
    respond(state.rooms.get(&caller, pb::GetRoomRequest { room: target.room()? }).await)
}

async fn update(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    target: Target,
    message: Message<pb::UpdateRoomRequest>,
) -> RestResult<pb::UpdateRoomResponse> {
    let room = target.same_room("room", &message.0.room)?;
    let mask = update_mask::of(&target, &message.1)?;
    let update = update_mask::apply(&mask, message.0)?;
    respond(state.rooms.update(&caller, pb::UpdateRoomRequest { room, ..update }).await)
}

async fn end(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    target: Target,
) -> RestResult<pb::EndRoomResponse> {
    respond(state.rooms.end(&caller, pb::EndRoomRequest { room: target.room()? }).await)
}

async fn send(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    target: Target,
    message: Message<pb::SendToRoomRequest>,
) -> RestResult<pb::SendToRoomResponse> {
    let envelope = message.0.envelope.unwrap_or_default();
    let room = target.same_room("envelope.room", &envelope.room)?;
    let envelope = Some(pb::Envelope { room, ..envelope });
    respond(state.rooms.send(&caller, pb::SendToRoomRequest { envelope, ..message.0 }).await)
}

async fn members(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    target: Target,
) -> RestResult<pb::ListMembersResponse> {
    let page = pb::ListMembersRequest {
        room: target.room()?,
        page_size: target.number("pageSize")?,
        page_token: target.text("pageToken"),
    };
    respond(state.rooms.members(&caller, page).await)
}

async fn member(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    target: Target,
) -> RestResult<pb::GetMemberResponse> {
    let get = pb::GetMemberRequest { room: target.room()?, peer_id: target.peer_id()? };
    respond(state.rooms.member(&caller, get).await)
}

async fn update_member(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    target: Target,
    message: Message<pb::UpdateMemberRequest>,
) -> RestResult<pb::UpdateMemberResponse> {
    let room = target.same_room("room", &message.0.room)?;
    let peer_id = target.peer_id()?;
    respond(state.rooms.update_member(&caller, pb::UpdateMemberRequest { room, peer_id, ..message.0 }).await)
}

async fn send_to_user(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    message: Message<pb::SendToUserRequest>,
) -> RestResult<pb::SendToUserResponse> {
    let Some(user_id) = request::user_of_send(uri.path())? else { return Err(unknown().await) };
    respond(state.rooms.send_to_user(&caller, pb::SendToUserRequest { user_id, ..message.0 }).await)
}

async fn create_ticket(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    message: Message<pb::CreateTicketRequest>,
) -> RestResult<pb::CreateTicketResponse> {
    respond(state.rooms.create_ticket(&caller, message.0).await)
}

async fn remove_member(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    target: Target,
) -> RestResult<pb::RemoveMemberResponse> {
    let remove = pb::RemoveMemberRequest { room: target.room()?, peer_id: target.peer_id()?, ban: target.flag("ban")? };
    respond(state.rooms.remove_member(&caller, remove).await)
}

async fn watch(
    State(state): State<RestState>,
    Extension(caller): Extension<Caller>,
    target: Target,
) -> Result<Response<Body>, RestError> {
    let watch = pb::WatchRoomsRequest { room: target.text("room"), features: target.texts("features") };
    Ok(events::stream(state.rooms.watch(&caller, &watch).await?))
}

async fn unknown() -> RestError {
    let error = ApiError::unimplemented("nothing is served at this path: GET /openapi.json lists all paths");
    RestError::from(error).status(StatusCode::NOT_FOUND)
}

async fn wrong_method(method: Method) -> RestError {
    let error = ApiError::unimplemented("this path does not have this method: GET /openapi.json lists all methods");
    RestError::from(error.with("method", method)).status(StatusCode::METHOD_NOT_ALLOWED)
}
