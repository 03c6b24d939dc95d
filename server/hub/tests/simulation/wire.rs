//! What travels between a client and the server, and the connection it travels on.

use std::{collections::VecDeque, sync::Arc};

use wigwag_hub::{
    Attachment, Item, PeerId, Reason, RoomName,
    backend::{Credentials, Resume},
};

/// A frame from a client. `seq` 0 and no body: a bare ack.
#[derive(Clone, Debug)]
pub struct Up {
    pub seq: u32,
    pub ack: u32,
    pub body: Option<Ask>,
}

#[derive(Clone, Debug)]
pub enum Ask {
    Open { resumable: bool, replaces: Option<Credentials> },
    Resume(Resume),
    Send(Letter),
    Join(RoomName),
    Leave(RoomName),
    Update(RoomName, String),
    Remove(RoomName, PeerId, bool),
    EndRoom(RoomName),
    Bye,
}

/// An envelope before the server has it.
#[derive(Clone, Debug)]
pub struct Letter {
    pub id: u64,
    pub room: Option<RoomName>,
    pub to: Option<PeerId>,
    pub receipt: bool,
    /// Bytes beyond what it must hold.
    pub padding: usize,
}

/// A frame from the server.
#[derive(Debug)]
pub enum Down {
    Welcome {
        credentials: Credentials,
        epoch: u32,
        outcome: Outcome,
        applied: u32,
    },
    Item {
        ack: u32,
        item: Item,
    },
    /// The server ended the connection; with a reason when that is the end of the session for good.
    Closed(Option<Reason>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    New,
    Resumed,
    Reset(Reason),
}

/// How the client's side of a link ended, as far as the server can tell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fin {
    Open,
    Closed,
    /// Gone without a word: only a heartbeat will tell.
    Silent,
}

/// The server's half of a link.
pub enum Door {
    Waiting,
    Attached(Arc<dyn Attachment>),
    Closed,
}

/// One connection.
pub struct Link {
    /// Which one, of its run.
    pub number: usize,
    pub up: VecDeque<Up>,
    pub fin: Fin,
    pub down: VecDeque<Down>,
    /// The client does not read any more.
    pub deaf: bool,
    pub door: Door,
}

impl Link {
    pub fn new(number: usize) -> Self {
        Self { number, up: VecDeque::new(), fin: Fin::Open, down: VecDeque::new(), deaf: false, door: Door::Waiting }
    }

    pub fn send(&mut self, frame: Down) {
        if !self.deaf {
            self.down.push_back(frame);
        }
    }
}
