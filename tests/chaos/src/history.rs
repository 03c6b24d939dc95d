//! What every client of a run saw, in the order in which it saw it.

use std::{
    fs::File,
    io::{self, BufWriter, Write as _},
    path::Path,
};

use crate::dial::Door;

/// A session of the run, by its place in [`History::logs`].
pub type Who = u32;

/// A room of the run, by its place in [`History::rooms`].
pub type Where = u16;

/// A peer id nobody of the run has.
pub const STRANGER: Who = Who::MAX;

/// Everything a run left behind.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// One log for each session.
    pub logs: Vec<Vec<Event>>,
    /// The rooms.
    pub rooms: Vec<RoomPlan>,
}

impl History {
    /// Writes each session's log into a file of its own in this directory, one event a line.
    ///
    /// # Errors
    ///
    /// When that is not possible.
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

/// Who was in a room from before the first message until behind the last.
#[derive(Clone, Debug, Default)]
pub struct RoomPlan {
    /// The room's name.
    pub name: String,
    /// The sessions that never leave it. An envelope to the whole room must reach each of them.
    pub residents: Vec<Who>,
}

/// Whom an envelope is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Everybody else in the room.
    All,
    /// One session.
    One(Who),
}

/// What became of an envelope, as a receipt says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged by its receiver.
    Delivered,
    /// Not confirmed: the receiver's mailbox was full.
    Undeliverable,
    /// Something else, for which no receiver of a run gives cause.
    Other,
}

/// One thing a client did or saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It gave envelope `n` of its own, counted from 1 without gaps, to its session.
    Sent {
        /// Which.
        n: u32,
        /// In which room; `None` = outside any.
        room: Option<Where>,
        /// For whom.
        to: To,
        /// It wants to hear of success.
        receipt: bool,
    },
    /// The server did not accept its envelope `n`.
    Refused {
        /// Which.
        n: u32,
        /// Why.
        reason: String,
    },
    /// At the end of the run the server had still not acknowledged its envelope `n`.
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
        /// What became of it.
        outcome: Outcome,
    },
    /// Envelope `n` of another session.
    Received {
        /// Who sent it, as the server says.
        from: Who,
        /// Who sent it, as the payload says.
        author: Who,
        /// Which of the author's.
        n: u32,
        /// In which room; `None` = outside any.
        room: Option<Where>,
    },
    /// It asked for a seat.
    Entering {
        /// Which.
        room: Where,
    },
    /// It took a seat, or asked again for the roster of a room it sits in.
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
    /// Its seat is gone.
    Left {
        /// Which.
        room: Where,
        /// Why.
        reason: String,
    },
    /// Presence: a member came.
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
    /// Presence: a member went.
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
    /// Presence: the whole room in place of changes.
    Roster {
        /// Where.
        room: Where,
        /// The room's version.
        version: u32,
        /// The others.
        members: Vec<Who>,
    },
    /// Its connection was lost, or given up.
    Lost,
    /// The server named a reason before it ended the connection.
    Cut {
        /// Which.
        reason: String,
    },
    /// It came back and goes on.
    Resumed {
        /// Through which door.
        door: Door,
        /// That is another one than the connection before came through.
        moved: bool,
    },
    /// Its session is gone; the server gave it a new one.
    Reset {
        /// Why.
        reason: String,
    },
    /// The server did what the contract rules out, noticed by the client at once: a gap, an ack of the future.
    Breach(String),
}
