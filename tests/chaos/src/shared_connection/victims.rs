//! Good streams: pairs that exchange numbered envelopes.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use wigwag_proto::v1::{
    AppData, ClientFrame, Envelope, Hello, Join, Pong, app_data::Content, client_frame::Body as Up, envelope::Payload,
    server_frame::Body as Down,
};

use super::{
    Measured,
    client::{Client, Reads, SIGNAL, Stream},
};

/// An envelope that has not come back after this time is lost.
const LOST: Duration = Duration::from_secs(10);
/// The time between two envelopes of a pair.
const PACE: Duration = Duration::from_millis(100);

/// The pairs of one connection.
pub(super) struct Victims {
    state: Arc<State>,
    asking: JoinSet<()>,
    answering: JoinSet<()>,
}

#[derive(Debug, Default)]
struct State {
    micros: Mutex<Vec<u32>>,
    lost: AtomicUsize,
    stopped: AtomicBool,
}

impl Victims {
    pub(super) async fn start(client: &Client, pairs: usize) -> io::Result<Self> {
        let state = Arc::new(State::default());
        let (mut asking, mut answering) = (JoinSet::new(), JoinSet::new());
        for pair in 0..pairs {
            let room = format!("victims-{pair}");
            let (asks, answers) = (join(client, &room).await?, join(client, &room).await?);
            asking.spawn(ask(asks, room.clone(), state.clone()));
            answering.spawn(answer(answers, room, state.clone()));
        }
        Ok(Self { state, asking, answering })
    }

    pub(super) fn measured(&self) -> Measured {
        let mut micros = self.state.micros.lock().unwrap_or_else(PoisonError::into_inner).clone();
        micros.sort_unstable();
        let p99 = micros.get(micros.len() * 99 / 100).copied().unwrap_or_default();
        Measured {
            round_trips: micros.len(),
            lost: self.state.lost.load(SeqCst),
            p99: Duration::from_micros(p99.into()),
        }
    }

    /// Begins no more round trips.
    pub(super) fn stop(&self) {
        self.state.stopped.store(true, SeqCst);
    }

    /// Lets each pair finish its round trip, and returns what was measured.
    pub(super) async fn finish(mut self) -> Measured {
        // Each round trip has a limit.
        while self.asking.join_next().await.is_some() {}
        self.answering.abort_all();
        self.measured()
    }
}

/// Opens a session and joins a room.
async fn join(client: &Client, room: &str) -> io::Result<Stream> {
    let mut stream = client.open(SIGNAL, Reads::All, &hello_and_join(room)).await?;
    let joined = async {
        while let Some(frame) = stream.next().await {
            if matches!(frame.body, Some(Down::Joined(_))) {
                return true;
            }
        }
        false
    };
    match timeout(LOST, joined).await {
        Ok(true) => Ok(stream),
        _ => Err(io::Error::other("a good stream did not join its room")),
    }
}

pub(super) fn hello_and_join(room: &str) -> [ClientFrame; 2] {
    let join = Join { room: room.into(), ..Join::default() };
    [(0, Up::Hello(Hello::default())), (1, Up::Join(join))].map(|(seq, body)| ClientFrame {
        seq,
        ack: 0,
        body: Some(body),
    })
}

pub(super) fn envelope(room: &str, content: Vec<u8>) -> ClientFrame {
    let payload = Some(Payload::Message(AppData { content: Some(Content::Binary(content)) }));
    let envelope = Envelope { room: room.into(), payload, ..Envelope::default() };
    ClientFrame { body: Some(Up::Envelope(envelope)), ..ClientFrame::default() }
}

/// Sends a number, and waits until it comes back.
async fn ask(mut stream: Stream, room: String, state: Arc<State>) {
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut number = 0_u64;
    while !state.stopped.load(SeqCst) {
        pace.tick().await;
        number += 1;
        let began = Instant::now();
        let sent = stream.send(&envelope(&room, number.to_be_bytes().repeat(16))).await;
        match timeout(LOST, next_number(&mut stream)).await {
            Ok(Some(got)) if sent.is_ok() && got == number => {
                let micros = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
                state.micros.lock().unwrap_or_else(PoisonError::into_inner).push(micros);
            }
            _ => {
                state.lost.fetch_add(1, SeqCst);
                return;
            }
        }
    }
}

/// Sends each number back, in order, until aborted.
async fn answer(mut stream: Stream, room: String, state: Arc<State>) {
    for number in 1_u64.. {
        let got = next_number(&mut stream).await;
        if got != Some(number) || stream.send(&envelope(&room, number.to_be_bytes().repeat(16))).await.is_err() {
            state.lost.fetch_add(1, SeqCst);
            return;
        }
    }
}

/// Returns the number in the next envelope; `None` at the end of the stream.
async fn next_number(stream: &mut Stream) -> Option<u64> {
    loop {
        match stream.next().await?.body {
            Some(Down::Envelope(Envelope {
                payload: Some(Payload::Message(AppData { content: Some(Content::Binary(bytes)) })),
                ..
            })) => {
                return bytes.first_chunk().map(|number| u64::from_be_bytes(*number));
            }
            Some(Down::Ping(_)) => {
                let pong = ClientFrame { body: Some(Up::Pong(Pong::default())), ..ClientFrame::default() };
                stream.send(&pong).await.ok()?;
            }
            _ => {}
        }
    }
}
