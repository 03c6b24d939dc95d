//! The update mask of UpdateRoom: the fields to change (google.protobuf.FieldMask in JSON, AIP-134).

use axum::body::Bytes;
use serde::Deserialize;
use wigwag_node::error::ApiError;
use wigwag_proto::v1::UpdateRoomRequest;

use super::request::Target;

/// The mask in a body, beside the fields of the request.
#[derive(Default, Deserialize)]
struct BodyMask {
    #[serde(default, rename = "updateMask", alias = "update_mask")]
    update_mask: Option<String>,
}

/// Returns the mask in the query, or else in the body; empty if there is none.
pub(super) fn of(target: &Target, body: &Bytes) -> Result<String, ApiError> {
    let in_query = target.text("updateMask");
    if !in_query.is_empty() || body.is_empty() {
        return Ok(in_query);
    }
    // The body was read before: only the mask can be wrong.
    let in_body: Result<BodyMask, _> = serde_json::from_slice(body);
    let mask =
        in_body.map_err(|_| ApiError::invalid("update_mask", "must be text: list fields, separated by commas"))?;
    Ok(mask.update_mask.unwrap_or_default())
}

/// Returns a request that changes only the fields that the mask names. An empty mask, and `*`, name all fields that are
/// set.
///
/// # Errors
///
/// INVALID_FIELD if the mask names a field that cannot be changed, or one that is not set.
pub(super) fn apply(mask: &str, update: UpdateRoomRequest) -> Result<UpdateRoomRequest, ApiError> {
    if mask.is_empty() || mask == "*" {
        return Ok(update);
    }
    let mut masked = UpdateRoomRequest { room: update.room.clone(), ..UpdateRoomRequest::default() };
    for name in mask.split(',').map(str::trim) {
        let set = match name {
            "displayName" | "display_name" => {
                masked.display_name.clone_from(&update.display_name);
                update.display_name.is_some()
            }
            "maxMembers" | "max_members" => {
                masked.max_members = update.max_members;
                update.max_members.is_some()
            }
            "duplicateUsers" | "duplicate_users" => {
                masked.duplicate_users = update.duplicate_users;
                update.duplicate_users != 0
            }
            "metadata" => {
                masked.metadata.clone_from(&update.metadata);
                !update.metadata.is_empty()
            }
            "emptyTimeoutMs" | "empty_timeout_ms" => {
                masked.empty_timeout_ms = update.empty_timeout_ms;
                update.empty_timeout_ms.is_some()
            }
            _ => {
                let why = "names a field that UpdateRoom cannot change: use displayName, maxMembers, duplicateUsers, \
                           metadata, emptyTimeoutMs, or *";
                return Err(ApiError::invalid("update_mask", why));
            }
        };
        if !set {
            let why = format!("names {name}, which the body does not set: set it, or leave it out of the mask");
            return Err(ApiError::invalid("update_mask", why));
        }
    }
    Ok(masked)
}
