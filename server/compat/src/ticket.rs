//! Admits clients with tickets, if the server requires tokens.

use wigwag_node::{
    auth::{Caller, Ticket},
    error::ApiError,
    node::{Node, random_name},
};

use crate::error::CompatError;

/// Returns the ticket of a client; `None` without authentication. `id`: the id under which the client connects, if it names
/// one. `room`: the room that it connects to, if the protocol has one.
///
/// # Errors
///
/// TOKEN_MISSING, TOKEN_INVALID; FORBIDDEN if the ticket is for another id, or does not admit the room, or the webhook says so;
/// WEBHOOK_UNAVAILABLE.
pub(crate) async fn admit(
    node: &Node,
    caller: &Caller,
    protocol: &'static str,
    id: Option<&str>,
    room: Option<&str>,
) -> Result<Option<Ticket>, CompatError> {
    let ticket = node.admit_ticket(caller, protocol, id).await?;
    match (&ticket, id) {
        (Some(ticket), Some(id)) if *ticket.client_id != *id => {
            let why = "the ticket is for another id: connect with the client_id that it was created for";
            Err(ApiError::forbidden(why).into())
        }
        // Before a session is opened: it might take the place of another one.
        _ => match (&ticket, room) {
            (Some(ticket), Some(room)) if !ticket.identity.grants().admits(room) => {
                Err(ApiError::forbidden("the ticket does not admit this room: create one whose rooms match it").into())
            }
            _ => Ok(ticket),
        },
    }
}

/// Returns the id of a client that does not name one: that of its ticket, else one that cannot be guessed.
#[cfg(any(feature = "plain-json", feature = "connector", feature = "socketio"))]
pub(crate) fn client_id(ticket: Option<&Ticket>) -> String {
    ticket.map_or_else(random_name, |ticket| ticket.client_id.to_string())
}

/// Returns the secret of a session that was opened with a ticket: a connection with the same one takes its place.
#[cfg(any(feature = "plain-json", feature = "connector", feature = "socketio"))]
pub(crate) fn secret(caller: &Caller, ticket: Option<&Ticket>) -> Option<String> {
    let token = caller.token.as_ref().filter(|_| ticket.is_some())?;
    Some(token.expose().to_owned())
}
