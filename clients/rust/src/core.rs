//! A session's state without I/O, clock or tasks: frames sent and not acknowledged, frames received and delivered.
//!
//! The driver owns one [`Core`], asks it what to write next and passes it what arrived. Everything that makes a session
//! reliable over lost connections is decided here, so that it can be tested without a network.

#[cfg(test)]
mod property_tests;
pub(crate) mod receive_state;
pub(crate) mod roster;
mod roster_parts;
#[cfg(test)]
mod roster_property_tests;
pub(crate) mod send_buffer;

use std::collections::HashMap;

use wigwag_proto::v1::{ClientFrame, Pong, Resume, ServerFrame, Welcome, client_frame, welcome};

use self::{
    receive_state::{Arrival, ReceiveState},
    roster_parts::{BadParts, RosterParts},
    send_buffer::{BadAck, SendBuffer},
};

/// The sequence numbers of one session in both directions, and the secret that resumes it.
#[derive(Debug, Default)]
pub(crate) struct Core {
    pub(crate) send_buffer: SendBuffer,
    pub(crate) receive_state: ReceiveState,
    roster_parts: RosterParts,
    identity: Option<Identity>,
    pong_due: bool,
    /// After a resume, a bare ack is the first frame. It confirms the new epoch to the server.
    ack_first: bool,
    /// An acknowledgment is due now; another frame carries it if there is one.
    ack_forced: bool,
    /// The server is going away and will report what is not acknowledged as undelivered: no acknowledgment waits.
    going_away: bool,
}

#[derive(Clone, PartialEq, Eq)]
struct Identity {
    session_token: String,
    epoch: u32,
}

// The token is a secret: a derived implementation would write it to logs.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// What a `welcome` means for this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Welcomed {
    /// The first session of this client.
    New,
    /// The session was resumed.
    Resumed,
    /// The previous session is lost, and this is a new one.
    Reset,
}

/// A breach of the protocol by the server. The connection must be given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    #[error("the server sent frame {got} where frame {expected} was due")]
    Gap { expected: u32, got: u32 },
    #[error(transparent)]
    Ack(#[from] BadAck),
    #[error("the welcome does not follow the hello")]
    Welcome,
    #[error(transparent)]
    Parts(#[from] BadParts),
}

impl Core {
    /// Returns what resumes the session, for the next `hello`; `None` if there is no session yet.
    pub(crate) fn resume(&mut self, room_versions: HashMap<String, u32>) -> Option<Resume> {
        let identity = self.identity.clone()?;
        Some(Resume {
            session_token: identity.session_token,
            epoch: identity.epoch,
            last_seq: self.receive_state.take_ack(),
            room_versions,
        })
    }

    /// Applies the first frame of a connection. `resuming`: the `hello` asked to resume.
    pub(crate) fn welcomed(&mut self, welcome: &Welcome, ack: u32, resuming: bool) -> Result<Welcomed, Violation> {
        let had_session = self.identity.is_some();
        let outcome = match (welcome.outcome(), resuming) {
            (welcome::Outcome::Resumed, true) => {
                self.send_buffer.resumed(ack)?;
                self.ack_first = true;
                Welcomed::Resumed
            }
            (welcome::Outcome::Reset, true) | (welcome::Outcome::New, false) => {
                self.send_buffer = SendBuffer::default();
                self.receive_state = ReceiveState::default();
                self.ack_first = false;
                if had_session { Welcomed::Reset } else { Welcomed::New }
            }
            _ => return Err(Violation::Welcome),
        };
        self.roster_parts = RosterParts::default();
        self.pong_due = false;
        self.ack_forced = false;
        self.going_away = false;
        self.identity = Some(Identity { session_token: welcome.session_token.clone(), epoch: welcome.epoch });
        Ok(outcome)
    }

    /// Puts the parts of a roster together. Returns the frame to go on with; `None` if more parts follow.
    pub(crate) fn assemble(&mut self, frame: ServerFrame) -> Result<Option<ServerFrame>, Violation> {
        let ack = frame.ack;
        let whole = self.roster_parts.add(frame)?;
        if whole.is_none() {
            self.send_buffer.acknowledged(ack)?;
        }
        Ok(whole)
    }

    /// Applies the `seq` and `ack` of a frame that is not a `welcome`. Returns `false` for a duplicate, to be dropped.
    pub(crate) fn received(&mut self, frame: &ServerFrame) -> Result<bool, Violation> {
        self.send_buffer.acknowledged(frame.ack)?;
        match self.receive_state.accept(frame.seq) {
            Arrival::New => Ok(true),
            Arrival::Duplicate => {
                // The server repeats frames whose acknowledgment it lacks, so acknowledge again.
                self.ack_forced = true;
                Ok(false)
            }
            Arrival::Gap { expected } => Err(Violation::Gap { expected, got: frame.seq }),
        }
    }

    /// Queues a `pong` as the next frame.
    pub(crate) fn ping(&mut self) {
        self.pong_due = true;
    }

    /// Makes an acknowledgment due now, if one is owed.
    pub(crate) fn ack_now(&mut self) {
        self.ack_forced = self.receive_state.owes_ack();
    }

    /// Makes every acknowledgment due at once, until the next welcome: the server is going away.
    pub(crate) fn going_away(&mut self) {
        self.going_away = true;
    }

    /// Returns whether [`Core::next_frame`] has a frame.
    pub(crate) fn has_frame(&self) -> bool {
        self.ack_first || self.pong_due || self.send_buffer.has_unwritten() || self.ack_due()
    }

    fn ack_due(&self) -> bool {
        self.ack_forced || self.receive_state.ack_due() || (self.going_away && self.receive_state.owes_ack())
    }

    /// Returns the next frame to write. A `pong` precedes waiting frames; a bare ack is written only if no other frame
    /// carries it.
    pub(crate) fn next_frame(&mut self) -> Option<ClientFrame> {
        let mut frame = if std::mem::take(&mut self.ack_first) {
            ClientFrame::default()
        } else if std::mem::take(&mut self.pong_due) {
            ClientFrame { body: Some(client_frame::Body::Pong(Pong {})), ..ClientFrame::default() }
        } else if let Some(frame) = self.send_buffer.pop_unwritten() {
            frame
        } else if self.ack_due() {
            ClientFrame::default()
        } else {
            return None;
        };
        self.ack_forced = false;
        frame.ack = self.receive_state.take_ack();
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn welcome(outcome: welcome::Outcome, epoch: u32) -> Welcome {
        Welcome { session_token: "secret".into(), epoch, outcome: outcome.into(), ..Welcome::default() }
    }

    fn opened() -> Core {
        let mut core = Core::default();
        assert_eq!(core.welcomed(&welcome(welcome::Outcome::New, 1), 0, false), Ok(Welcomed::New));
        core
    }

    fn body() -> client_frame::Body {
        client_frame::Body::Join(Default::default())
    }

    #[test]
    fn a_new_session_has_nothing_to_resume_and_no_frame() {
        let mut core = Core::default();
        assert!(core.resume(HashMap::new()).is_none());
        core = opened();
        assert!(!core.has_frame());
        assert!(core.next_frame().is_none());
    }

    #[test]
    fn after_a_resume_a_bare_ack_comes_first_then_what_is_missing() {
        let mut core = opened();
        for _ in 0..3 {
            core.send_buffer.push(body()).expect("number");
            core.next_frame().expect("frame");
        }
        assert!(core.received(&ServerFrame { seq: 1, ..Default::default() }).expect("in order"));
        core.receive_state.delivered(1, 10, false);
        let resume = core.resume(HashMap::from([("demo".into(), 4)])).expect("resumes");
        assert_eq!((resume.epoch, resume.last_seq, resume.room_versions["demo"]), (1, 1, 4));
        assert_eq!(core.welcomed(&welcome(welcome::Outcome::Resumed, 2), 2, true), Ok(Welcomed::Resumed));
        let bare = core.next_frame().expect("bare ack");
        assert_eq!((bare.seq, bare.ack, bare.body.is_none()), (0, 1, true));
        assert_eq!(core.next_frame().expect("missing frame").seq, 3);
        assert!(core.next_frame().is_none());
        assert_eq!(core.resume(HashMap::new()).expect("resumes").epoch, 2);
    }

    #[test]
    fn a_resume_that_forgot_what_was_acknowledged_is_refused() {
        let mut core = opened();
        core.send_buffer.push(body()).expect("number");
        core.next_frame();
        core.received(&ServerFrame { ack: 1, ..Default::default() }).expect("ack");
        let forgot = core.welcomed(&welcome(welcome::Outcome::Resumed, 2), 0, true);
        assert_eq!(forgot, Err(Violation::Ack(BadAck { acked: 1, sent: 1, got: 0 })));
    }

    #[test]
    fn a_reset_starts_both_numberings_again() {
        let mut core = opened();
        core.send_buffer.push(body()).expect("number");
        core.received(&ServerFrame { seq: 1, ..Default::default() }).expect("in order");
        core.receive_state.delivered(1, 1, false);
        assert_eq!(core.welcomed(&welcome(welcome::Outcome::Reset, 1), 0, true), Ok(Welcomed::Reset));
        assert!(!core.has_frame());
        assert_eq!(core.send_buffer.push(body()), Ok(1));
        assert_eq!(core.received(&ServerFrame { seq: 1, ..Default::default() }), Ok(true));
    }

    #[test]
    fn a_welcome_must_fit_the_hello() {
        let mut core = opened();
        assert_eq!(core.welcomed(&welcome(welcome::Outcome::New, 1), 0, true), Err(Violation::Welcome));
        assert_eq!(core.welcomed(&welcome(welcome::Outcome::Resumed, 1), 0, false), Err(Violation::Welcome));
    }

    #[test]
    fn a_pong_goes_before_waiting_envelopes_and_carries_the_ack() {
        let mut core = opened();
        core.send_buffer.push(body()).expect("number");
        core.received(&ServerFrame { seq: 1, ..Default::default() }).expect("in order");
        core.receive_state.delivered(1, 1, false);
        core.ping();
        let pong = core.next_frame().expect("pong");
        assert_eq!((pong.seq, pong.ack), (0, 1));
        assert_eq!(pong.body, Some(client_frame::Body::Pong(Pong {})));
        assert_eq!(core.next_frame().expect("join").seq, 1);
        assert!(!core.has_frame());
    }

    #[test]
    fn acknowledgments_do_not_wait_when_the_server_goes_away() {
        let mut core = opened();
        assert!(core.received(&ServerFrame { seq: 1, ..Default::default() }).expect("in order"));
        core.receive_state.delivered(1, 1, false);
        assert!(!core.has_frame());
        core.going_away();
        assert_eq!(core.next_frame().expect("bare ack").ack, 1);
        assert!(!core.has_frame());
    }

    #[test]
    fn a_frame_seen_before_is_dropped_and_acknowledged_again() {
        let mut core = opened();
        let frame = ServerFrame { seq: 1, ..Default::default() };
        assert_eq!(core.received(&frame), Ok(true));
        core.receive_state.delivered(1, 1, false);
        core.ack_now();
        core.next_frame().expect("ack");
        assert_eq!(core.received(&frame), Ok(false));
        assert_eq!(core.next_frame().expect("ack again").ack, 1);
        assert_eq!(
            core.received(&ServerFrame { seq: 3, ..Default::default() }),
            Err(Violation::Gap { expected: 2, got: 3 })
        );
    }

    #[test]
    fn the_secret_stays_out_of_debug_output() {
        assert!(!format!("{:?}", opened()).contains("secret"));
    }
}
