//! Frames between a client and the server, and the link that carries them.

use std::{collections::VecDeque, sync::Arc};

use wigwag_hub::{
    Attachment, Item, PeerId, Reason, RoomName,
    backend::{Credentials, Resume},
    contract::kit::WrittenCount,
};

/// A frame from a client. `seq` 0 and no body: a bare ack.
#[derive(Clone, Debug)]
pub struct Up {
    pub seq: u32,
    pub ack: u32,
    pub body: Option<Request>,
}

#[derive(Clone, Debug)]
pub enum Request {
    Open { resumable: bool, replaces: Option<Credentials> },
    Resume(Resume),
    Send(Message),
    Join(RoomName),
    Leave(RoomName),
    Update(RoomName, String),
    Remove(RoomName, PeerId, bool),
    EndRoom(RoomName),
    Bye,
}

/// An envelope as the client sends it.
#[derive(Clone, Debug)]
pub struct Message {
    pub id: u64,
    pub room: Option<RoomName>,
    pub to: Option<PeerId>,
    pub receipt: bool,
    /// Additional bytes.
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
    /// The server closed the connection; with a reason if that ends the session.
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
    /// Gone without a notice: only a heartbeat will detect it.
    Silent,
}

/// The server's end of a link.
pub enum ServerEnd {
    Waiting,
    Attached(Arc<dyn Attachment>),
    Closed,
}

/// A connection.
pub struct Link {
    /// Its number in the run.
    pub number: usize,
    pub up: VecDeque<Up>,
    pub fin: Fin,
    pub down: VecDeque<Down>,
    /// The client no longer reads.
    pub abandoned: bool,
    pub server: ServerEnd,
    /// What was put on the link, which in a live session counts as written.
    pub written: Arc<WrittenCount>,
}

impl Link {
    pub fn new(number: usize) -> Self {
        Self {
            number,
            up: VecDeque::new(),
            fin: Fin::Open,
            down: VecDeque::new(),
            abandoned: false,
            server: ServerEnd::Waiting,
            written: Arc::default(),
        }
    }

    pub fn send(&mut self, frame: Down) {
        if !self.abandoned {
            self.down.push_back(frame);
        }
    }
}
