//! Shorthands for the requests that tests make.

use bytes::Bytes;

use crate::{
    backend::{Create, Join, Outbound},
    id::{PeerId, RoomName},
};

/// Returns a room name.
#[must_use]
pub fn room_name(room: &str) -> RoomName {
    RoomName::parse(room).expect("a valid room name")
}

/// Returns a join that creates the room if it does not exist.
#[must_use]
pub fn join(room: &str) -> Join {
    Join { room: room_name(room), display_name: None, metadata: None, create: Create::IfAbsent }
}

/// Returns an envelope to a peer outside of rooms.
#[must_use]
pub fn direct(to: &PeerId, text: &str) -> Outbound {
    Outbound { room: None, to: Some(to.clone()), receipt: false, envelope: text_bytes(text) }
}

/// Returns an envelope to one member of a room, or to all others.
#[must_use]
pub fn in_room(room: &str, to: Option<&PeerId>, text: &str) -> Outbound {
    Outbound { room: Some(room_name(room)), to: to.cloned(), receipt: false, envelope: text_bytes(text) }
}

/// Returns a text as bytes.
#[must_use]
pub fn text_bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}
