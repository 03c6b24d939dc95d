//! `rooms` and `can` of an issuer or a certificate.

use wigwag_token::{Grants, Permissions, RoomPattern};

use super::super::error::ConfigErrors;

/// Reads the grants of the entry `name`.
pub(super) fn read(name: &str, rooms: &[String], can: &[String], errors: &mut ConfigErrors) -> Grants {
    let mut grants = Grants::default();
    for (at, room) in rooms.iter().enumerate() {
        match RoomPattern::parse(room) {
            Ok(pattern) => grants.rooms.push(pattern),
            Err(error) => errors.add(&format!("{name}.rooms[{at}]"), format!("{room:?}"), error.to_string()),
        }
    }
    for (at, permission) in can.iter().enumerate() {
        match Permissions::parse(permission) {
            Some(permission) => grants.can |= permission,
            None => {
                let known = Permissions::all().names().collect::<Vec<_>>().join(", ");
                errors.add(&format!("{name}.can[{at}]"), format!("{permission:?}"), format!("one of {known}"));
            }
        }
    }
    grants
}
