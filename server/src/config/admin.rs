//! `[admin]`: the admin listener, which serves `/metrics` and, with `room_service = "admin"`, RoomService.

use std::net::SocketAddr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::ConfigErrors;

/// Settings of the admin listener.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdminSection {
    /// The loopback address of the admin listener. `None` (in TOML `""`), the default: there is none.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub listen: Option<SocketAddr>,
}

pub(super) const ALLOWED: &str = "a loopback address and port, such as 127.0.0.1:9090, or \"\" for none";

impl AdminSection {
    pub(super) fn check(&self, public: SocketAddr, errors: &mut ConfigErrors) {
        let Some(listen) = self.listen else { return };
        if !listen.ip().to_canonical().is_loopback() {
            errors.add("admin.listen", listen, ALLOWED);
        }
        if listen == public && listen.port() != 0 {
            errors.add("admin.listen", listen, "an address other than that of listen");
        }
    }
}

// TOML has no null: the empty string stands for `None`, so that the setting can be printed and overridden.
fn write<S: Serializer>(listen: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&listen.map(|addr| addr.to_string()).unwrap_or_default())
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) }
}
