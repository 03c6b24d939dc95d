//! A record of what every client of a run saw, in order.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
};

use crate::dial::Transport;

/// A session of the run, by its index in [`History::logs`].
pub type Who = u32;

/// A room of the run, by its index in [`History::rooms`].
pub type Where = u16;

/// Stands for a peer id that no session of the run has.
pub const UNKNOWN: Who = Who::MAX;

/// The complete record of a run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// One log for each session.
    pub logs: Vec<Vec<Event>>,
    /// The rooms.
    pub rooms: Vec<RoomPlan>,
}

impl History {
    /// Writes each session's log to a separate file in this directory, one event per line.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be written.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        std::fs::create_dir_all(directory)?;
        for (who, log) in self.logs.iter().enumerate() {
            let mut file = BufWriter::new(File::create(directory.join(format!("{who}.log")))?);
            for event in log {
                writeln!(file, "{event:?}")?;
            }
            file.flush()?;
        }
        Ok(())
    }
}

/// A room, and its members that were in it from before the first message until after the last.
#[derive(Clone, Debug, Default)]
pub struct RoomPlan {
    /// The room's name.
    pub name: String,
    /// The sessions that never leave it. An envelope to the whole room must reach each of them.
    pub residents: Vec<Who>,
}

/// Recipients of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// All other members of the room.
    All,
    /// One session.
    One(Who),
}

/// Outcome of an envelope, as a receipt reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver acknowledged it.
    Delivered,
    /// Not confirmed: the receiver's mailbox was full.
    Undeliverable,
    /// Any other outcome; none is expected in a run.
    Other,
}

/// An action or observation of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It sent its envelope `n`, counted from 1 without gaps.
    Sent {
        /// Which.
        n: u32,
        /// In which room; `None` = a direct envelope.
        room: Option<Where>,
        /// The recipients.
        to: To,
        /// Whether it requested a receipt for success.
        receipt: bool,
    },
    /// The server did not accept its envelope `n`.
    Refused {
        /// Which.
        n: u32,
        /// Why.
        reason: String,
    },
    /// The server had not acknowledged its envelope `n` by the end of the run.
    Unaccepted {
        /// Which.
        n: u32,
    },
    /// A receipt for its envelope `n`.
    Receipt {
        /// Which.
        n: u32,
        /// The receiver.
        peer: Who,
        /// The outcome.
        outcome: Outcome,
    },
    /// It received envelope `n` of another session.
    Received {
        /// The sender according to the server.
        from: Who,
        /// The sender according to the payload.
        author: Who,
        /// The number of the author's envelope.
        n: u32,
        /// In which room; `None` = a direct envelope.
        room: Option<Where>,
    },
    /// It asked to join.
    Entering {
        /// Which.
        room: Where,
    },
    /// It joined, or joined again to get the roster of a room that it is a member of.
    Entered {
        /// Which.
        room: Where,
        /// The room's version.
        version: u32,
        /// The others.
        members: Vec<Who>,
    },
    /// It asked to leave.
    Leaving {
        /// Which.
        room: Where,
    },
    /// It is no longer a member.
    Left {
        /// Which.
        room: Where,
        /// Why.
        reason: String,
    },
    /// Presence: a peer joined.
    Joined {
        /// Where.
        room: Where,
        /// The room's version.
        version: u32,
        /// Who.
        peer: Who,
    },
    /// Presence: a member or the room changed.
    Updated {
        /// Where.
        room: Where,
        /// The room's version.
        version: u32,
        /// Who; `None` = the room itself.
        peer: Option<Who>,
    },
    /// Presence: a member left.
    Gone {
        /// Where.
        room: Where,
        /// The room's version.
        version: u32,
        /// Who.
        peer: Who,
        /// Why.
        reason: String,
    },
    /// Presence: the complete room in place of individual changes.
    Roster {
        /// Where.
        room: Where,
        /// The room's version.
        version: u32,
        /// The others.
        members: Vec<Who>,
    },
    /// Its connection was lost or abandoned.
    Lost,
    /// The server sent a reason before it closed the connection.
    Cut {
        /// Which.
        reason: String,
    },
    /// It resumed.
    Resumed {
        /// The transport.
        transport: Transport,
        /// Whether the previous connection used a different transport.
        moved: bool,
    },
    /// Its session was lost; the server opened a new one.
    Reset {
        /// Why.
        reason: String,
    },
    /// The client noticed a violation of the protocol: a gap, an ack of a frame that was never sent.
    Breach(String),
}
