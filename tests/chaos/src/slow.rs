//! Members that never read: what they cost the server, that each is cut by name, and what others feel of it.
//!
//! Members are in rooms with one sender each, which says so many envelopes a second to all of them until it has been told
//! of each that it takes no more. Beside them pairs exchange envelopes all the time and measure how long one takes, first
//! alone and then with the slow ones there.

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
    sync::{Barrier, mpsc},
    task::{JoinHandle, JoinSet},
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
    /// Members that never read.
    pub members: usize,
    /// Members of one room. They share a TCP connection.
    pub per_room: usize,
    /// Envelopes a second towards each.
    pub per_second: u32,
    /// Bytes of each of those.
    pub bytes: usize,
    /// Pairs that measure.
    pub pairs: usize,
    /// How long the slow ones are sent to, at most.
    pub flood: Duration,
    /// How long the pairs measure alone.
    pub calm: Duration,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// The server's resident memory with all members there and nothing sent.
    pub resident_before: u64,
    /// Its highest resident memory while they were sent to.
    pub resident_peak: u64,
    /// The 99th percentile of a pair's round trip, alone.
    pub calm_p99: Duration,
    /// The same while the slow ones were sent to.
    pub flood_p99: Duration,
    /// Round trips measured while the slow ones were sent to.
    pub round_trips: usize,
    /// How long that took.
    pub flood: Duration,
    /// Envelopes sent, each to all members of a room.
    pub sent: u64,
    /// Members of whom their sender was told that they take no more.
    pub told: usize,
    /// Members that found SLOW_CONSUMER as the reason of their end once they looked.
    pub named: usize,
    /// Members whose connection was closed before they looked.
    pub closed: usize,
}

type Client = SignalingServiceClient<Channel>;

/// A live stream that is in a room.
struct Stream {
    up: mpsc::Sender<ClientFrame>,
    down: Streaming<ServerFrame>,
}

/// How long a member looks for the end of its stream.
const LOOK: Duration = Duration::from_secs(20);

/// Runs against this server process.
///
/// # Errors
///
/// When the server cannot be reached, or is gone.
pub async fn run(server: &Process, options: Options) -> Result<Outcome, Status> {
    let pairs = Pairs::start(server.addr, options.pairs).await?;
    sleep(options.calm).await;
    let calm_p99 = pairs.p99();

    let mut slow = Vec::new();
    let mut senders = Vec::new();
    for first in (0..options.members).step_by(options.per_room) {
        let (mut members, room) = (connect(server.addr).await?, format!("slow-{first}"));
        let in_it = options.per_room.min(options.members - first);
        for _ in 0..in_it {
            slow.push(Stream::open(&mut members, &room, true).await?);
        }
        senders.push((Stream::open(&mut connect(server.addr).await?, &room, false).await?, room, in_it));
    }
    let resident_before = server.resident_bytes().map_err(gone)?;
    pairs.forget();

    let (sent, told) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut floods = JoinSet::new();
    for (stream, room, members) in senders {
        floods.spawn(flood(stream, room, members, options, sent.clone(), told.clone()));
    }
    let began = Instant::now();
    let mut resident_peak = resident_before;
    while began.elapsed() < options.flood && told.load(SeqCst) < options.members {
        sleep(Duration::from_millis(50)).await;
        resident_peak = resident_peak.max(server.resident_bytes().map_err(gone)?);
    }
    let flood = began.elapsed();
    let (flood_p99, round_trips) = (pairs.p99(), pairs.count());
    floods.abort_all();

    let mut looks = JoinSet::new();
    for stream in slow {
        looks.spawn(stream.end());
    }
    let (mut named, mut closed) = (0, 0);
    while let Some(end) = looks.join_next().await {
        match end.unwrap_or(End::StillThere) {
            End::Named => named += 1,
            End::Closed => closed += 1,
            End::StillThere => {}
        }
    }
    Ok(Outcome {
        resident_before,
        resident_peak,
        calm_p99,
        flood_p99,
        round_trips,
        flood,
        sent: sent.load(SeqCst),
        told: told.load(SeqCst),
        named,
        closed,
    })
}

fn gone(error: std::io::Error) -> Status {
    Status::unavailable(error.to_string())
}

async fn connect(addr: SocketAddr) -> Result<Client, Status> {
    // Small windows: what a slow member costs is to be the server's mailbox, not this client's memory.
    let endpoint = Endpoint::from_shared(format!("http://{addr}"))
        .map_err(|error| Status::internal(error.to_string()))?
        .initial_stream_window_size(16 * 1024)
        .initial_connection_window_size(4 * 1024 * 1024);
    let channel = endpoint.connect().await.map_err(|error| Status::unavailable(error.to_string()))?;
    Ok(SignalingServiceClient::new(channel))
}

fn envelope(room: &str, content: Vec<u8>) -> ClientFrame {
    let payload = Some(Payload::Message(AppData { content: Some(Content::Binary(content)) }));
    let envelope = Envelope { room: room.into(), payload, ..Envelope::default() };
    ClientFrame { body: Some(Up::Envelope(envelope)), ..ClientFrame::default() }
}

/// How a slow member's stream ended.
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

    /// Reads what is there, after never having read.
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
        timeout(LOOK, reading).await.unwrap_or(End::StillThere)
    }
}

/// Sends to the members of a room at a steady rate, until it has been told of each that it takes no more.
async fn flood(
    stream: Stream,
    room: String,
    members: usize,
    options: Options,
    sent: Arc<AtomicU64>,
    told: Arc<AtomicUsize>,
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
                    told.fetch_add(1, SeqCst);
                }
            }
        }
    }
}

/// Pairs that play ping-pong.
struct Pairs {
    times: Arc<Times>,
    tasks: Vec<JoinHandle<()>>,
}

/// Round trips in microseconds, by how many there were: a bucket for each 20 µs.
struct Times {
    buckets: Vec<AtomicUsize>,
}

const BUCKET_US: u128 = 20;
const BUCKETS: usize = 500_000;

impl Pairs {
    async fn start(addr: SocketAddr, count: usize) -> Result<Self, Status> {
        let times = Arc::new(Times { buckets: (0..BUCKETS).map(|_| AtomicUsize::new(0)).collect() });
        let mut tasks = Vec::new();
        let ready = Arc::new(Barrier::new(count * 2));
        for pair in 0..count {
            let room = format!("pair-{pair}");
            for serves in [true, false] {
                let stream = Stream::open(&mut connect(addr).await?, &room, false).await?;
                let (times, room, ready) = (times.clone(), room.clone(), ready.clone());
                tasks.push(tokio::spawn(async move {
                    ready.wait().await;
                    play(stream, &room, serves, &times).await;
                }));
            }
        }
        Ok(Self { times, tasks })
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

impl Drop for Pairs {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// One side of a pair: the one that serves measures, a hundred times a second; the other returns what it gets.
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
