//! Sessions that send each other messages on schedule.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hdrhistogram::Histogram;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};
use wigwag_client::{Event, Payload, PeerId, Room, Session};

use crate::{duration::unix_ms, failure::Failure, join, target::Target};

/// Connections that are opened at a time.
const OPENING: usize = 16;

/// How long messages that were sent may take to arrive before they count as lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// A timer is late by up to this much: such a message counts from when it was sent.
const TIMER: Duration = Duration::from_millis(2);

pub(super) struct Load {
    pub(super) sessions: usize,
    pub(super) rooms: usize,
    pub(super) rate: u32,
    pub(super) duration: Duration,
    pub(super) size: usize,
}

/// What was measured. Times are in microseconds.
pub(super) struct Outcome {
    pub(super) sent: u64,
    pub(super) received: u64,
    /// From the start of a connection to the welcome and the answer to the join.
    pub(super) connect: Histogram<u64>,
    pub(super) latency: Histogram<u64>,
    /// How late messages were sent.
    pub(super) late: Histogram<u64>,
    /// The first reason for which a message was not sent or delivered.
    pub(super) trouble: Option<String>,
}

impl Outcome {
    pub(super) fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.received)
    }
}

#[derive(Clone)]
struct Peer {
    session: Session,
    room: Room,
}

/// What all tasks add to.
struct Tally {
    began: Instant,
    sent: AtomicU64,
    received: AtomicU64,
    latency: Mutex<Histogram<u64>>,
    late: Mutex<Histogram<u64>>,
    trouble: Mutex<Option<String>>,
}

impl Load {
    pub(super) async fn run(&self, target: &Target, progress: &(dyn Fn(&str) + Sync)) -> Result<Outcome, Failure> {
        let (peers, connect) = self.open(target, progress).await?;
        let tally = Arc::new(Tally {
            began: Instant::now(),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            latency: Mutex::new(histogram()),
            late: Mutex::new(histogram()),
            trouble: Mutex::new(None),
        });
        let mut receivers = JoinSet::new();
        let mut senders = JoinSet::new();
        for (index, peer) in peers.iter().enumerate() {
            receivers.spawn(receive(peer.clone(), Arc::clone(&tally)));
            let next = if index + self.rooms < peers.len() { index + self.rooms } else { index % self.rooms };
            let schedule = Schedule {
                first: self.interval() * u32::try_from(index).unwrap_or(u32::MAX)
                    / u32::try_from(peers.len()).unwrap_or(1),
                interval: self.interval(),
                duration: self.duration,
                size: self.size,
            };
            senders.spawn(schedule.send(peer.clone(), peers[next].session.peer_id(), Arc::clone(&tally)));
        }
        while tally.began.elapsed() < self.duration {
            sleep(Duration::from_secs(1).min(self.duration)).await;
            progress(&tally.progress(self.duration));
        }
        let _ = timeout(PATIENCE, async { while senders.join_next().await.is_some() {} }).await;
        let deadline = Instant::now() + PATIENCE;
        while tally.count().1 < tally.count().0 && Instant::now() < deadline {
            sleep(Duration::from_millis(10)).await;
        }
        senders.abort_all();
        receivers.abort_all();
        let mut closing: JoinSet<()> = JoinSet::new();
        for Peer { session, .. } in peers {
            closing.spawn(async move { session.close().await });
        }
        closing.join_all().await;
        let (sent, received) = tally.count();
        let take = |of: &Mutex<Histogram<u64>>| of.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let trouble = tally.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Outcome { sent, received, connect, latency: take(&tally.latency), late: take(&tally.late), trouble })
    }

    /// Time between two messages of one session.
    fn interval(&self) -> Duration {
        Duration::from_secs(1) * u32::try_from(self.sessions).unwrap_or(u32::MAX) / self.rate
    }

    /// Opens the sessions and joins the rooms, a few at a time.
    async fn open(
        &self,
        target: &Target,
        progress: &(dyn Fn(&str) + Sync),
    ) -> Result<(Vec<Peer>, Histogram<u64>), Failure> {
        let run = format!("bench-{:x}", unix_ms());
        let mut times = histogram();
        let mut peers = Vec::with_capacity(self.sessions);
        while peers.len() < self.sessions {
            let mut opening = JoinSet::new();
            for index in peers.len()..self.sessions.min(peers.len() + OPENING) {
                let (target, room) = (target.clone(), format!("{run}-{}", index % self.rooms));
                opening.spawn(async move {
                    let began = Instant::now();
                    let session = join::connect(&target, "bench").await?;
                    let room = session.join(room).await?;
                    Ok::<_, Failure>((index, Peer { session, room }, began.elapsed()))
                });
            }
            let mut opened = Vec::new();
            while let Some(result) = opening.join_next().await {
                let Ok(result) = result else { continue };
                let (index, peer, took) = result?;
                times.saturating_record(micros(took));
                opened.push((index, peer));
            }
            opened.sort_by_key(|(index, _)| *index);
            peers.extend(opened.into_iter().map(|(_, peer)| peer));
            progress(&format!("{} of {} sessions", peers.len(), self.sessions));
        }
        Ok((peers, times))
    }
}

/// When a session sends.
struct Schedule {
    first: Duration,
    interval: Duration,
    duration: Duration,
    size: usize,
}

impl Schedule {
    async fn send(self, peer: Peer, to: PeerId, tally: Arc<Tally>) {
        let mut due = self.first;
        while due < self.duration {
            sleep_until(tally.began + due).await;
            let now = tally.began.elapsed();
            let late = now.saturating_sub(due);
            record(&tally.late, late);
            let counts_from = if late <= TIMER { now } else { due };
            let text = format!("{:<1$}", counts_from.as_nanos(), self.size);
            tally.sent.fetch_add(1, Ordering::Relaxed);
            if let Err(error) = peer.room.send(&to, Payload::Text(text)).await {
                tally.note(&error.to_string());
                return;
            }
            due += self.interval;
        }
    }
}

async fn receive(peer: Peer, tally: Arc<Tally>) {
    let (mut of_room, mut of_session) = (peer.room.events(), peer.session.events());
    loop {
        let event = tokio::select! {
            event = of_room.next() => event,
            event = of_session.next() => event,
        };
        match event {
            Some(Event::Envelope { payload: Payload::Text(text), .. }) => {
                let now = tally.began.elapsed();
                if let Ok(sent) = text.trim_end().parse() {
                    record(&tally.latency, now.saturating_sub(Duration::from_nanos(sent)));
                    tally.received.fetch_add(1, Ordering::Relaxed);
                }
            }
            Some(Event::Undeliverable { reason, .. }) => tally.note(&format!("UNDELIVERABLE: {reason}")),
            Some(Event::SendFailed { error, .. }) => tally.note(&error.to_string()),
            Some(Event::Left { reason, .. } | Event::Reset { reason, .. }) => tally.note(&reason),
            Some(Event::Closed(_)) | None => return,
            Some(_) => {}
        }
    }
}

impl Tally {
    fn count(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.received.load(Ordering::Relaxed))
    }

    fn progress(&self, of: Duration) -> String {
        let (sent, received) = self.count();
        format!("{} of {} s, {sent} sent, {received} received", self.began.elapsed().as_secs(), of.as_secs())
    }

    /// Keeps the first reason.
    fn note(&self, why: &str) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| why.to_owned());
    }
}

/// Microseconds with three significant digits, up to ten minutes.
fn histogram() -> Histogram<u64> {
    let exact = Histogram::new_with_bounds(1, 600_000_000, 3);
    exact.unwrap_or_else(|_| unreachable!("the bounds are valid"))
}

fn record(histogram: &Mutex<Histogram<u64>>, time: Duration) {
    histogram.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(micros(time));
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
