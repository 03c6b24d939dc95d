//! Members that never read: measures their memory cost and their effect on others, and checks that each is disconnected
//! with a reason.
//!
//! Members are in rooms with one sender each, which sends to all of them at a fixed rate until it has been notified of each
//! that its mailbox is full. Meanwhile pairs exchange envelopes and measure round trips, alone and together with the slow
//! members, in several rounds, since single measurements vary.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    runtime,
    sync::{Barrier, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Status, Streaming,
    transport::{Channel, Endpoint},
};
use wigwag_proto::v1::{
    AppData, ClientFrame, Envelope, Hello, Join, ServerFrame, app_data::Content, client_frame::Body as Up,
    envelope::Payload, server_frame::Body as Down, signaling_service_client::SignalingServiceClient,
};

use crate::server::Process;

/// A run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Number of rounds, each with new slow members; at least 1.
    pub rounds: usize,
    /// Members that never read.
    pub members: usize,
    /// Members of one room. They share a TCP connection.
    pub per_room: usize,
    /// Envelopes per second to each.
    pub per_second: u32,
    /// Size of each envelope in bytes.
    pub bytes: usize,
    /// Pairs that measure round trips.
    pub pairs: usize,
    /// Maximum time of sending to the slow members in a round.
    pub flood: Duration,
    /// How long the pairs measure alone in a round. The sessions of the previous round must have expired by then.
    pub calm: Duration,
}

/// Results of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The server's resident memory with the first members connected, before sending.
    pub resident_before: u64,
    /// Its highest resident memory during sending.
    pub resident_peak: u64,
    /// The rounds.
    pub rounds: Vec<Round>,
}

/// Results of one round.
#[derive(Clone, Copy, Debug, Default)]
pub struct Round {
    /// The 99th percentile of a pair's round trip, alone.
    pub calm_p99: Duration,
    /// The same during sending to the slow members.
    pub flood_p99: Duration,
    /// Number of round trips measured during sending.
    pub round_trips: usize,
    /// Duration of sending.
    pub flood: Duration,
    /// Envelopes sent, each to all members of a room.
    pub sent: u64,
    /// Envelopes per second to one room during sending.
    pub per_second: f64,
    /// Members whose sender was notified that their mailbox is full.
    pub notified: usize,
    /// Members that received SLOW_CONSUMER once they read.
    pub named: usize,
    /// Members whose connection was closed without a reason.
    pub closed: usize,
}

impl Outcome {
    /// Returns the median of a value over all rounds.
    #[must_use]
    pub fn median(&self, of: impl Fn(&Round) -> Duration) -> Duration {
        let mut all: Vec<_> = self.rounds.iter().map(of).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    }
}

type Client = SignalingServiceClient<Channel>;

/// A session that is a member of a room.
struct Stream {
    up: mpsc::Sender<ClientFrame>,
    down: Streaming<ServerFrame>,
}

/// Time limit for a member to reach the end of its stream.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// Period over which the senders start, so that they do not send in step.
const START_PERIOD: Duration = Duration::from_secs(1);

/// HTTP/2 flow-control window of a slow member: small, because it does not read.
const SLOW_WINDOW: u32 = 1024;
/// HTTP/2 flow-control window of all others.
const WINDOW: u32 = 64 * 1024;

/// Runs against this server process.
///
/// # Errors
///
/// Fails if the server cannot be reached or has ended.
pub async fn run(server: &Process, options: Options) -> Result<Outcome, Status> {
    let pairs = Pairs::start(server.addr, options.pairs).await?;
    let mut outcome = Outcome { resident_before: 0, resident_peak: 0, rounds: Vec::new() };
    for round in 0..options.rounds {
        pairs.forget();
        sleep(options.calm).await;
        let calm_p99 = pairs.p99();
        let crowd = Crowd::gather(server.addr, round, options).await?;
        if round == 0 {
            outcome.resident_before = server.resident_bytes().map_err(gone)?;
        }
        pairs.forget();
        let (flooded, resident_peak) = crowd.flood(server, options, &pairs).await?;
        outcome.resident_peak = outcome.resident_peak.max(resident_peak);
        outcome.rounds.push(Round { calm_p99, ..flooded });
    }
    Ok(outcome)
}

/// Slow members, and one sender in each of their rooms.
struct Crowd {
    slow: Vec<Stream>,
    senders: Vec<(Stream, String, usize)>,
}

impl Crowd {
    async fn gather(addr: SocketAddr, round: usize, options: Options) -> Result<Self, Status> {
        let (mut slow, mut senders) = (Vec::new(), Vec::new());
        for first in (0..options.members).step_by(options.per_room) {
            let (mut members, room) = (connect(addr, SLOW_WINDOW).await?, format!("slow-{round}-{first}"));
            let in_it = options.per_room.min(options.members - first);
            for _ in 0..in_it {
                slow.push(Stream::open(&mut members, &room, true).await?);
            }
            senders.push((Stream::open(&mut connect(addr, WINDOW).await?, &room, false).await?, room, in_it));
        }
        Ok(Self { slow, senders })
    }

    /// Sends to all members until each is disconnected, then lets them read. Also returns the highest resident memory.
    async fn flood(self, server: &Process, options: Options, pairs: &Pairs) -> Result<(Round, u64), Status> {
        let (sent, notified) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
        let busy = Arc::new(AtomicU64::new(0));
        let mut floods = JoinSet::new();
        let pause = START_PERIOD / u32::try_from(self.senders.len()).unwrap_or(u32::MAX);
        for (place, (stream, room, members)) in (0_u32..).zip(self.senders) {
            let (sent, notified, busy) = (sent.clone(), notified.clone(), busy.clone());
            floods.spawn(async move {
                sleep(pause * place).await;
                let began = Instant::now();
                flood(stream, room, members, options, sent, &notified).await;
                busy.fetch_add(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX), SeqCst);
            });
        }
        let began = Instant::now();
        let mut resident_peak = 0;
        while began.elapsed() < options.flood && notified.load(SeqCst) < options.members {
            sleep(Duration::from_millis(50)).await;
            resident_peak = resident_peak.max(server.resident_bytes().map_err(gone)?);
        }
        let mut round = Round {
            flood: began.elapsed(),
            flood_p99: pairs.p99(),
            round_trips: pairs.count(),
            sent: sent.load(SeqCst),
            per_second: sent.load(SeqCst) as f64 * 1e6 / busy.load(SeqCst).max(1) as f64,
            notified: notified.load(SeqCst),
            ..Round::default()
        };
        floods.abort_all();
        let mut looks = JoinSet::new();
        for stream in self.slow {
            looks.spawn(stream.end());
        }
        while let Some(end) = looks.join_next().await {
            match end.unwrap_or(End::StillThere) {
                End::Named => round.named += 1,
                End::Closed => round.closed += 1,
                End::StillThere => {}
            }
        }
        Ok((round, resident_peak))
    }
}

fn gone(error: std::io::Error) -> Status {
    Status::unavailable(error.to_string())
}

async fn connect(addr: SocketAddr, window: u32) -> Result<Client, Status> {
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .map_err(|error| Status::internal(error.to_string()))?
        .initial_stream_window_size(window)
        .initial_connection_window_size(4 * 1024 * 1024);
    let channel = endpoint.connect().await.map_err(|error| Status::unavailable(error.to_string()))?;
    Ok(SignalingServiceClient::new(channel))
}

fn envelope(room: &str, content: Vec<u8>) -> ClientFrame {
    let payload = Some(Payload::Message(AppData { content: Some(Content::Binary(content)) }));
    let envelope = Envelope { room: room.into(), payload, ..Envelope::default() };
    ClientFrame { body: Some(Up::Envelope(envelope)), ..ClientFrame::default() }
}

/// How the stream of a slow member ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Named,
    Closed,
    StillThere,
}

impl Stream {
    async fn open(client: &mut Client, room: &str, resumable: bool) -> Result<Self, Status> {
        let (up, queue) = mpsc::channel(256);
        let hello = Hello { resumable, ..Hello::default() };
        let join = Join { room: room.into(), ..Join::default() };
        for (seq, body) in [(0, Up::Hello(hello)), (1, Up::Join(join))] {
            let _ = up.try_send(ClientFrame { seq, ack: 0, body: Some(body) });
        }
        let mut down = client.signal(ReceiverStream::new(queue)).await?.into_inner();
        loop {
            match down.message().await?.and_then(|frame| frame.body) {
                Some(Down::Joined(_)) => return Ok(Self { up, down }),
                Some(Down::Error(error)) => return Err(Status::aborted(error.reason)),
                Some(_) => {}
                None => return Err(Status::unavailable("the stream ended")),
            }
        }
    }

    /// Reads to the end of the stream, for the first time.
    async fn end(mut self) -> End {
        let reading = async {
            loop {
                match self.down.message().await {
                    Ok(Some(frame)) => {
                        if let Some(Down::Error(error)) = frame.body
                            && error.reason == "SLOW_CONSUMER"
                        {
                            return End::Named;
                        }
                    }
                    Ok(None) | Err(_) => return End::Closed,
                }
            }
        };
        timeout(READ_TIMEOUT, reading).await.unwrap_or(End::StillThere)
    }
}

/// Sends to the members of a room at a fixed rate until notified of each that its mailbox is full.
async fn flood(
    stream: Stream,
    room: String,
    members: usize,
    options: Options,
    sent: Arc<AtomicU64>,
    notified: &AtomicUsize,
) {
    let Stream { up, mut down } = stream;
    let mut full = HashSet::new();
    let mut ticks = interval(Duration::from_secs(1) / options.per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    while full.len() < members {
        tokio::select! {
            _ = ticks.tick() => {
                if up.send(envelope(&room, vec![0; options.bytes])).await.is_err() {
                    return;
                }
                sent.fetch_add(1, SeqCst);
            }
            frame = down.message() => {
                let Ok(Some(frame)) = frame else { return };
                if let Some(Down::Receipt(receipt)) = frame.body
                    && full.insert(receipt.peer_id)
                {
                    notified.fetch_add(1, SeqCst);
                }
            }
        }
    }
}

/// Pairs that exchange envelopes in a separate thread, so that they wait for the server and not for the senders.
struct Pairs {
    times: Arc<Times>,
    /// Ends the thread when dropped.
    _stop: oneshot::Sender<()>,
}

/// Histogram of round trips, with a bucket for each 20 µs.
struct Times {
    buckets: Vec<AtomicUsize>,
}

const BUCKET_US: u128 = 20;
const BUCKETS: usize = 500_000;

impl Pairs {
    async fn start(addr: SocketAddr, count: usize) -> Result<Self, Status> {
        let times = Arc::new(Times { buckets: (0..BUCKETS).map(|_| AtomicUsize::new(0)).collect() });
        let (stop, stopped) = oneshot::channel::<()>();
        let (started, ready) = oneshot::channel();
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(gone)?;
        let playing = times.clone();
        std::thread::spawn(move || {
            runtime.block_on(async {
                let mut players = JoinSet::new();
                // Fails only if the run has ended, when the result is not needed.
                let _ = started.send(Self::gather(addr, count, &playing, &mut players).await);
                let _ = stopped.await;
            });
        });
        ready.await.map_err(|_| Status::internal("the thread of the pairs has ended"))??;
        Ok(Self { times, _stop: stop })
    }

    async fn gather(
        addr: SocketAddr,
        count: usize,
        times: &Arc<Times>,
        players: &mut JoinSet<()>,
    ) -> Result<(), Status> {
        let ready = Arc::new(Barrier::new(count * 2));
        for pair in 0..count {
            let room = format!("pair-{pair}");
            for serves in [true, false] {
                let stream = Stream::open(&mut connect(addr, WINDOW).await?, &room, false).await?;
                let (times, room, ready) = (times.clone(), room.clone(), ready.clone());
                players.spawn(async move {
                    ready.wait().await;
                    play(stream, &room, serves, &times).await;
                });
            }
        }
        Ok(())
    }

    fn p99(&self) -> Duration {
        let total = self.count();
        let mut seen = 0;
        for (at, bucket) in self.times.buckets.iter().enumerate() {
            seen += bucket.load(SeqCst);
            if seen * 100 >= total * 99 {
                return Duration::from_micros((at as u64 + 1) * BUCKET_US as u64);
            }
        }
        Duration::MAX
    }

    fn count(&self) -> usize {
        self.times.buckets.iter().map(|bucket| bucket.load(SeqCst)).sum()
    }

    fn forget(&self) {
        self.times.buckets.iter().for_each(|bucket| bucket.store(0, SeqCst));
    }
}

/// Runs one side of a pair: the one that serves measures a hundred times a second; the other one echoes.
async fn play(stream: Stream, room: &str, serves: bool, times: &Times) {
    let Stream { up, mut down } = stream;
    let mut ticks = interval(Duration::from_millis(10));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if serves {
            ticks.tick().await;
        }
        let began = Instant::now();
        if serves && up.send(envelope(room, vec![0; 100])).await.is_err() {
            return;
        }
        loop {
            match down.message().await {
                Ok(Some(ServerFrame { body: Some(Down::Envelope(_)), .. })) => break,
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return,
            }
        }
        if serves {
            let at = usize::try_from(began.elapsed().as_micros() / BUCKET_US).unwrap_or(usize::MAX);
            times.buckets[at.min(BUCKETS - 1)].fetch_add(1, SeqCst);
        } else if up.send(envelope(room, vec![0; 100])).await.is_err() {
            return;
        }
    }
}
