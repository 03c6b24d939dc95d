//! Claims for people and programs.

use std::time::Duration;

use serde_json::{Value, json};
use wigwag_token::Claims;

use crate::duration::{self, short, utc};

/// Claims as JSON, in the form of the token, with times that people can read.
pub(super) fn claims_json(claims: &Claims) -> Value {
    let grants = &claims.grants;
    json!({
        "sub": &*claims.subject,
        "name": claims.display_name.as_deref(),
        "issued_at": claims.issued_at_ms.map(utc),
        "expires_at": utc(claims.expires_at_ms),
        "jti": claims.id.as_deref(),
        "iss": claims.issuer.as_deref(),
        "wigwag": {
            "ns": claims.namespace,
            "rooms": grants.rooms.iter().map(|room| room.as_str()).collect::<Vec<_>>(),
            "can": grants.can.names().collect::<Vec<_>>(),
            "max_members": grants.max_members,
            "duplicate_users": grants.duplicate_users.map(|rule| rule.name()),
            "metadata": grants.metadata,
        },
    })
}

/// Writes the time until or since a point in time.
pub(super) fn relative(at_ms: u64) -> String {
    let now = duration::unix_ms();
    let apart = short(Duration::from_millis(at_ms.abs_diff(now)));
    if at_ms >= now { format!("in {apart}") } else { format!("{apart} ago") }
}
