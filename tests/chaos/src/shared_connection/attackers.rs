//! Bad streams. Each is opened again when it has ended.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::client::{Client, Event, HEADERS, PREFACE, Reads, SETTINGS, SIGNAL, Stream, frame, head};
use super::victims::{envelope, hello_and_join};

/// What a bad stream does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is a member of a room with traffic and never reads.
    NeverReads,
    /// It is reset as soon as it is answered, one in four in the segment that opens it.
    Resets,
    /// Its window is 0 from the beginning.
    ZeroWindow,
    /// A call whose message is announced and never complete, most of a window of it.
    Unfinished,
    /// Half of its header block was sent. This holds up a whole connection, so it has a separate one.
    HalfHeaders,
    /// Its handler panics. This path must belong to a handler that does, which no server has in production.
    Panics(&'static str),
}

impl Kind {
    /// The kinds that any server knows.
    pub const ALL: [Self; 5] = [Self::NeverReads, Self::Resets, Self::ZeroWindow, Self::Unfinished, Self::HalfHeaders];
}

/// The number of bad streams that were opened, and of those that the server ended.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts(Arc<(AtomicU64, AtomicU64)>);

impl Counts {
    pub(super) fn get(&self) -> (u64, u64) {
        (self.0.0.load(SeqCst), self.0.1.load(SeqCst))
    }

    fn opened(&self) {
        self.0.0.fetch_add(1, SeqCst);
    }

    fn ended(&self) {
        self.0.1.fetch_add(1, SeqCst);
    }
}

/// The pause before a stream is opened again, and between the messages to one that never reads.
const PAUSE: Duration = Duration::from_secs(1);
/// Members of a room that never read.
const ROOM: usize = 10;
/// Envelopes per second to each of them, and their size.
const PER_SECOND: u32 = 20;
const SIZE: usize = 1_000;

const CREATE_ROOM: &str = "/wigwag.v1.RoomService/CreateRoom";

/// Opens bad streams until the connection has ended.
pub(super) async fn attack(kind: Kind, number: usize, addr: SocketAddr, client: Client, counts: Counts) {
    // Not all at once, for the limits of resets have time in them.
    sleep(Duration::from_millis(u64::try_from(number % 100).unwrap_or(0) * 10)).await;
    while once(kind, number, addr, &client, &counts).await.is_ok() {
        sleep(PAUSE).await;
    }
}

async fn once(kind: Kind, number: usize, addr: SocketAddr, client: &Client, counts: &Counts) -> io::Result<()> {
    counts.opened();
    let room = format!("attackers-{}", number / ROOM);
    match kind {
        Kind::NeverReads if number.is_multiple_of(ROOM) => return feed(&room, client).await,
        Kind::NeverReads => until_ended(client.open(SIGNAL, Reads::Once, &hello_and_join(&room)).await?).await,
        Kind::ZeroWindow => until_ended(client.open(SIGNAL, Reads::Nothing, &hello_and_join(&room)).await?).await,
        Kind::Resets => {
            let early = number.is_multiple_of(4);
            let mut stream = client.open_with(SIGNAL, Reads::All, &[], early).await?;
            if !early {
                let _ = timeout(PAUSE, stream.event()).await;
            }
            return Ok(());
        }
        Kind::Unfinished => {
            let mut body = vec![0, 0, 0, 0xff, 0xff];
            body.resize(50_000, 0);
            until_ended(client.open_with(CREATE_ROOM, Reads::All, &body, false).await?).await;
        }
        Kind::Panics(path) => until_ended(client.open_with(path, Reads::All, &[], false).await?).await,
        Kind::HalfHeaders => half_headers(addr).await?,
    }
    counts.ended();
    Ok(())
}

async fn until_ended(mut stream: Stream) {
    while !matches!(stream.event().await, Event::Ended) {}
}

/// Sends to a room of members that never read.
async fn feed(room: &str, client: &Client) -> io::Result<()> {
    let mut stream = client.open(SIGNAL, Reads::All, &hello_and_join(room)).await?;
    let sending = async {
        loop {
            sleep(PAUSE / PER_SECOND).await;
            // Nothing is sent any more once the connection has ended.
            if timeout(Duration::from_millis(1), stream.event()).await.is_ok_and(|event| matches!(event, Event::Ended))
            {
                return;
            }
            if stream.send(&envelope(room, vec![0; SIZE])).await.is_err() {
                return;
            }
        }
    };
    sending.await;
    Ok(())
}

/// Begins a request on a separate connection, and waits until the server has closed it.
async fn half_headers(addr: SocketAddr) -> io::Result<()> {
    let mut socket = TcpStream::connect(addr).await?;
    let block = head(SIGNAL);
    let half = frame(HEADERS, 0, 1, &block[..block.len() / 2]);
    socket.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), &half].concat()).await?;
    let mut bytes = [0; 1_024];
    // A reset is an end too.
    while matches!(socket.read(&mut bytes).await, Ok(1..)) {}
    Ok(())
}
