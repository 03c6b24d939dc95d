//! The core against a model of the server, over connections that are cut at any moment.

use std::collections::VecDeque;

use proptest::prelude::*;
use wigwag_proto::v1::{
    AppData, ClientFrame, Envelope, ServerFrame, Welcome, app_data, client_frame, envelope, server_frame, welcome,
};

use super::{Core, Welcomed};

/// What may happen next.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The application sends.
    Send,
    /// Another peer sends to this session.
    Incoming,
    /// The server sends an unnumbered frame.
    Unnumbered,
    /// The client writes a frame, if it has one.
    Write,
    /// A frame reaches the server.
    ArriveUp,
    /// A frame reaches the client and its events the application.
    ArriveDown,
    /// A frame reaches the client while the application is busy.
    ArriveDownUnread,
    /// The time an acknowledgment may wait has passed.
    AckNow,
    /// The connection breaks with everything on it; the session is resumed.
    Cut,
    /// As `Cut`, and the server repeats frames that were acknowledged.
    CutWithRepeats,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Send),
        4 => Just(Step::Incoming),
        1 => Just(Step::Unnumbered),
        6 => Just(Step::Write),
        6 => Just(Step::ArriveUp),
        6 => Just(Step::ArriveDown),
        1 => Just(Step::ArriveDownUnread),
        1 => Just(Step::AckNow),
        1 => Just(Step::Cut),
        1 => Just(Step::CutWithRepeats),
    ]
}

fn text(number: usize) -> Envelope {
    let content = Some(app_data::Content::Text(number.to_string()));
    Envelope { payload: Some(envelope::Payload::Message(AppData { content })), ..Envelope::default() }
}

fn number(envelope: &Envelope) -> usize {
    match &envelope.payload {
        Some(envelope::Payload::Message(AppData { content: Some(app_data::Content::Text(text)) })) => {
            text.parse().expect("a number")
        }
        other => panic!("no text: {other:?}"),
    }
}

/// The server's half of the protocol, as simple as possible.
#[derive(Default)]
struct Server {
    applied: u32,
    sent: u32,
    mailbox: VecDeque<ServerFrame>,
    /// Acknowledged frames, kept to repeat them.
    released: Vec<ServerFrame>,
    epoch: u32,
    /// The envelopes that took effect, in their order.
    received: Vec<usize>,
}

impl Server {
    fn take(&mut self, frame: ClientFrame) {
        self.release(frame.ack);
        if frame.seq == 0 {
            return;
        }
        assert!(frame.seq <= self.applied + 1, "a gap: {} after {}", frame.seq, self.applied);
        if frame.seq == self.applied + 1 {
            self.applied = frame.seq;
            if let Some(client_frame::Body::Envelope(envelope)) = frame.body {
                self.received.push(number(&envelope));
            }
        }
    }

    fn release(&mut self, ack: u32) {
        assert!(ack <= self.sent, "acknowledged {ack} of {}", self.sent);
        while self.mailbox.front().is_some_and(|frame| frame.seq <= ack) {
            self.released.extend(self.mailbox.pop_front());
        }
    }

    fn send(&mut self, number: usize) -> ServerFrame {
        self.sent += 1;
        let frame = ServerFrame {
            seq: self.sent,
            ack: self.applied,
            reply_to: 0,
            body: Some(server_frame::Body::Envelope(text(number))),
        };
        self.mailbox.push_back(frame.clone());
        frame
    }
}

#[derive(Default)]
struct World {
    core: Core,
    server: Server,
    up: VecDeque<ClientFrame>,
    down: VecDeque<ServerFrame>,
    /// Received, and its events not yet delivered to the application.
    unread: Option<ServerFrame>,
    /// What the application has read.
    read: Vec<usize>,
    sent: usize,
    incoming: usize,
}

impl World {
    fn open() -> Self {
        let mut world = Self::default();
        world.server.epoch = 1;
        let outcome = world.core.welcomed(&world.welcome(welcome::Outcome::New), 0, false);
        assert_eq!(outcome, Ok(Welcomed::New));
        world
    }

    fn welcome(&self, outcome: welcome::Outcome) -> Welcome {
        Welcome { epoch: self.server.epoch, outcome: outcome.into(), session_token: "t".into(), ..Welcome::default() }
    }

    fn read_unread(&mut self) {
        if let Some(frame) = self.unread.take() {
            if let Some(server_frame::Body::Envelope(envelope)) = &frame.body {
                self.read.push(number(envelope));
            }
            self.core.receive_state.delivered(frame.seq, 1, false);
        }
    }

    fn arrive_down(&mut self) {
        // As the driver does: no frame is read while events of the last one wait.
        self.read_unread();
        if let Some(frame) = self.down.pop_front()
            && self.core.received(&frame).expect("the server follows the protocol")
        {
            self.unread = Some(frame);
        }
    }

    fn cut(&mut self, repeats: usize) {
        self.up.clear();
        self.down.clear();
        let resume = self.core.resume(Default::default()).expect("a session to resume");
        assert_eq!(resume.epoch, self.server.epoch);
        self.server.release(resume.last_seq);
        self.server.epoch += 1;
        let welcome = self.welcome(welcome::Outcome::Resumed);
        let outcome = self.core.welcomed(&welcome, self.server.applied, true);
        assert_eq!(outcome, Ok(Welcomed::Resumed));
        let from = self.server.released.len().saturating_sub(repeats);
        self.down.extend(self.server.released[from..].iter().cloned());
        self.down.extend(self.server.mailbox.iter().cloned());
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Send if self.core.send_buffer.has_room() => {
                let body = client_frame::Body::Envelope(text(self.sent));
                self.core.send_buffer.push(body).expect("numbers are left");
                self.sent += 1;
            }
            Step::Send => {}
            Step::Incoming => {
                let frame = self.server.send(self.incoming);
                self.incoming += 1;
                self.down.push_back(frame);
            }
            Step::Unnumbered => {
                let ping = server_frame::Body::Ping(Default::default());
                self.down.push_back(ServerFrame { ack: self.server.applied, body: Some(ping), ..Default::default() });
            }
            Step::Write => {
                assert_eq!(self.core.has_frame(), {
                    let frame = self.core.next_frame();
                    self.up.extend(frame.clone());
                    frame.is_some()
                });
            }
            Step::ArriveUp => {
                if let Some(frame) = self.up.pop_front() {
                    self.server.take(frame);
                }
            }
            Step::ArriveDown => {
                self.arrive_down();
                self.read_unread();
            }
            Step::ArriveDownUnread => self.arrive_down(),
            Step::AckNow => self.core.ack_now(),
            Step::Cut => self.cut(0),
            Step::CutWithRepeats => self.cut(3),
        }
    }

    /// Delivers everything in flight, without further cuts.
    fn drain(&mut self) {
        loop {
            self.core.ack_now();
            let before = (self.up.len(), self.down.len(), self.core.has_frame());
            while self.core.has_frame() {
                self.step(Step::Write);
            }
            while !self.up.is_empty() {
                self.step(Step::ArriveUp);
            }
            while !self.down.is_empty() {
                self.step(Step::ArriveDown);
            }
            self.read_unread();
            if before == (0, 0, false) {
                break;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Both directions: everything arrives, in order, once, wherever the connection was cut.
    #[test]
    fn nothing_is_lost_repeated_or_reordered(steps in proptest::collection::vec(step(), 0..400)) {
        let mut world = World::open();
        for step in steps {
            world.step(step);
        }
        // The last connection may be broken as well.
        world.cut(0);
        world.drain();
        prop_assert_eq!(&world.server.received, &(0..world.sent).collect::<Vec<_>>());
        prop_assert_eq!(&world.read, &(0..world.incoming).collect::<Vec<_>>());
        prop_assert!(world.server.mailbox.is_empty(), "the server keeps what was read: {:?}", world.server.mailbox);
        prop_assert!(!world.core.has_frame());
    }

    /// The client acknowledges only what the application has read.
    #[test]
    fn an_acknowledgment_is_never_early(steps in proptest::collection::vec(step(), 0..400)) {
        let mut world = World::open();
        for step in steps {
            world.step(step);
            let acknowledged = world.up.iter().map(|frame| frame.ack).max().unwrap_or(0) as usize;
            prop_assert!(acknowledged <= world.read.len());
        }
    }
}
