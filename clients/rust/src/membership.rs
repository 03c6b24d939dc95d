//! This session's membership in a room, as the driver keeps it up to date and the handles read it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::{core::roster::Roster, event::Event, member::Member};

/// What all handles to one joined room share.
#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) room: Arc<str>,
    pub(crate) roster: watch::Receiver<Roster>,
    pub(crate) events: async_channel::Receiver<Event>,
    /// Whether joining created the room.
    pub(crate) created: bool,
    /// The members that were there when this session joined.
    pub(crate) found: Vec<Member>,
}
