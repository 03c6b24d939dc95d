//! The end of a run: brings everything to rest and checks the promises.

use std::collections::BTreeSet;

use wigwag_hub::{
    Reason,
    contract::{
        history::{End, Event, check},
        kit::answer,
    },
    error::DetachReason,
};

use crate::{
    client::{Session, Then},
    run::{Report, World},
    wire::{Fin, Link, ServerEnd},
};

impl World {
    /// Runs until everything is quiet and checks the promises.
    pub fn finish(mut self) -> Report {
        let end = if self.server.log.failures.is_empty() {
            if self.rng.percent(15) { self.drain() } else { self.settle() }
        } else {
            End::Open
        };
        let stats = self.server.backend.stats();
        self.server.log.trace(|| format!("{stats:?}"));
        let mut failures = std::mem::take(&mut self.server.log.failures);
        failures.extend(check(&self.server.log.events, end).iter().map(ToString::to_string));
        let events = std::mem::take(&mut self.server.log.events);
        if failures.is_empty() {
            self.check_nothing_left();
            failures = std::mem::take(&mut self.server.log.failures);
        }
        let trace = self.server.log.trace.take().unwrap_or_default();
        Report { events, failures, resumed: stats.resumed_total, trace }
    }

    /// Reconnects all clients and exchanges frames until nothing changes.
    fn settle(&mut self) -> End {
        self.slow_from = self.clients.len();
        let mut quiet = 0;
        for round in 0.. {
            let before = self.server.log.events.len();
            for at in 0..self.links.len() {
                if self.links[at].fin == Fin::Silent && self.links[at].up.is_empty() {
                    self.server.lose(&mut self.links[at], DetachReason::HeartbeatTimeout);
                }
                for _ in 0..100 {
                    self.server.read(&mut self.links[at], &mut self.rng);
                    self.server.write(&mut self.links[at], usize::MAX);
                }
            }
            // Sessions of clients that never reconnect expire; all others are attached.
            if round == 4 {
                self.server.advance(40_000);
            }
            for client in 0..self.clients.len() {
                for _ in 0..400 {
                    self.client_takes(client);
                }
                self.connect(client);
                if let Some(frame) = self.clients[client].bare_ack() {
                    self.transmit(client, frame);
                }
            }
            // What the server reads in one round, it may write in the next.
            let at_rest = self.server.log.events.len() == before && self.links.iter().all(Link::at_rest);
            quiet = if at_rest { quiet + 1 } else { 0 };
            if round > 6 && quiet > 2 {
                break;
            }
            if round > 200 {
                self.server.log.fail("the run does not become quiet");
                return End::Open;
            }
        }
        for client in &self.clients {
            match &client.session {
                Some(session) if session.waiting() > 0 => {
                    let text = format!("{} has {} requests without an answer", session.peer(), session.waiting());
                    self.server.log.failures.push(text);
                }
                None if !client.gone => self.server.log.failures.push("a client did not reconnect".to_owned()),
                _ => {}
            }
        }
        End::Settled
    }

    /// Drains the node. A client that reads everything has an outcome for everything it sent.
    fn drain(&mut self) -> End {
        self.server.backend.drain(self.server.now);
        self.server.draining = true;
        self.server.observe();
        // A session whose mailbox overflowed with receipts of the drain ends, as it would without a drain.
        for client in &mut self.clients {
            let attached = |s: &Session| answer(|| self.server.backend.find(&s.credentials, s.epoch)).is_ok();
            if !client.session.as_ref().is_some_and(attached) {
                client.end(&mut self.server.log);
                client.link = None;
            }
        }
        for _ in 0..20 {
            for at in 0..self.links.len() {
                self.server.write(&mut self.links[at], usize::MAX);
            }
            for client in 0..self.clients.len() {
                for _ in 0..400 {
                    let Some(at) = self.clients[client].link else { break };
                    let Some(frame) = self.links[at].down.pop_front() else { break };
                    self.server.log.trace(|| format!("client {client} reads link {at}: {frame:?}"));
                    let then = self.clients[client].receive(frame, &mut Vec::new(), &mut self.server.log);
                    if then == Then::Close {
                        self.links[at].abandoned = true;
                        self.clients[client].link = None;
                    }
                }
            }
        }
        for client in &mut self.clients {
            if !client.flushed || !client.resumable {
                client.end(&mut self.server.log);
            }
        }
        // Envelopes that the server never read need no outcome: it stopped reading.
        let accepted: BTreeSet<u64> = self
            .server
            .log
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Accepted { id, .. } | Event::Refused { id } => Some(*id),
                _ => None,
            })
            .collect();
        self.server.log.events.retain(|event| !matches!(event, Event::Sent { id, .. } if !accepted.contains(id)));
        End::Flushed
    }

    /// Ends all sessions and checks that nothing is left.
    fn check_nothing_left(&mut self) {
        for link in &self.links {
            if let ServerEnd::Attached(attachment) = &link.server {
                answer(|| attachment.close(self.server.now, Reason::Left)).expect("it ends");
            }
        }
        for _ in 0..4 {
            self.server.advance(4_000_000);
        }
        let stats = self.server.backend.stats();
        if (stats.sessions, stats.rooms, stats.timers) != (0, 0, 0) {
            self.server.log.fail(format!("not empty at the end: {stats:?}"));
        }
    }
}

impl Link {
    fn at_rest(&self) -> bool {
        self.up.is_empty() && self.down.is_empty()
    }
}
