//! `[admin]`: the admin listener, which serves `AdminService`, `/metrics` and, with `room_service = "admin"`, RoomService.

use std::net::SocketAddr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Config;
use super::error::ConfigErrors;

/// Settings of the admin listener.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdminSection {
    /// The address of the admin listener. One beyond loopback needs TLS and authentication; it then speaks TLS as the public
    /// listener does, and serves callers with the grant `admin` only. `None` (in TOML `""`), the default: there is none.
    #[serde(serialize_with = "write", deserialize_with = "read")]
    pub listen: Option<SocketAddr>,
}

pub(super) const ALLOWED: &str = "an IP address and port, such as 127.0.0.1:9090, or \"\" for none";

const TLS: &str = "TLS (tls.cert_file)";
const AUTHENTICATION: &str = "authentication (auth.keys, auth.issuers or auth.certificates)";
const TLS_AND_AUTHENTICATION: &str =
    "TLS (tls.cert_file) and authentication (auth.keys, auth.issuers or auth.certificates)";

impl AdminSection {
    /// Returns whether other machines can reach the listener.
    pub fn is_exposed(&self) -> bool {
        self.listen.is_some_and(|listen| !listen.ip().to_canonical().is_loopback())
    }

    pub(super) fn check(&self, config: &Config, errors: &mut ConfigErrors) {
        let Some(listen) = self.listen else { return };
        let public = config.listen;
        let missing = match (config.tls.is_on(), !config.is_open()) {
            (true, true) => "",
            (true, false) => AUTHENTICATION,
            (false, true) => TLS,
            (false, false) => TLS_AND_AUTHENTICATION,
        };
        if self.is_exposed() && !missing.is_empty() {
            let allowed = format!(
                "a loopback address such as 127.0.0.1:9090; other machines can reach this one, which needs {missing}"
            );
            errors.add("admin.listen", listen, allowed);
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
