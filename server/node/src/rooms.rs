//! `wigwag.v1.RoomService`: room management for backends and tools, without a session.

mod page_token;
mod ticket;
mod watch;

use std::{collections::BTreeMap, sync::Arc};

use prost::Message;
use sha2::{Digest, Sha256};
use wigwag_hub::{
    Backend, RoomName,
    backend::RequestId,
    member::{DuplicateUsers, Metadata},
    room::{RoomPatch, RoomSpec},
};
use wigwag_proto::v1 as pb;

use self::ticket::{digest_of_ticket, ticket};
pub use self::watch::RoomEvents;
use crate::{
    audit::AuditLine,
    auth::{Action, Caller, TicketRequest},
    connection::{duplicate_users, peer_id, room_name},
    error::ApiError,
    features::Features,
    frame,
    node::{Node, check_label, random_name, random_room_name},
};

/// Rooms or members per page if the request does not set a page size.
const DEFAULT_PAGE_SIZE: usize = 100;
/// Rooms or members per page at most.
const MAX_PAGE_SIZE: usize = 1_000;
/// Bytes of rooms or members per page at most, in protobuf: libraries refuse responses over 4 MiB by default.
const MAX_PAGE_BYTES: usize = 1 << 20;
/// Longest request id, in bytes.
const MAX_REQUEST_ID_BYTES: usize = 128;
/// Largest request, in bytes.
pub const MAX_REQUEST: usize = 128 * 1024;

/// The methods of `RoomService`, for every API that offers them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Rooms {
    node: Node,
}

impl Rooms {
    /// Creates the service over the rooms of a node.
    pub fn new(node: Node) -> Self {
        Self { node }
    }

    /// Verifies the caller's token, and checks that it may do this to some room.
    async fn identify(&self, caller: &Caller, action: Action) -> Result<Caller, ApiError> {
        let caller = self.node.identify(caller).await?;
        self.node.policy().allow(&caller, action, None)?;
        self.node.admit_room_call(&caller)?;
        Ok(caller)
    }

    /// Checks that the caller may do this to the room, and parses the room's name. Returns the backend that has the room.
    async fn authorize(
        &self,
        caller: &Caller,
        action: Action,
        name: &str,
    ) -> Result<(Arc<dyn Backend>, RoomName), ApiError> {
        // Before the name is looked at.
        let caller = self.identify(caller, action).await?;
        let room = self.check_room(&caller, action, name)?;
        Ok((self.node.backend_of(&caller), room))
    }

    fn check_room(&self, caller: &Caller, action: Action, name: &str) -> Result<RoomName, ApiError> {
        let room = room_name("room", name)?;
        self.node.policy().allow(caller, action, Some(&room))?;
        Ok(room)
    }

    /// Creates a room. A request id makes retries return the room created first.
    pub async fn create(
        &self,
        caller: &Caller,
        create: pb::CreateRoomRequest,
    ) -> Result<pb::CreateRoomResponse, ApiError> {
        let caller = self.node.identify(caller).await?;
        let named = create.room.clone();
        let created = self.create_as(&caller, create).await;
        // Without a name the server has chosen one.
        let info = created.as_ref().ok().and_then(|created| created.room_info.as_ref());
        let room = info.map_or(named.as_str(), |info| info.room.as_str());
        AuditLine::new(&self.node, "CreateRoom", &caller).room(room).outcome(created)
    }

    async fn create_as(
        &self,
        caller: &Caller,
        create: pb::CreateRoomRequest,
    ) -> Result<pb::CreateRoomResponse, ApiError> {
        let caller = &self.identify(caller, Action::Manage).await?;
        let room = if create.room.is_empty() { random_room_name() } else { room_name("room", &create.room)? };
        self.node.policy().allow(caller, Action::Manage, Some(&room))?;
        self.node.policy().check_room(caller.namespace(), &room)?;
        check_label("display_name", &create.display_name)?;
        let request_id = request_id(caller, &create.request_id, || digest_of_create(&create))?;
        let spec = RoomSpec {
            room,
            display_name: create.display_name.into(),
            max_members: create.max_members,
            duplicate_users: duplicate_users("duplicate_users", create.duplicate_users)?,
            metadata: Metadata::parse(create.metadata)?,
            empty_timeout_ms: match create.empty_timeout_ms {
                0 => self.node.limits().created_empty_timeout_ms,
                ms => ms,
            },
        };
        let info = self.node.backend_of(caller).create_room(self.node.now(), spec, request_id).wait().await?;
        Ok(pb::CreateRoomResponse { room_info: Some(frame::room_info(&info)) })
    }

    /// Returns a room.
    pub async fn get(&self, caller: &Caller, get: pb::GetRoomRequest) -> Result<pb::GetRoomResponse, ApiError> {
        let (backend, room) = self.authorize(caller, Action::List, &get.room).await?;
        let info = backend.room(&room).wait().await?;
        Ok(pb::GetRoomResponse { room_info: Some(frame::room_info(&info)) })
    }

    /// Lists rooms in the order of their names, one page at a time. Rooms that the caller's token does not admit are left out.
    pub async fn list(&self, caller: &Caller, page: pb::ListRoomsRequest) -> Result<pb::ListRoomsResponse, ApiError> {
        let caller = self.identify(caller, Action::List).await?;
        let after = page_token::decode("ListRooms", "", &page.page_token)?
            .map(|name| RoomName::parse(&name).map_err(|_| page_token::refused()))
            .transpose()?;
        let (found, more) = self.node.rooms_shown_to(&caller, after.as_ref(), page_size(page.page_size)).await?;
        let rooms = first_page(found.iter().map(frame::room_info));
        let more = more || found.len() > rooms.len();
        let last = rooms.last().filter(|_| more).map(|info| page_token::encode("ListRooms", "", &info.room));
        Ok(pb::ListRoomsResponse { rooms, next_page_token: last.unwrap_or_default() })
    }

    /// Changes the fields of a room that the request sets.
    pub async fn update(
        &self,
        caller: &Caller,
        update: pb::UpdateRoomRequest,
    ) -> Result<pb::UpdateRoomResponse, ApiError> {
        let caller = self.node.identify(caller).await?;
        let line = AuditLine::new(&self.node, "UpdateRoom", &caller).room(&update.room);
        line.outcome(self.update_as(&caller, update).await)
    }

    async fn update_as(
        &self,
        caller: &Caller,
        update: pb::UpdateRoomRequest,
    ) -> Result<pb::UpdateRoomResponse, ApiError> {
        let (backend, room) = self.authorize(caller, Action::Manage, &update.room).await?;
        if let Some(name) = &update.display_name {
            check_label("display_name", name)?;
        }
        let rule: DuplicateUsers = duplicate_users("duplicate_users", update.duplicate_users)?;
        let patch = RoomPatch {
            display_name: update.display_name.map(Into::into),
            max_members: update.max_members,
            duplicate_users: (update.duplicate_users != 0).then_some(rule),
            metadata: update.metadata.into_iter().collect(),
            empty_timeout_ms: update.empty_timeout_ms,
        };
        let info = backend.update_room(self.node.now(), &room, patch).wait().await?;
        Ok(pb::UpdateRoomResponse { room_info: Some(frame::room_info(&info)) })
    }

    /// Ends a room: all members leave it.
    pub async fn end(&self, caller: &Caller, end: pb::EndRoomRequest) -> Result<pb::EndRoomResponse, ApiError> {
        let caller = self.node.identify(caller).await?;
        let line = AuditLine::new(&self.node, "EndRoom", &caller).room(&end.room);
        line.outcome(self.end_as(&caller, end).await)
    }

    async fn end_as(&self, caller: &Caller, end: pb::EndRoomRequest) -> Result<pb::EndRoomResponse, ApiError> {
        let (backend, room) = self.authorize(caller, Action::Manage, &end.room).await?;
        backend.end_room(self.node.now(), &room).wait().await?;
        Ok(pb::EndRoomResponse {})
    }

    /// Lists the members of a room in join order, one page at a time.
    pub async fn members(
        &self,
        caller: &Caller,
        page: pb::ListMembersRequest,
    ) -> Result<pb::ListMembersResponse, ApiError> {
        let (backend, room) = self.authorize(caller, Action::List, &page.room).await?;
        let after = page_token::decode("ListMembers", room.as_str(), &page.page_token)?
            .map(|position| position.parse().map_err(|_| page_token::refused()))
            .transpose()?;
        let found = backend.members(&room, after, page_size(page.page_size)).wait().await?;
        let members = first_page(found.members.iter().map(|(_, member)| frame::member(member)));
        let more = found.more || found.members.len() > members.len();
        let last = members.len().checked_sub(1).filter(|_| more).map(|last| found.members[last].0);
        let next = last.map(|position| page_token::encode("ListMembers", room.as_str(), &position.to_string()));
        Ok(pb::ListMembersResponse { members, version: found.version, next_page_token: next.unwrap_or_default() })
    }

    /// Returns a member of a room.
    pub async fn member(&self, caller: &Caller, get: pb::GetMemberRequest) -> Result<pb::GetMemberResponse, ApiError> {
        let (backend, room) = self.authorize(caller, Action::List, &get.room).await?;
        let peer = peer_id("peer_id", &get.peer_id)?;
        let member = backend.member(&room, &peer).wait().await?;
        Ok(pb::GetMemberResponse { member: Some(frame::member(&member)) })
    }

    /// Removes a member from a room, and bans it if the request says so.
    pub async fn remove_member(
        &self,
        caller: &Caller,
        remove: pb::RemoveMemberRequest,
    ) -> Result<pb::RemoveMemberResponse, ApiError> {
        let caller = self.node.identify(caller).await?;
        let call = if remove.ban { "RemoveMember (ban)" } else { "RemoveMember" };
        let line = AuditLine::new(&self.node, call, &caller).room(&remove.room).peer(&remove.peer_id);
        line.outcome(self.remove_member_as(&caller, remove).await)
    }

    async fn remove_member_as(
        &self,
        caller: &Caller,
        remove: pb::RemoveMemberRequest,
    ) -> Result<pb::RemoveMemberResponse, ApiError> {
        let (backend, room) = self.authorize(caller, Action::Manage, &remove.room).await?;
        let peer = peer_id("peer_id", &remove.peer_id)?;
        backend.remove_member(self.node.now(), &room, &peer, remove.ban).wait().await?;
        Ok(pb::RemoveMemberResponse {})
    }

    /// Changes a member's entry. Not built yet.
    pub async fn update_member(
        &self,
        caller: &Caller,
        update: pb::UpdateMemberRequest,
    ) -> Result<pb::UpdateMemberResponse, ApiError> {
        self.authorize(caller, Action::Manage, &update.room).await?;
        Err(ApiError::unimplemented(
            "RoomService.UpdateMember is not supported by this version: let members update themselves",
        ))
    }

    /// Sends an envelope to every session of a user. Not built yet.
    pub async fn send_to_user(
        &self,
        caller: &Caller,
        _: pb::SendToUserRequest,
    ) -> Result<pb::SendToUserResponse, ApiError> {
        self.identify(caller, Action::Manage).await?;
        Err(ApiError::unimplemented(
            "RoomService.SendToUser is not supported by this version: use SendToRoom with a peer id",
        ))
    }

    /// Creates a ticket for a client of a compatibility protocol.
    pub async fn create_ticket(
        &self,
        caller: &Caller,
        create: pb::CreateTicketRequest,
    ) -> Result<pb::CreateTicketResponse, ApiError> {
        let caller = self.node.identify(caller).await?;
        let user = if create.user_id.is_empty() { &create.client_id } else { &create.user_id };
        let line = AuditLine::new(&self.node, "CreateTicket", &caller).user(user);
        line.outcome(self.create_ticket_as(&caller, create).await)
    }

    async fn create_ticket_as(
        &self,
        caller: &Caller,
        create: pb::CreateTicketRequest,
    ) -> Result<pb::CreateTicketResponse, ApiError> {
        let caller = self.identify(caller, Action::Manage).await?;
        if !self.node.policy().requires_tokens() {
            return Err(ApiError::unimplemented(
                "this server runs without authentication: clients of compatibility protocols connect without a ticket",
            ));
        }
        let now_ms = self.node.now().unix_ms;
        let request = request_id(&caller, &create.request_id, || digest_of_ticket(&create))?.map(|id| TicketRequest {
            caller: caller.subject(),
            id: id.id,
            digest: id.digest,
            forgotten_at_ms: now_ms + self.node.limits().request_id_ms,
        });
        let ticket = ticket(&caller, &create, now_ms)?;
        let (ticket, expires_at_ms) = self.node.policy().add_ticket(random_name(), ticket, request, now_ms)?;
        Ok(pb::CreateTicketResponse { ticket, expires_at: Some(frame::timestamp(expires_at_ms)) })
    }

    /// Sends an envelope to all members of a room, or to one of them.
    pub async fn send(&self, caller: &Caller, send: pb::SendToRoomRequest) -> Result<pb::SendToRoomResponse, ApiError> {
        let named = send.envelope.as_ref().map(|envelope| envelope.room.as_str()).unwrap_or_default();
        let caller = &self.identify(caller, Action::Manage).await?;
        let room = self.check_room(caller, Action::Manage, named)?;
        let bytes = send.envelope.unwrap_or_default().encode_to_vec();
        let signal = frame::check(&bytes)?;
        if signal.receipt {
            return Err(ApiError::invalid("envelope.receipt", "is for sessions only: leave it out"));
        }
        let to = if signal.to.is_empty() { None } else { Some(peer_id("envelope.to", signal.to)?) };
        let envelope = signal.encode("");
        let request_id = request_id(caller, &send.request_id, || Sha256::digest(&bytes).into())?;
        let backend = self.node.backend_of(caller);
        let sent = backend.send_to_room(self.node.now(), &room, to.as_ref(), envelope, request_id);
        let reached = sent.wait().await?;
        let (namespace, room, reached_members) = (caller.logged_namespace(), room.as_str(), reached.accepted);
        tracing::debug!(namespace, call = "SendToRoom", room.id = room, reached = reached_members, "RoomService call");
        Ok(pb::SendToRoomResponse {
            accepted: Some(reached.accepted),
            undeliverable: reached.undeliverable.iter().map(ToString::to_string).collect(),
        })
    }

    /// Watches one room, or all rooms that the caller's token admits: first their present state, then every change.
    pub async fn watch(&self, caller: &Caller, watch: &pb::WatchRoomsRequest) -> Result<RoomEvents, ApiError> {
        let caller = self.identify(caller, Action::List).await?;
        let only = match watch.room.as_str() {
            "" => None,
            name => Some(self.check_room(&caller, Action::List, name)?),
        };
        let features = Features::parse("features", &watch.features)?;
        let place = self.node.watches().take(&caller.subject()).ok_or_else(ApiError::watches_exhausted)?;
        let watch = self.node.backend_of(&caller).watch(only).wait().await?;
        Ok(RoomEvents::new(&self.node, caller, watch, features, place))
    }
}

/// Returns the first of these, as many as fit into a page; one at least.
fn first_page<M: Message>(messages: impl Iterator<Item = M>) -> Vec<M> {
    let (mut page, mut bytes) = (Vec::new(), 0);
    for message in messages {
        bytes += message.encoded_len();
        if bytes > MAX_PAGE_BYTES && !page.is_empty() {
            break;
        }
        page.push(message);
    }
    page
}

fn page_size(requested: u32) -> usize {
    match requested as usize {
        0 => DEFAULT_PAGE_SIZE,
        size => size.min(MAX_PAGE_SIZE),
    }
}

/// Returns the idempotency key of a request; `None` if it has no id.
fn request_id(caller: &Caller, id: &str, digest: impl FnOnce() -> [u8; 32]) -> Result<Option<RequestId>, ApiError> {
    if id.len() > MAX_REQUEST_ID_BYTES {
        let why = format!("is {} bytes long: use at most {MAX_REQUEST_ID_BYTES}", id.len());
        return Err(ApiError::invalid("request_id", why));
    }
    let key = |id: &str| RequestId { caller: caller.subject().user, id: id.into(), digest: digest() };
    Ok((!id.is_empty()).then(|| key(id)))
}

/// Returns the digest of a request as the caller sent it. Not of its encoding, in which the pairs have no fixed order.
fn digest_of_create(create: &pb::CreateRoomRequest) -> [u8; 32] {
    let pb::CreateRoomRequest {
        room,
        display_name,
        max_members,
        duplicate_users,
        metadata,
        empty_timeout_ms,
        request_id: _,
    } = create;
    let pairs: BTreeMap<_, _> = metadata.iter().collect();
    let fields = (room, display_name, max_members, duplicate_users, pairs, empty_timeout_ms);
    // Debug text escapes quotes, so that no two requests have the same.
    Sha256::digest(format!("{fields:?}")).into()
}
