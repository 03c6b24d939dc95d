//! gRPC streams on one HTTP/2 connection, frame by frame, so that each may read or not.
//!
//! The connection's window is returned for all that is received, that of a stream only while it is read.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::{Buf as _, Bytes, BytesMut};
use prost::Message as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{
        Mutex as AsyncMutex,
        mpsc::{self, error::TrySendError},
    },
};
use wigwag_proto::v1::{ClientFrame, ServerFrame};

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const CANCEL: u32 = 8;

const INITIAL_WINDOW_SIZE: u16 = 4;

/// What a stream that is read may be sent at first.
const WINDOW: u32 = 1 << 20;

/// Calls whose bytes wait to be written, and events of a stream that wait to be taken.
const QUEUE: usize = 4_096;

pub(super) const SIGNAL: &str = "/wigwag.v1.SignalingService/Signal";

/// A connection. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Client {
    shared: Arc<Shared>,
    out: mpsc::Sender<Vec<u8>>,
}

#[derive(Debug)]
struct Shared {
    /// Locked while a stream is opened: identifiers must be sent in their order.
    next_id: AsyncMutex<u32>,
    /// `None` once the connection has ended.
    routes: Mutex<Option<HashMap<u32, Route>>>,
}

#[derive(Debug)]
struct Route {
    events: mpsc::Sender<Event>,
    reads: bool,
}

/// What comes of a stream.
#[derive(Debug)]
pub(super) enum Event {
    /// The head of the response.
    Answered,
    Data(Bytes),
    /// The response is complete, the stream was reset, the connection has ended, or too many events were not taken.
    Ended,
}

/// The events of a stream were not taken.
struct QueueFull;

/// How much of the response a stream takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// All of it.
    All,
    /// As much as fits into the protocol's initial window.
    Once,
    /// Nothing: its window is 0.
    Nothing,
}

/// A stream whose response is read. Dropping it resets the stream.
#[derive(Debug)]
pub(super) struct Stream {
    id: u32,
    client: Client,
    events: mpsc::Receiver<Event>,
    received: BytesMut,
}

impl Client {
    pub(super) async fn connect(addr: SocketAddr) -> io::Result<Self> {
        let socket = TcpStream::connect(addr).await?;
        socket.set_nodelay(true)?;
        let (read, mut write) = socket.into_split();
        // Streams get their windows one by one.
        let setting = [&INITIAL_WINDOW_SIZE.to_be_bytes()[..], &0_u32.to_be_bytes()].concat();
        let window = frame(WINDOW_UPDATE, 0, 0, &(WINDOW * 16).to_be_bytes());
        write.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &setting), &window].concat()).await?;
        let (out, queue) = mpsc::channel(QUEUE);
        let shared = Arc::new(Shared { next_id: AsyncMutex::new(1), routes: Mutex::new(Some(HashMap::new())) });
        tokio::spawn(write_all(write, queue));
        tokio::spawn(receive(read, shared.clone(), out.clone()));
        Ok(Self { shared, out })
    }

    /// Opens a stream and sends frames on it.
    pub(super) async fn open(&self, path: &str, reads: Reads, frames: &[ClientFrame]) -> io::Result<Stream> {
        self.open_with(path, reads, &frames.iter().flat_map(message).collect::<Vec<_>>(), false).await
    }

    /// Opens a stream and sends these bytes of its body; `reset` resets it in the same segment.
    pub(super) async fn open_with(&self, path: &str, reads: Reads, body: &[u8], reset: bool) -> io::Result<Stream> {
        let (events, receiver) = mpsc::channel(QUEUE);
        let mut next_id = self.shared.next_id.lock().await;
        let id = *next_id;
        *next_id += 2;
        match &mut *self.shared.lock() {
            Some(routes) => routes.insert(id, Route { events, reads: reads == Reads::All }),
            None => return Err(io::ErrorKind::ConnectionReset.into()),
        };
        let mut bytes = frame(HEADERS, END_HEADERS, id, &head(path));
        match reads {
            Reads::All => bytes.extend(frame(WINDOW_UPDATE, 0, id, &WINDOW.to_be_bytes())),
            Reads::Once => bytes.extend(frame(WINDOW_UPDATE, 0, id, &65_535_u32.to_be_bytes())),
            Reads::Nothing => {}
        }
        for part in body.chunks(16_384) {
            bytes.extend(frame(DATA, 0, id, part));
        }
        if reset {
            bytes.extend(frame(RST_STREAM, 0, id, &CANCEL.to_be_bytes()));
        }
        self.write(bytes).await?;
        drop(next_id);
        Ok(Stream { id, client: self.clone(), events: receiver, received: BytesMut::new() })
    }

    async fn write(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.out.send(bytes).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Stream {
    /// Sends a frame.
    pub(super) async fn send(&self, sent: &ClientFrame) -> io::Result<()> {
        self.client.write(frame(DATA, 0, self.id, &message(sent))).await
    }

    /// Returns the next frame; `None` once the stream has ended.
    pub(super) async fn next(&mut self) -> Option<ServerFrame> {
        loop {
            if let Some(prefix) = self.received.first_chunk::<5>() {
                let len = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
                if self.received.len() >= 5 + len {
                    self.received.advance(5);
                    return ServerFrame::decode(self.received.split_to(len)).ok();
                }
            }
            match self.event().await {
                Event::Answered => {}
                Event::Data(bytes) => self.received.extend_from_slice(&bytes),
                Event::Ended => return None,
            }
        }
    }

    /// Returns the next event.
    pub(super) async fn event(&mut self) -> Event {
        self.events.recv().await.unwrap_or(Event::Ended)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let open = self.client.shared.lock().as_mut().is_some_and(|routes| routes.remove(&self.id).is_some());
        if open {
            // A full queue is that of a connection that is not written to any more.
            let _ = self.client.out.try_send(frame(RST_STREAM, 0, self.id, &CANCEL.to_be_bytes()));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<u32, Route>>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes an event on. Returns whether the stream is read.
    ///
    /// # Errors
    ///
    /// Fails if the queue of the stream is full: it ends after what is in there, and is to be reset.
    fn pass(&self, id: u32, event: Event) -> Result<bool, QueueFull> {
        let ended = matches!(event, Event::Ended);
        let mut routes = self.lock();
        let Some(routes) = &mut *routes else { return Ok(false) };
        let Some(route) = routes.get(&id) else { return Ok(false) };
        let reads = route.reads;
        let wanted = reads || !matches!(event, Event::Data(_));
        let full = wanted && matches!(route.events.try_send(event), Err(TrySendError::Full(_)));
        if ended || full {
            routes.remove(&id);
        }
        if full && !ended { Err(QueueFull) } else { Ok(reads && !ended) }
    }
}

async fn write_all(mut write: OwnedWriteHalf, mut queue: mpsc::Receiver<Vec<u8>>) {
    while let Some(mut bytes) = queue.recv().await {
        while let Ok(more) = queue.try_recv() {
            bytes.extend(more);
        }
        if write.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn receive(mut read: OwnedReadHalf, shared: Arc<Shared>, out: mpsc::Sender<Vec<u8>>) {
    let mut bytes = BytesMut::with_capacity(64 * 1024);
    'connection: while matches!(read.read_buf(&mut bytes).await, Ok(1..)) {
        let (mut answer, mut taken) = (Vec::new(), 0);
        while let Some(&[l0, l1, l2, kind, flags, s0, s1, s2, s3]) = bytes.first_chunk::<9>() {
            let len = u32::from_be_bytes([0, l0, l1, l2]);
            if bytes.len() < 9 + len as usize {
                break;
            }
            bytes.advance(9);
            let (payload, id) = (bytes.split_to(len as usize).freeze(), u32::from_be_bytes([s0, s1, s2, s3]));
            match kind {
                DATA => {
                    taken += len;
                    match shared.pass(id, Event::Data(payload)) {
                        Ok(true) if len > 0 => answer.extend(frame(WINDOW_UPDATE, 0, id, &len.to_be_bytes())),
                        Ok(_) => {}
                        Err(QueueFull) => {
                            eprintln!("stream {id} is reset: {QUEUE} of its events were not taken");
                            answer.extend(frame(RST_STREAM, 0, id, &CANCEL.to_be_bytes()));
                        }
                    }
                }
                // The first event, for which the queue has space, or trailers, which end the stream.
                HEADERS => _ = shared.pass(id, Event::Answered),
                SETTINGS if flags & ACK == 0 => answer.extend(frame(SETTINGS, ACK, 0, &[])),
                PING if flags & ACK == 0 => answer.extend(frame(PING, ACK, 0, &payload)),
                GOAWAY => break 'connection,
                _ => {}
            }
            if kind == RST_STREAM || (matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0) {
                let _ = shared.pass(id, Event::Ended);
            }
        }
        if taken > 0 {
            answer.extend(frame(WINDOW_UPDATE, 0, 0, &taken.to_be_bytes()));
        }
        if !answer.is_empty() && out.send(answer).await.is_err() {
            break;
        }
    }
    // Dropping the routes ends their streams.
    *shared.lock() = None;
}

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head, &stream.to_be_bytes()[..], payload].concat()
}

/// A header block without a dynamic table (RFC 7541).
pub(super) fn head(path: &str) -> Vec<u8> {
    let literal = |text: &str, block: &mut Vec<u8>| {
        block.push(u8::try_from(text.len()).ok().filter(|len| *len < 127).expect("a short text"));
        block.extend_from_slice(text.as_bytes());
    };
    // POST, http, then :path, :authority, content-type and te.
    let mut block = vec![0x83, 0x86, 0x04];
    literal(path, &mut block);
    block.push(0x01);
    literal("localhost", &mut block);
    block.extend_from_slice(&[0x0f, 0x10]);
    literal("application/grpc", &mut block);
    block.push(0x00);
    literal("te", &mut block);
    literal("trailers", &mut block);
    block
}

/// A gRPC message.
fn message(sent: &ClientFrame) -> Vec<u8> {
    let bytes = sent.encode_to_vec();
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&[0][..], &len.to_be_bytes(), &bytes].concat()
}
