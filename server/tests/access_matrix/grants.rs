//! What a token or a ticket permits, as docs/access.md says.

use std::collections::BTreeSet;

use wigwag_token::Permissions;

use crate::random::Rng;

pub(crate) const ROOMS: [&str; 5] = ["a", "a1", "b", "b1", "c"];
const PATTERNS: [&str; 7] = ["*", "a", "a*", "b*", "b1", "c", "d"];
const GRANTS: [&str; 7] = ["join", "create", "send", "broadcast", "direct", "list", "manage"];
/// What a ticket gives in its rooms.
const OF_TICKETS: [&str; 4] = ["join", "create", "send", "broadcast"];

/// The grants of one user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    pub(crate) patterns: Vec<&'static str>,
    can: BTreeSet<&'static str>,
}

impl Grants {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        // Mostly many, so that something happens.
        let can = GRANTS.into_iter().filter(|_| !rng.once_in(4)).collect();
        Self { patterns: random_patterns(rng), can }
    }

    pub(crate) fn everything() -> Self {
        Self { patterns: vec!["*"], can: GRANTS.into() }
    }

    /// The grants of a ticket.
    pub(crate) fn of_ticket(patterns: Vec<&'static str>) -> Self {
        Self { patterns, can: OF_TICKETS.into() }
    }

    pub(crate) fn can(&self, grant: &str) -> bool {
        self.can.contains(grant)
    }

    pub(crate) fn admits(&self, room: &str) -> bool {
        self.patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => room.starts_with(prefix),
            None => *pattern == room,
        })
    }

    pub(crate) fn permits(&self, grant: &str, room: &str) -> bool {
        self.can(grant) && self.admits(room)
    }

    pub(crate) fn reads(&self, room: &str) -> bool {
        self.permits("list", room) || self.permits("manage", room)
    }

    pub(crate) fn reads_some(&self) -> bool {
        self.can("list") || self.can("manage")
    }

    /// Returns whether a caller with these grants may create a ticket for these rooms.
    pub(crate) fn gives(&self, rooms: &[&str], without_rooms: bool) -> bool {
        let covers = |room: &&str| {
            self.patterns.iter().any(|own| match own.strip_suffix('*') {
                Some(prefix) => room.trim_end_matches('*').starts_with(prefix),
                None => own == room,
            })
        };
        self.can("manage")
            && rooms.iter().all(covers)
            && (rooms.is_empty() || OF_TICKETS.into_iter().all(|grant| self.can(grant)))
            && (!without_rooms || self.can("direct"))
    }

    pub(crate) fn permissions(&self) -> Permissions {
        let mut can = Permissions::default();
        for name in &self.can {
            can |= Permissions::parse(name).expect("a permission");
        }
        can
    }
}

/// Up to two patterns.
pub(crate) fn random_patterns(rng: &mut Rng) -> Vec<&'static str> {
    (0..rng.below(3)).map(|_| rng.pick(&PATTERNS)).collect()
}
