//! `room_service`: where RoomService is served, over gRPC and REST.

use serde::{Deserialize, Serialize};

/// Where RoomService is served. The server has no authentication, so callers are told apart by where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoomServiceAccess {
    /// `"local"`, the default: on the public listener, to callers on this machine whose request shows no signs of a proxy. A
    /// proxy on the same machine that adds no header and passes `localhost` on cannot be told from a local program.
    #[default]
    Local,
    /// `"admin"`: on the admin listener only, to callers on this machine as well.
    Admin,
    /// `"off"`: nowhere.
    Off,
}

pub(super) const ALLOWED: &str = "\"local\", \"admin\" or \"off\"";
