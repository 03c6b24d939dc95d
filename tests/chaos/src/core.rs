//! The client's side of a session, written from the contract alone: numbering, acknowledgments, retransmission.
//!
//! It shares no code with the clients of this repository, so that it does not share their defects.

use std::collections::{HashMap, VecDeque};

use wigwag_proto::v1::{
    ClientFrame, Hello, Pong, Resume, ServerFrame, Welcome, client_frame::Body, server_frame, welcome::Outcome,
};

/// Number of frames after which a bare ack is sent.
const ACK_FRAMES: u32 = 32;

/// A violation of the protocol by the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// A frame's number is not the next one.
    #[error("got frame {got}, expected {due}")]
    Gap {
        /// The expected number.
        due: u32,
        /// The number of the frame.
        got: u32,
    },
    /// An acknowledgment of a frame that was never sent, or one below an earlier acknowledgment.
    #[error("got ack {got}, with {acked} acknowledged and {last} sent before")]
    Ack {
        /// The ack.
        got: u32,
        /// The last acknowledged number before.
        acked: u32,
        /// The last number used.
        last: u32,
    },
    /// The outcome of a welcome does not match the hello, or the peer id has changed.
    #[error("got a welcome that does not match: {0}")]
    Welcome(String),
}

/// Whether a frame is new, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// New, or not numbered.
    Fresh,
    /// A repetition, which must be dropped.
    Seen,
}

/// A resumable session.
#[derive(Debug, Default)]
pub struct Core {
    welcome: Option<Welcome>,
    hello: Hello,
    /// The last number assigned.
    last: u32,
    /// The last number the server acknowledged.
    acked: u32,
    /// The frames above `acked`.
    held: VecDeque<ClientFrame>,
    /// Number of frames of `held` written in this attachment.
    written: usize,
    /// The last number received. Frames are delivered to the application when they are received.
    received: u32,
    /// The last number acknowledged to the server, in this attachment or before.
    reported: u32,
    pong_due: bool,
    ack_due: bool,
    versions: HashMap<String, u32>,
}

impl Core {
    /// Creates a session that will be opened with this hello.
    #[must_use]
    pub fn new(hello: Hello) -> Self {
        Self { hello: Hello { resumable: true, ..hello }, ..Self::default() }
    }

    /// Returns the hello for the next connection.
    #[must_use]
    pub fn hello(&self) -> Hello {
        let resume = self.welcome.as_ref().map(|welcome| Resume {
            session_token: welcome.session_token.clone(),
            epoch: welcome.epoch,
            last_seq: self.received,
            room_versions: self.versions.clone(),
        });
        Hello { resume, ..self.hello.clone() }
    }

    /// Handles the welcome of a connection.
    ///
    /// # Errors
    ///
    /// Returns a [`Breach`] if it does not match the hello.
    pub fn welcomed(&mut self, welcome: Welcome, ack: u32) -> Result<Outcome, Breach> {
        let outcome = welcome.outcome();
        match (&self.welcome, outcome) {
            (None, Outcome::New) => {}
            (Some(before), Outcome::Resumed) => {
                if before.peer_id != welcome.peer_id || before.epoch >= welcome.epoch {
                    let epochs = (before.epoch, welcome.epoch);
                    return Err(Breach::Welcome(format!("another peer id, or an older epoch: {epochs:?}")));
                }
                // The server reads the ack when it ends the old epoch: no later frame has taken effect.
                self.acknowledged(ack)?;
                if ack < self.acked {
                    return Err(Breach::Ack { got: ack, acked: self.acked, last: self.last });
                }
                self.written = 0;
                self.ack_due = true;
            }
            (Some(_), Outcome::Reset) => *self = Self { hello: self.hello.clone(), ..Self::default() },
            (_, other) => return Err(Breach::Welcome(format!("{other:?}"))),
        }
        self.pong_due = false;
        self.welcome = Some(welcome);
        Ok(outcome)
    }

    /// Handles the numbers of a frame other than a welcome.
    ///
    /// # Errors
    ///
    /// Returns a [`Breach`] if they are not in sequence.
    pub fn arrived(&mut self, frame: &ServerFrame) -> Result<Arrival, Breach> {
        self.acknowledged(frame.ack)?;
        if let Some(server_frame::Body::Ping(_)) = frame.body {
            self.pong_due = true;
        }
        if frame.seq == 0 {
            return Ok(Arrival::Fresh);
        }
        if frame.seq <= self.received {
            self.ack_due = true;
            return Ok(Arrival::Seen);
        }
        if frame.seq != self.received + 1 {
            return Err(Breach::Gap { due: self.received + 1, got: frame.seq });
        }
        self.received = frame.seq;
        if self.received - self.reported >= ACK_FRAMES {
            self.ack_due = true;
        }
        Ok(Arrival::Fresh)
    }

    /// Removes frames that the server has acknowledged. Acknowledgments are cumulative; an older one has no effect.
    ///
    /// # Errors
    ///
    /// Returns [`Breach::Ack`] if the frame was never sent.
    pub fn acknowledged(&mut self, ack: u32) -> Result<(), Breach> {
        if ack > self.last {
            return Err(Breach::Ack { got: ack, acked: self.acked, last: self.last });
        }
        while self.acked < ack {
            self.held.pop_front();
            self.acked += 1;
            self.written = self.written.saturating_sub(1);
        }
        Ok(())
    }

    /// Numbers a frame and holds it until it is acknowledged.
    pub fn push(&mut self, body: Body) -> u32 {
        self.last += 1;
        self.held.push_back(ClientFrame { seq: self.last, ack: 0, body: Some(body) });
        self.last
    }

    /// Returns the next frame to write, which carries an acknowledgment. After a resume it is a bare ack.
    pub fn next_frame(&mut self) -> Option<ClientFrame> {
        let mut frame = if self.pong_due {
            self.pong_due = false;
            ClientFrame { body: Some(Body::Pong(Pong {})), ..ClientFrame::default() }
        } else if self.ack_due {
            ClientFrame::default()
        } else {
            let frame = self.held.get(self.written)?.clone();
            self.written += 1;
            frame
        };
        self.ack_due = false;
        frame.ack = self.received;
        self.reported = self.received;
        Some(frame)
    }

    /// Makes [`Self::next_frame`] start again after the last acknowledged frame, since later ones may not have arrived.
    pub fn rewind(&mut self) {
        self.written = 0;
    }

    /// Makes the next frame a bare ack if frames have not been acknowledged.
    pub fn ack_now(&mut self) {
        self.ack_due |= self.received > self.reported;
    }

    /// Stores a room's version for the next resume.
    pub fn room_version(&mut self, room: &str, version: Option<u32>) {
        match version {
            Some(version) => self.versions.insert(room.to_owned(), version),
            None => self.versions.remove(room),
        };
    }

    /// Returns the number of frames that the server has not acknowledged.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Returns the numbers of those frames.
    pub fn unacknowledged(&self) -> impl Iterator<Item = u32> {
        self.held.iter().map(|frame| frame.seq)
    }

    /// Returns the welcome of this attachment.
    #[must_use]
    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn welcome(outcome: Outcome, epoch: u32) -> Welcome {
        Welcome { peer_id: "p".into(), epoch, outcome: outcome.into(), ..Welcome::default() }
    }

    fn opened() -> Core {
        let mut core = Core::new(Hello::default());
        assert!(core.hello().resumable && core.hello().resume.is_none());
        assert_eq!(core.welcomed(welcome(Outcome::New, 1), 0), Ok(Outcome::New));
        core
    }

    fn frame(seq: u32) -> ServerFrame {
        ServerFrame { seq, ..ServerFrame::default() }
    }

    #[test]
    fn unacknowledged_frames_are_written_again_after_a_bare_ack() {
        let mut core = opened();
        for seq in 1..=3 {
            assert_eq!(core.push(Body::Bye(Default::default())), seq);
            assert_eq!(core.next_frame().expect("a frame").seq, seq);
        }
        assert_eq!(core.arrived(&frame(1)), Ok(Arrival::Fresh));
        assert_eq!(core.hello().resume.expect("a session").last_seq, 1);
        assert_eq!(core.welcomed(welcome(Outcome::Resumed, 2), 2), Ok(Outcome::Resumed));
        let bare = core.next_frame().expect("a bare ack");
        assert_eq!((bare.seq, bare.ack, bare.body), (0, 1, None));
        assert_eq!(core.next_frame().expect("what is missing").seq, 3);
        assert_eq!((core.next_frame(), core.held()), (None, 1));
    }

    #[test]
    fn gaps_are_breaches_and_repetitions_are_dropped() {
        let mut core = opened();
        assert_eq!(core.arrived(&frame(1)), Ok(Arrival::Fresh));
        assert_eq!(core.arrived(&frame(1)), Ok(Arrival::Seen));
        assert_eq!(core.arrived(&frame(3)), Err(Breach::Gap { due: 2, got: 3 }));
        assert_eq!(core.acknowledged(1), Err(Breach::Ack { got: 1, acked: 0, last: 0 }));
    }

    #[test]
    fn acknowledgments_are_due_after_32_frames() {
        let mut core = opened();
        for seq in 1..=31 {
            core.arrived(&frame(seq)).expect("in order");
        }
        assert_eq!(core.next_frame(), None);
        core.arrived(&frame(32)).expect("in order");
        assert_eq!(core.next_frame().expect("an ack").ack, 32);
        core.arrived(&frame(33)).expect("in order");
        core.ack_now();
        assert_eq!(core.next_frame().expect("an ack").ack, 33);
    }

    #[test]
    fn a_resume_must_keep_the_peer_id_and_raise_the_epoch() {
        assert!(opened().welcomed(welcome(Outcome::New, 2), 0).is_err());
        assert!(opened().welcomed(welcome(Outcome::Resumed, 1), 0).is_err());
        let other = Welcome { peer_id: "q".into(), ..welcome(Outcome::Resumed, 2) };
        assert!(opened().welcomed(other, 0).is_err());
    }

    #[test]
    fn a_reset_starts_over() {
        let mut core = opened();
        core.push(Body::Bye(Default::default()));
        core.room_version("demo", Some(3));
        assert_eq!(core.welcomed(welcome(Outcome::Reset, 1), 0), Ok(Outcome::Reset));
        assert_eq!((core.held(), core.push(Body::Bye(Default::default()))), (0, 1));
        assert!(core.hello().resume.expect("the new session").room_versions.is_empty());
    }
}
