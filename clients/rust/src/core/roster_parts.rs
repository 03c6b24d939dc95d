//! Puts the parts of a large roster together.

use wigwag_proto::v1::{Joined, Roster, ServerFrame, server_frame::Body};

/// The parts of a roster do not follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server sent another frame between the parts of a roster")]
pub(crate) struct BadParts;

/// The parts of a roster that have arrived on the present connection.
///
/// A room appears with all its members at once, and what is known of it stays as it was until the last part has arrived: a
/// resume before that asks for all of it again.
#[derive(Debug, Default)]
pub(crate) struct RosterParts {
    /// The first part, with the members of the others.
    first: Option<Box<ServerFrame>>,
}

impl RosterParts {
    /// Returns the frame to handle: a `joined` or `roster` with all its members, or any other. `None`: more parts follow.
    pub(crate) fn add(&mut self, mut frame: ServerFrame) -> Result<Option<ServerFrame>, BadParts> {
        let Some(mut first) = self.first.take() else {
            if !take_more(&mut frame) {
                return Ok(Some(frame));
            }
            self.first = Some(Box::new(frame));
            return Ok(None);
        };
        let part = match frame.body {
            Some(Body::Roster(part)) => part,
            // Only frames that have nothing to do with the session's state may come between parts.
            None | Some(Body::Ping(_)) => {
                self.first = Some(first);
                return Ok(Some(frame));
            }
            // It ends the connection.
            Some(Body::Error(ref error)) if error.fatal => return Ok(Some(frame)),
            _ => return Err(BadParts),
        };
        let (room, version, members) = match &mut first.body {
            Some(Body::Joined(Joined { room, version, members, .. })) => (room, version, members),
            Some(Body::Roster(Roster { room, version, members, .. })) => (room, version, members),
            _ => return Err(BadParts),
        };
        if *room != part.room || *version != part.version {
            return Err(BadParts);
        }
        members.extend(part.members);
        first.ack = first.ack.max(frame.ack);
        if part.more {
            self.first = Some(first);
            return Ok(None);
        }
        Ok(Some(*first))
    }
}

/// Returns whether more parts follow, and removes the mark: the frame will hold them all.
fn take_more(frame: &mut ServerFrame) -> bool {
    match &mut frame.body {
        Some(Body::Joined(joined)) => std::mem::take(&mut joined.more),
        Some(Body::Roster(roster)) => std::mem::take(&mut roster.more),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use wigwag_proto::v1::{Member, MemberLeft, Ping};

    use super::*;

    fn members(names: &[&str]) -> Vec<Member> {
        names.iter().map(|name| Member { peer_id: (*name).to_owned(), ..Member::default() }).collect()
    }

    fn joined(names: &[&str], more: bool) -> ServerFrame {
        let joined = Joined { room: "demo".into(), version: 7, members: members(names), more, ..Joined::default() };
        ServerFrame { seq: 3, ack: 1, reply_to: 2, body: Some(Body::Joined(joined)) }
    }

    fn part(names: &[&str], more: bool) -> ServerFrame {
        let roster = Roster { room: "demo".into(), version: 7, members: members(names), more, ..Roster::default() };
        ServerFrame { ack: 4, body: Some(Body::Roster(roster)), ..ServerFrame::default() }
    }

    #[test]
    fn parts_become_the_frame_that_holds_them_all() {
        let mut parts = RosterParts::default();
        let ping = ServerFrame { body: Some(Body::Ping(Ping {})), ..ServerFrame::default() };
        let whole = ServerFrame { ack: 4, ..joined(&["a", "b", "c"], false) };
        for _ in 0..2 {
            assert_eq!(parts.add(joined(&["a"], true)), Ok(None));
            assert_eq!(parts.add(ping.clone()), Ok(Some(ping.clone())));
            assert_eq!(parts.add(part(&["b"], true)), Ok(None));
            assert_eq!(parts.add(part(&["c"], false)), Ok(Some(whole.clone())));
        }
        assert_eq!(parts.add(part(&["a"], true)), Ok(None));
        assert_eq!(parts.add(part(&["b"], false)), Ok(Some(part(&["a", "b"], false))));
        assert_eq!(parts.add(part(&["a"], false)), Ok(Some(part(&["a"], false))));
    }

    #[test]
    fn what_does_not_belong_between_parts_is_a_violation() {
        let left = Some(Body::MemberLeft(MemberLeft { room: "demo".into(), version: 8, ..MemberLeft::default() }));
        let mut other = part(&["b"], true);
        if let Some(Body::Roster(roster)) = &mut other.body {
            roster.version = 8;
        }
        for frame in [ServerFrame { body: left, ..ServerFrame::default() }, other, joined(&["b"], false)] {
            let mut parts = RosterParts::default();
            assert_eq!(parts.add(joined(&["a"], true)), Ok(None));
            assert_eq!(parts.add(frame), Err(BadParts));
        }
    }
}
