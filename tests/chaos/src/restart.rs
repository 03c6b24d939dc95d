//! Stops the server under traffic and restarts it on the same port: every client must get an explicit outcome and rejoin
//! its room in bounded time.
//!
//! The memory backend cannot hand sessions over. So each client must be notified that its session ends (`go_away`, then
//! the end of the stream), and gets a new one from the new process: RESET if it tries to resume, NEW if it does not.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Streaming,
    transport::{Channel, Endpoint},
};
use wigwag_proto::v1::{
    AppData, ClientFrame, Envelope, Hello, Join, ServerFrame, app_data::Content, client_frame::Body as Up,
    envelope::Payload, receipt, server_frame::Body as Down, signaling_service_client::SignalingServiceClient,
};

use crate::{core::Core, server::Process};

/// A run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Sessions.
    pub sessions: usize,
    /// TCP connections they share.
    pub connections: usize,
    /// Members of a room.
    pub per_room: usize,
    /// Milliseconds the server may take to drain.
    pub drain_timeout_ms: u32,
    /// Milliseconds over which it asks sessions to reconnect.
    pub drain_window_ms: u32,
    /// Duration of the traffic before the stop.
    pub before: Duration,
    /// Time limit for clients to rejoin after the new process listens.
    pub deadline: Duration,
}

/// Results of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Exit code of the old process.
    pub exit: Option<i32>,
    /// Time from the signal to the end of the old process.
    pub drained_in: Duration,
    /// Time from then until the new process listened.
    pub down_for: Duration,
    /// Clients that have rejoined their room.
    pub back: usize,
    /// Time from then until the last of them rejoined.
    pub back_in: Duration,
    /// Clients that received `go_away` before their stream ended.
    pub notified: usize,
    /// Outcomes of the clients' welcomes: NEW, or RESET with its reason.
    pub outcomes: BTreeMap<String, usize>,
    /// Envelopes sent until the old process had ended.
    pub sent: u64,
    /// Envelopes received.
    pub received: u64,
    /// Receipts for envelopes that the drain left undelivered.
    pub undeliverable: u64,
}

/// State that the clients share.
#[derive(Default)]
struct Shared {
    /// True from the last join until the stop.
    talking: AtomicBool,
    joined: AtomicUsize,
    notified: AtomicUsize,
    back: AtomicUsize,
    sent: AtomicU64,
    received: AtomicU64,
    undeliverable: AtomicU64,
    // Written once per client.
    outcomes: Mutex<BTreeMap<String, usize>>,
}

type Client = SignalingServiceClient<Channel>;

/// Names of the two processes.
const OLD: &str = "old";
const NEW: &str = "new";

/// Delay before the next attempt to connect.
const RETRY: Duration = Duration::from_millis(100);
/// Interval between two envelopes of one session.
const SEND_INTERVAL: Duration = Duration::from_millis(500);

/// Runs with processes of this binary on this address.
///
/// # Errors
///
/// Fails if a process cannot be started or signaled.
pub async fn run(binary: &Path, listen: SocketAddr, options: Options) -> io::Result<Outcome> {
    let settings = |node: &str| {
        [
            format!("node_name={node}"),
            format!("drain.timeout_ms={}", options.drain_timeout_ms),
            format!("drain.window_ms={}", options.drain_window_ms),
            // All sessions of a run share a few connections.
            "http2.max_concurrent_streams=1024".to_owned(),
        ]
    };
    let mut old = Process::start(binary, listen, &settings(OLD)).await?;
    let addr = old.addr;
    let shared = Arc::new(Shared::default());
    let mut clients = JoinSet::new();
    for connection in 0..options.connections {
        let endpoint = Endpoint::from_shared(format!("http://{addr}")).map_err(io::Error::other)?;
        // Connects on first use, and again after a lost connection.
        let client = SignalingServiceClient::new(endpoint.connect_timeout(Duration::from_secs(1)).connect_lazy());
        for session in (connection..options.sessions).step_by(options.connections) {
            let room = format!("room-{}", session / options.per_room);
            // Half of the clients follow the server's advice; the others try to resume.
            let obeys = (session / options.connections).is_multiple_of(2);
            clients.spawn(live(client.clone(), room, obeys, shared.clone()));
        }
    }
    until(options.deadline, || shared.joined.load(SeqCst) == options.sessions).await;
    shared.talking.store(true, SeqCst);
    sleep(options.before).await;

    let signaled = Instant::now();
    old.terminate().await?;
    let exit = old.ended().await?.code();
    let drained_in = signaled.elapsed();
    shared.talking.store(false, SeqCst);
    let ended = Instant::now();
    let new = Process::start(binary, addr, &settings(NEW)).await?;
    let (down_for, listening) = (ended.elapsed(), Instant::now());
    until(options.deadline, || shared.back.load(SeqCst) == options.sessions).await;
    let back_in = listening.elapsed();
    clients.abort_all();
    drop(new);
    Ok(Outcome {
        exit,
        drained_in,
        down_for,
        back: shared.back.load(SeqCst),
        back_in,
        notified: shared.notified.load(SeqCst),
        outcomes: shared.outcomes.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        sent: shared.sent.load(SeqCst),
        received: shared.received.load(SeqCst),
        undeliverable: shared.undeliverable.load(SeqCst),
    })
}

async fn until(bound: Duration, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() && began.elapsed() < bound {
        sleep(Duration::from_millis(5)).await;
    }
}

/// Runs one client against both processes.
async fn live(mut client: Client, room: String, obeys: bool, shared: Arc<Shared>) {
    let mut core = Core::new(Hello::default());
    loop {
        if let Ok(Some(stream)) = timeout(Duration::from_secs(5), attach(&mut client, &mut core, &shared)).await
            && talk(&mut core, stream, &room, &shared).await
        {
            shared.notified.fetch_add(1, SeqCst);
            if obeys {
                core = Core::new(Hello::default());
            }
        }
        sleep(RETRY).await;
    }
}

struct Stream {
    up: mpsc::Sender<ClientFrame>,
    down: Streaming<ServerFrame>,
    /// Whether it is connected to the new process.
    new: bool,
}

/// Opens a session, or tries to resume the existing one.
async fn attach(client: &mut Client, core: &mut Core, shared: &Shared) -> Option<Stream> {
    let (up, queue) = mpsc::channel(64);
    let _ = up.try_send(ClientFrame { body: Some(Up::Hello(core.hello())), ..ClientFrame::default() });
    let mut down = client.signal(ReceiverStream::new(queue)).await.ok()?.into_inner();
    let first = down.message().await.ok()??;
    let Some(Down::Welcome(welcome)) = first.body else { return None };
    let (new, reason) = (welcome.node == NEW, welcome.reset_reason.clone());
    let outcome = core.welcomed(welcome, first.ack).ok()?;
    if new {
        let name = format!("{outcome:?} {reason}").trim().to_uppercase().replace(' ', "_");
        *shared.outcomes.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }
    Some(Stream { up, down, new })
}

/// Joins and sends until the stream ends. Returns whether `go_away` was received.
async fn talk(core: &mut Core, stream: Stream, room: &str, shared: &Shared) -> bool {
    let Stream { up, mut down, new } = stream;
    core.push(Up::Join(Join { room: room.into(), ..Join::default() }));
    let mut notified = false;
    let mut send_at = Instant::now() + SEND_INTERVAL;
    loop {
        while let Some(frame) = core.next_frame() {
            if up.send(frame).await.is_err() {
                return notified;
            }
        }
        tokio::select! {
            frame = down.message() => {
                let Ok(Some(frame)) = frame else { return notified };
                if core.arrived(&frame).is_err() {
                    return notified;
                }
                match frame.body {
                    Some(Down::Joined(_)) if new => drop(shared.back.fetch_add(1, SeqCst)),
                    Some(Down::Joined(_)) => drop(shared.joined.fetch_add(1, SeqCst)),
                    Some(Down::Envelope(_)) => drop(shared.received.fetch_add(1, SeqCst)),
                    Some(Down::Receipt(receipt)) if receipt.outcome() == receipt::Outcome::Undeliverable => {
                        shared.undeliverable.fetch_add(1, SeqCst);
                    }
                    Some(Down::GoAway(_)) => notified = true,
                    _ => {}
                }
            }
            () = sleep_until(send_at) => {
                send_at = Instant::now() + SEND_INTERVAL;
                core.ack_now();
                if shared.talking.load(SeqCst) {
                    shared.sent.fetch_add(1, SeqCst);
                    let payload = Some(Payload::Message(AppData { content: Some(Content::Text("hello".into())) }));
                    core.push(Up::Envelope(Envelope { room: room.into(), payload, ..Envelope::default() }));
                }
            }
        }
    }
}
