//! Converts the hub's types to those of `wigwag.v1`.

use std::sync::Arc;

use bytes::Bytes;
use prost::Message as _;
use prost_types::Timestamp;
use wigwag_hub::{
    frame::{Delivery, Joined},
    id::PeerId,
    member::{DuplicateUsers, Member, Presence, Role, RoomInfo},
    snapshot::Snapshot,
};
use wigwag_proto::v1::{self as pb, member, receipt, server_frame::Body as Pb};

/// Encodes a body as a field of `ServerFrame`.
pub fn field(body: Pb) -> Bytes {
    pb::ServerFrame { body: Some(body), ..pb::ServerFrame::default() }.encode_to_vec().into()
}

/// Converts milliseconds since 1970.
pub fn timestamp(unix_ms: u64) -> Timestamp {
    Timestamp {
        seconds: i64::try_from(unix_ms / 1_000).unwrap_or(i64::MAX),
        nanos: i32::try_from(unix_ms % 1_000).unwrap_or(0) * 1_000_000,
    }
}

/// Converts a point in time of the API to milliseconds since 1970; one before that is 1970.
pub fn unix_ms(time: &Timestamp) -> u64 {
    let ms = i128::from(time.seconds) * 1_000 + i128::from(time.nanos / 1_000_000);
    u64::try_from(ms.max(0)).unwrap_or(u64::MAX)
}

/// Converts a member of a room.
pub fn member(from: &Member) -> pb::Member {
    pb::Member {
        peer_id: from.peer.to_string(),
        user_id: from.user.to_string(),
        display_name: from.display_name.to_string(),
        metadata: from.metadata.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        role: match from.role {
            Role::Member => member::Role::Member,
            Role::Owner => member::Role::Owner,
        }
        .into(),
        state: match from.presence {
            Presence::Online => member::State::Online,
            Presence::Reconnecting => member::State::Reconnecting,
        }
        .into(),
        joined_at: Some(timestamp(from.joined_at_ms)),
    }
}

/// Converts the description of a room.
pub fn room_info(from: &RoomInfo) -> pb::RoomInfo {
    pb::RoomInfo {
        room: from.room.to_string(),
        display_name: from.display_name.to_string(),
        max_members: from.max_members,
        member_count: from.member_count,
        duplicate_users: match from.duplicate_users {
            DuplicateUsers::Allow => pb::DuplicateUsers::Allow,
            DuplicateUsers::Reject => pb::DuplicateUsers::Reject,
            DuplicateUsers::Replace => pb::DuplicateUsers::Replace,
        }
        .into(),
        metadata: from.metadata.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        owner: from.owner.as_ref().map(ToString::to_string).unwrap_or_default(),
        created_at: Some(timestamp(from.created_at_ms)),
        version: from.version,
        empty_timeout_ms: from.empty_timeout_ms,
    }
}

/// Converts a `joined` frame with these members.
pub(super) fn joined<'a>(
    from: &Joined,
    receiver: &PeerId,
    others: impl Iterator<Item = &'a Arc<Member>>,
) -> pb::Joined {
    let Snapshot { info, members } = &*from.snapshot;
    pb::Joined {
        room: info.room.to_string(),
        room_info: Some(room_info(info)),
        version: info.version,
        me: members.iter().find(|m| m.peer == *receiver).map(|m| member(m)),
        members: others.map(|m| member(m)).collect(),
        created: from.created,
        more: false,
    }
}

/// Converts a `roster` frame with these members.
pub(super) fn roster<'a>(from: &Snapshot, others: impl Iterator<Item = &'a Arc<Member>>) -> pb::Roster {
    pb::Roster {
        room: from.info.room.to_string(),
        version: from.info.version,
        room_info: Some(room_info(&from.info)),
        members: others.map(|m| member(m)).collect(),
        more: false,
    }
}

/// Iterates over all members but the receiver.
pub(super) fn others<'a>(from: &'a Snapshot, receiver: &'a PeerId) -> impl Iterator<Item = &'a Arc<Member>> {
    from.members.iter().filter(|m| m.peer != *receiver)
}

pub(super) fn receipt(peer: &PeerId, delivery: Delivery) -> pb::Receipt {
    let (outcome, reason) = match delivery {
        Delivery::Delivered => (receipt::Outcome::Delivered, ""),
        Delivery::Written => (receipt::Outcome::Written, ""),
        Delivery::Undeliverable(reason) => (receipt::Outcome::Undeliverable, reason.as_str()),
    };
    pb::Receipt { peer_id: peer.to_string(), outcome: outcome.into(), reason: reason.into(), ..pb::Receipt::default() }
}
