//! What a ticket admits to, as its request says.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use wigwag_proto::v1 as pb;
use wigwag_token::{Claims, LEEWAY_MS, Permissions, RoomPattern};

use crate::{
    auth::{Caller, Identity, Ticket},
    error::ApiError,
    node::check_label,
};

/// The compatibility protocols: their names in a request, and those that their peer ids begin with.
const PROTOCOLS: [(&str, &str); 5] = [
    ("peerjs", "peerjs"),
    ("socket.io", "socketio"),
    ("rooms-ws", "rooms-ws"),
    ("plain-json", "plain-json"),
    ("connector", "connector"),
];

/// Those whose clients send to each other without a room.
const WITHOUT_ROOMS: [&str; 3] = ["peerjs", "socketio", "connector"];

/// Room patterns of a ticket at most.
const MAX_PATTERNS: usize = 32;

/// For how long a ticket admits if the request does not say, in seconds.
const DEFAULT_TTL: u32 = 60;
/// For how long a ticket admits at most, in seconds.
const MAX_TTL: u32 = 86_400;

/// What a ticket permits in its rooms.
fn permissions() -> Permissions {
    Permissions::JOIN | Permissions::CREATE | Permissions::SEND | Permissions::BROADCAST
}

/// Returns the ticket that a request asks for.
///
/// # Errors
///
/// INVALID_FIELD; FORBIDDEN if the ticket would permit what the caller's own token does not.
pub(super) fn ticket(caller: &Caller, create: &pb::CreateTicketRequest, now_ms: u64) -> Result<Ticket, ApiError> {
    let (_, protocol) = PROTOCOLS.into_iter().find(|(name, _)| *name == create.protocol).ok_or_else(|| {
        let names = PROTOCOLS.map(|(name, _)| name).join(", ");
        ApiError::invalid("protocol", format_args!("is not one of {names}: set one of them"))
    })?;
    if create.client_id.is_empty() {
        return Err(ApiError::invalid("client_id", "is missing: set the id under which the client will connect"));
    }
    check_label("client_id", &create.client_id)?;
    check_label("user_id", &create.user_id)?;
    if create.rooms.len() > MAX_PATTERNS {
        let why = format!("has {} patterns: use at most {MAX_PATTERNS}", create.rooms.len());
        return Err(ApiError::invalid("rooms", why));
    }
    let rooms = create
        .rooms
        .iter()
        .map(|text| RoomPattern::parse(text).map_err(|error| ApiError::invalid("rooms", error)))
        .collect::<Result<Vec<_>, _>>()?;
    let ttl = match create.ttl_seconds {
        0 => DEFAULT_TTL,
        ttl if ttl > MAX_TTL => {
            return Err(ApiError::invalid("ttl_seconds", format_args!("is {ttl}: use at most {MAX_TTL}")));
        }
        ttl => ttl,
    };
    // Without authentication the policy refuses it afterwards.
    if let Some(identity) = &caller.identity {
        let own = identity.grants();
        let covered = rooms.iter().all(|room| own.rooms.iter().any(|pattern| pattern.covers(room)));
        let sends = !WITHOUT_ROOMS.contains(&protocol) || own.can.contains(Permissions::DIRECT);
        if !covered || !sends || (!rooms.is_empty() && !own.can.contains(permissions())) {
            return Err(ApiError::forbidden(
                "the ticket would permit more than the caller's token does: its wigwag.rooms must cover rooms, and its \
                 wigwag.can hold join, create, send and broadcast; for peerjs, socket.io and connector also direct",
            ));
        }
    }
    let user = if create.user_id.is_empty() { &create.client_id } else { &create.user_id };
    let expires_at_ms = now_ms + u64::from(ttl) * 1_000;
    // Otherwise a session that was opened with the ticket goes on after it has expired.
    let session_ends_ms = if create.ends_sessions { expires_at_ms } else { u64::MAX };
    let mut claims = Claims::new(user, session_ends_ms);
    // By the clock that revocations have, to which their leeway for other clocks does not apply.
    claims.issued_at_ms = Some(now_ms.saturating_add(LEEWAY_MS));
    // With the caller's token its tickets are revoked, and the sessions that were opened with them.
    let creator_token = caller.identity.as_ref().and_then(|identity| identity.claims.id.clone());
    claims.id = creator_token.clone();
    claims.issuer = caller.identity.as_ref().and_then(|identity| identity.claims.issuer.clone());
    claims.namespace = caller.namespace().to_owned();
    claims.grants.can = if rooms.is_empty() { Permissions::default() } else { permissions() };
    claims.grants.rooms = rooms;
    Ok(Ticket {
        protocol,
        client_id: create.client_id.as_str().into(),
        identity: Arc::new(Identity {
            creator: caller.identity.as_ref().map(|identity| identity.user.clone()),
            expires_at_ms: session_ends_ms,
            ..Identity::of(&claims)
        }),
        creator: (caller.subject(), creator_token),
        expires_at_ms,
    })
}

/// Returns the digest of a request without its id.
pub(super) fn digest_of_ticket(create: &pb::CreateTicketRequest) -> [u8; 32] {
    let pb::CreateTicketRequest { protocol, client_id, user_id, rooms, ttl_seconds, ends_sessions, request_id: _ } =
        create;
    // Debug text escapes quotes, so that no two requests have the same.
    Sha256::digest(format!("{:?}", (protocol, client_id, user_id, rooms, ttl_seconds, ends_sessions))).into()
}
